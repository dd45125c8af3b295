import Core
import Engine

/// `mydocker __remove-everything`: before the program itself is removed, as nobody else could do it then.
package struct RemoveEverythingCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "__remove-everything", group: .other, operands: "", summary: "Remove all containers and networks",
            operandCount: 0...0)
    }
    package static var flags: [Flag<RemoveEverythingCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try context.engine.removeEverything()
        return 0
    }
}
