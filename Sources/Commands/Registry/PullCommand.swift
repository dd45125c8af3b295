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
    var allTags = false
    var maximumSize: Int64?

    package init() {}

    package static var flags: [Flag<PullCommand>] {
        [
            .toggle("quiet", short: "q", "Print nothing but the image's name") { $0.quiet = $1 },
            .toggle("all-tags", short: "a", "All tags that the registry has of the name") { $0.allTags = $1 },
            .value("max-size", "BYTES", "Refuse an image that is larger unpacked") {
                command, text throws(OperationError) in
                command.maximumSize = try LimitValue.imageSize(text)
            },
            .value("platform", "OS/ARCHITECTURE", "The image for that platform instead of this host's") {
                command, text throws(OperationError) in
                command.platform = SimpleValue.given(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if allTags { return try runForAllTags(operands[0], &context) }
        let isQuiet = quiet || context.isJSON
        let reference = try Reference(operands[0])
        if !isQuiet, reference.digest == nil, reference.description != operands[0], !operands[0].hasSuffix(":latest"),
            reference.tag == Reference.defaultTag
        {
            context.output.line("Using default tag: \(Reference.defaultTag)")
            context.flush()
        }
        let board = TransferBoard(sayingTo: .output, isQuiet: isQuiet)
        let pulled = try context.engine(telling: board).pullImage(
            operands[0], platform: platform, maximumSize: maximumSize)
        context.isReceipt = true
        context.answer = pulled.answer
        if !isQuiet {
            context.output.line("Digest: \(pulled.digest)")
            context.output.line(pulled.status)
        }
        context.output.line(pulled.reference.canonical)
        return 0
    }

    private func runForAllTags(_ name: String, _ context: inout CommandContext) throws(OperationError) -> Int32 {
        let isQuiet = quiet || context.isJSON
        let board = TransferBoard(sayingTo: .output, isQuiet: isQuiet)
        let pulled = try context.engine(telling: board).pullAllTags(name, platform: platform, maximumSize: maximumSize)
        context.isReceipt = true
        context.answer = .array(pulled.map(\.answer))
        let reference = try Reference(name)
        if !isQuiet {
            let state = pulled.contains(where: \.isNew) ? "Downloaded newer image" : "Image is up to date"
            context.output.line("Status: \(state) for \(reference.name)")
        }
        context.output.line("\(reference.registry)/\(reference.repository)")
        return 0
    }
}

extension PullOutcome {
    fileprivate var answer: JSON {
        [
            "name": .string(reference.canonical), "id": .string(id), "digest": .string(digest), "new": .bool(isNew),
        ]
    }
}
