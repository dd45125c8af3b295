import Core
import Engine
import Linux

/// `mydocker wait`: prints the exit codes of containers, each when it has ended, or waits for something else.
package struct WaitCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "wait", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary:
                "Wait until containers end, and print their exit codes; or until they are ready, and print their names",
            operandCount: 1...Int.max)
    }

    var condition: ReadyCondition?
    /// Milliseconds for all of them; nil waits for ever.
    var patience: Int64?

    package init() {}

    package static var flags: [Flag<WaitCommand>] {
        [
            .value(
                "for", also: ["condition"], "CONDITION",
                "running, healthy, exited, tcp:PORT or log:TEXT; exit code 124 when it is late, 1 when it ends before"
            ) { command, text throws(OperationError) in
                command.condition = try SimpleValue.given(text, ReadyCondition.init(parsing:))
            },
            .value(
                "ready-timeout", also: ["timeout"], "TIME", "How long to wait: seconds, or 1m30s (default for ever)"
            ) { command, text throws(OperationError) in
                command.patience = try SimpleValue.given(text, TimeValue.patience)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let deadline = patience.map { Deadline(milliseconds: $0) }
        guard let condition = condition ?? (deadline == nil ? nil : .exited) else {
            return context.printEach(operands, answer: { [("exitCode", .optional(Int64($0[0])))] }) {
                name throws(OperationError) in
                [String(try engine.wait(name))]
            }
        }
        var wasLate = false
        let status = context.printEach(operands) { name throws(OperationError) in
            do throws(OperationError) {
                return [try engine.wait(name, until: condition, deadline).map { String($0) } ?? name]
            } catch {
                wasLate = wasLate || error.exitCode == 124
                throw error
            }
        }
        return wasLate ? 124 : status
    }
}
