import Core
import Engine

/// `mydocker network doctor`
package struct NetworkDoctorCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network doctor", group: .networks, operands: "[NETWORK... | --adopt [DIRECTORY]]",
            summary: "Say why networks do not work: exit code 0 when nothing is found, 3 when something is",
            operandCount: 0...Int.max)
    }

    var repairs = false
    var adopts = false

    package init() {}

    package static var flags: [Flag<NetworkDoctorCommand>] {
        [
            .toggle(
                "adopt",
                "Take over the networks of the Go programs of this name, from the directory that has their files"
            ) {
                $0.adopts = $1
            },
            .toggle("repair", "Put right what is mydocker's, and look again; nothing of others is changed") {
                $0.repairs = $1
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if adopts { return try adopt(operands, &context) }
        let engine = context.engine
        let report = try repairs ? engine.repairNetworks(operands) : engine.diagnoseNetworks(operands)
        for failure in report.failures { context.report(failure) }
        context.output.write(Self.text(report))
        context.answer = Self.json(report, repairs: repairs)
        if !report.findings.isEmpty { return 3 }
        return report.failures.isEmpty ? 0 : 1
    }

    private func adopt(_ operands: [String], _ context: inout CommandContext) throws(OperationError) -> Int32 {
        guard !repairs, operands.count < 2 else {
            throw OperationError(
                "--adopt goes with one directory at most, and without --repair", kind: .invalid
            ).exiting(with: 125)
        }
        let adopted = try context.engine.adoptGoNetworks(operands.first)
        for network in adopted {
            let what = network.wasThere ? "was adopted before" : "adopted"
            context.output.line(
                "\(network.network.name) \(network.network.gateways.first?.description ?? "-"): \(what), \(network.removedRules.count) rules removed, "
                    + "\(network.freedAddresses.count) addresses freed")
        }
        context.answer = .array(
            adopted.map { network in
                [
                    "name": .string(network.network.name.text), "id": .string(network.network.id.hex),
                    "gateway": .string(network.network.gateways.first?.description ?? ""),
                    "wasThere": .bool(network.wasThere),
                    "removedRules": .strings(network.removedRules),
                    "freedAddresses": .strings(network.freedAddresses.map { "\($0)" }),
                ]
            })
        return 0
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
