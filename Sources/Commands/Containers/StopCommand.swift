import Core
import Engine

/// `mydocker stop`: asks containers to end, and kills those that do not.
package struct StopCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "stop", group: .containers, operands: "CONTAINER [CONTAINER...]", summary: "Stop containers",
            operandCount: 1...Int.max)
    }

    /// Nil: what the container was made with.
    var timeout: Int64?
    var signal: Int32?

    package init() {}

    package static var flags: [Flag<StopCommand>] {
        [
            .value(
                "timeout", short: "t", also: ["time"], "SECONDS",
                "Time to stop in before it is killed; -1 waits for ever"
            ) {
                command, text throws(OperationError) in
                command.timeout = try SimpleValue.timeout(text)
            },
            .value("signal", short: "s", "SIGNAL", "Signal that asks the container to stop") {
                command, text throws(OperationError) in
                command.signal = try SimpleValue.given(text, SimpleValue.signal)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        // All of them are asked before the first one is waited for: it takes as long as the slowest one.
        var stops = operands.map { name in
            Result { () throws(OperationError) in try engine.beginStop(name, timeout: timeout, signal: signal) }
        }[...]
        return context.forEach(operands) { _ throws(OperationError) in try stops.popFirst()?.get().finish() }
    }
}
