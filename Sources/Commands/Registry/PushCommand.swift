import Core
import Engine

/// `mydocker push`: brings an image to a registry.
package struct PushCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "push", group: .images, operands: "NAME[:TAG]", summary: "Bring an image to a registry",
            operandCount: 1...1)
    }

    var quiet = false
    var allTags = false

    package init() {}

    package static var flags: [Flag<PushCommand>] {
        [
            .toggle("quiet", short: "q", "Print nothing but the image's name") { $0.quiet = $1 },
            .toggle("all-tags", short: "a", "All tags that the name has here") { $0.allTags = $1 },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let isQuiet = quiet || context.isJSON
        let board = TransferBoard(sayingTo: .output, isQuiet: isQuiet)
        let pushed = try context.engine(telling: board).pushImage(operands[0], allTags: allTags)
        context.isReceipt = true
        context.answer = .array(
            pushed.map { ["name": .string($0.name), "digest": .string($0.digest), "size": .int($0.size)] })
        if quiet { for image in pushed { context.output.line(image.name) } }
        return 0
    }
}
