import Core
import Engine

/// `mydocker restart`: containers end and begin again.
package struct RestartCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "restart", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Stop containers and start them again", operandCount: 1...Int.max)
    }

    var stop = StopCommand()

    package init() {}

    package static var flags: [Flag<RestartCommand>] { StopCommand.flags.map { $0.lifted(to: \.stop) } }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return context.forEach(operands) { [stop] name throws(OperationError) in
            try engine.restart(name, timeout: stop.timeout, signal: stop.signal)
        }
    }
}
