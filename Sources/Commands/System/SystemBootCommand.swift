import Core
import Engine

/// `mydocker system boot`: what the unit of systemd runs.
package struct SystemBootCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "system boot", group: .other, operands: "",
            summary: "After a boot, start the containers with --restart always or unless-stopped", operandCount: 0...0)
    }
    package static var flags: [Flag<SystemBootCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let report = try context.engine.bootSystem()
        for name in report.started { context.output.line(name) }
        context.answer = .array(report.started.map { ["name": .string($0)] })
        for failure in report.failures { context.report(failure) }
        return report.failures.isEmpty ? 0 : 1
    }
}
