import Core
import Engine

/// `mydocker pull`: brings an image from a registry.
package struct PullCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "pull", group: .images, operands: "NAME[:TAG|@DIGEST]", summary: "Bring an image from a registry",
            operandCount: 1...1)
    }

    var quiet = false
    var platform: String?

    package init() {}

    package static var flags: [Flag<PullCommand>] {
        [
            .toggle("quiet", short: "q", "Print nothing but the image's name") { $0.quiet = $1 },
            .value("platform", "OS/ARCHITECTURE", "The image for that platform instead of this host's") {
                command, text throws(OperationError) in
                command.platform = SimpleValue.given(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let isQuiet = quiet || context.isJSON
        let reference = try Reference(operands[0])
        if !isQuiet, reference.digest == nil, reference.description != operands[0], !operands[0].hasSuffix(":latest"),
            reference.tag == Reference.defaultTag
        {
            context.output.line("Using default tag: \(Reference.defaultTag)")
            context.flush()
        }
        let board = TransferBoard(sayingTo: .output, isQuiet: isQuiet)
        let pulled = try context.engine(telling: board).pullImage(operands[0], platform: platform)
        context.isReceipt = true
        context.answer = [
            "name": .string(pulled.reference.canonical), "id": .string(pulled.id), "digest": .string(pulled.digest),
            "new": .bool(pulled.isNew),
        ]
        if !isQuiet {
            context.output.line("Digest: \(pulled.digest)")
            context.output.line(pulled.status)
        }
        context.output.line(pulled.reference.canonical)
        return 0
    }
}
