import Core
import Engine

/// `mydocker pause`: holds all processes of containers still.
package struct PauseCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "pause", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Hold all processes of containers still", operandCount: 1...Int.max)
    }
    package static var flags: [Flag<PauseCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return context.forEach(operands) { name throws(OperationError) in try engine.pause(name) }
    }
}
