import Core
import Engine

/// `mydocker image diff`: what one image has that another one has not.
package struct ImageDiffCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "image diff", group: .images, operands: "IMAGE IMAGE",
            summary: "Show files that the second image has added (A), changed (C) and deleted (D)", operandCount: 2...2)
    }
    package static var flags: [Flag<ImageDiffCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        context.show(try context.engine.differences(from: operands[0], to: operands[1]))
        return 0
    }
}
