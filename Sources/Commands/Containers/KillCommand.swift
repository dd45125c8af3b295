import Core
import Engine

/// `mydocker kill`: sends a signal to running containers.
package struct KillCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "kill", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Kill running containers, or send them another signal", operandCount: 1...Int.max)
    }

    /// SIGKILL
    private static let usual: Int32 = 9

    var signal = usual

    package init() {}

    package static var flags: [Flag<KillCommand>] {
        [
            .value("signal", short: "s", "SIGNAL", "Signal to send (default KILL)") {
                command, text throws(OperationError) in
                command.signal = try SimpleValue.given(text, SimpleValue.signal) ?? Self.usual
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return context.forEach(operands) { name throws(OperationError) in
            try engine.kill(name, signal: signal)
        }
    }
}
