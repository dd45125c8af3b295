import Core
import Engine

/// `mydocker unpause`: lets paused containers go on.
package struct UnpauseCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "unpause", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Let paused containers go on", operandCount: 1...Int.max)
    }
    package static var flags: [Flag<UnpauseCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return context.forEach(operands) { name throws(OperationError) in try engine.unpause(name) }
    }
}
