import Core
import Engine

/// `mydocker rename`: gives a container another name.
package struct RenameCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "rename", group: .containers, operands: "CONTAINER NEW_NAME", summary: "Rename a container",
            operandCount: 2...2)
    }
    package static var flags: [Flag<RenameCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try context.engine.rename(operands[0], to: operands[1])
        context.answer = ["name": .string(operands[1])]
        return 0
    }
}
