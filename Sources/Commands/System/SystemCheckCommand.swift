import Core
import Engine

/// `mydocker system check`
package struct SystemCheckCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "system check", group: .other, operands: "",
            summary: "Look for anything left behind: exit code 0 when clean, 3 when not", operandCount: 0...0)
    }

    var repair = false

    package init() {}

    package static var flags: [Flag<SystemCheckCommand>] {
        [
            .toggle("repair", "Put right what is found, and look again") { $0.repair = $1 }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let report = try repair ? engine.repairSystem() : engine.checkSystem()
        context.warn(report.failures)
        context.output.write(Self.text(report))
        context.answer = Self.json(report, repair: repair)
        return report.findings.isEmpty ? 0 : 3
    }

    static func text(_ report: SystemReport) -> String {
        let lines = report.repaired.map { ($0, " (repaired)") } + report.findings.map { ($0, "") }
        return lines.map { finding, note in
            // File names may hold anything.
            TerminalText.escaped("\(finding.leakClass.rawValue) \(finding.what): \(finding.why)") + "\(note)\n"
        }.joined()
    }

    static func json(_ report: SystemReport, repair: Bool) -> JSON {
        var members: [(key: String, value: JSON)] = [
            ("clean", .bool(report.findings.isEmpty)), ("classes", counts(report.findings)),
            ("findings", .array(report.findings.map(json))),
        ]
        if repair { members.append(("repaired", .array(report.repaired.map(json)))) }
        return .object(members)
    }

    /// Every class, also with 0: a script need not ask whether it is there.
    private static func counts(_ findings: [SystemFinding]) -> JSON {
        .object(
            LeakClass.allCases.map { leakClass in
                (leakClass.rawValue, .number(findings.count { $0.leakClass == leakClass }))
            })
    }

    private static func json(_ finding: SystemFinding) -> JSON {
        ["class": .string(finding.leakClass.rawValue), "what": .string(finding.what), "why": .string(finding.why)]
    }
}
