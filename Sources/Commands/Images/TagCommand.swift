import Core
import Engine

/// `mydocker tag`: gives an image another name.
package struct TagCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "tag", group: .images, operands: "IMAGE NEW-NAME", summary: "Give an image another name",
            operandCount: 2...2)
    }
    package static var flags: [Flag<TagCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try context.engine.tagImage(operands[0], as: operands[1])
        context.answer = ["name": .string(operands[1])]
        return 0
    }
}
