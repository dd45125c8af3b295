import Core

/// `mydocker image inspect`: everything about images, and of nothing else of that name.
package struct ImageInspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "image inspect", group: .images, operands: "IMAGE [IMAGE...]",
            summary: "Show everything about images", operandCount: 1...Int.max)
    }

    var format: String?

    package init() {}

    package static var flags: [Flag<ImageInspectCommand>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try Inspection(format: format).run(operands, of: [.image], &context)
    }
}
