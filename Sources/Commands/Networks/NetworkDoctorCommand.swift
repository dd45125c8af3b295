import Core
import Engine

/// `mydocker network doctor`
package struct NetworkDoctorCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network doctor", group: .networks, operands: "[NETWORK...]",
            summary: "Say why networks do not work: exit code 0 when nothing is found, 3 when not",
            operandCount: 0...Int.max)
    }

    var repairs = false

    package init() {}

    package static var flags: [Flag<NetworkDoctorCommand>] {
        [
            .toggle("repair", "Put right what is mydocker's, and look again; nothing of others is changed") {
                $0.repairs = $1
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let report = try repairs ? engine.repairNetworks(operands) : engine.diagnoseNetworks(operands)
        for failure in report.failures { context.report(failure) }
        context.output.write(Self.text(report))
        context.answer = Self.json(report, repairs: repairs)
        if !report.findings.isEmpty { return 3 }
        return report.failures.isEmpty ? 0 : 1
    }

    static func text(_ report: NetworkReport) -> String {
        if report.findings.isEmpty, report.repaired.isEmpty { return "" }
        var table = TextTable()
        table.add(["NETWORK", "CLASS", "FINDING"])
        for finding in report.repaired { table.add(cells(finding) + [sentence(finding) + " (repaired)"]) }
        for finding in report.findings { table.add(cells(finding) + ["\(sentence(finding)); \(finding.remedy)"]) }
        return table.text
    }

    private static func cells(_ finding: NetworkFinding) -> [String] { [finding.network?.text ?? "-", finding.kind] }
    private static func sentence(_ finding: NetworkFinding) -> String {
        finding.isRepairable ? "\(finding.what): \(finding.why)" : "\(finding.what) \(finding.why)"
    }

    static func json(_ report: NetworkReport, repairs: Bool) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("clean", .bool(report.findings.isEmpty)), ("findings", .array(report.findings.map(json))),
        ]
        if repairs { members.append(("repaired", .array(report.repaired.map(json)))) }
        return .object(members)
    }

    private static func json(_ finding: NetworkFinding) -> JSON {
        [
            "network": .optional(finding.network?.text), "class": .string(finding.kind), "what": .string(finding.what),
            "why": .string(finding.why), "remedy": .string(finding.remedy), "repairable": .bool(finding.isRepairable),
        ]
    }
}
