import Core

/// `mydocker container inspect`: everything about containers, and of nothing else of that name.
package struct ContainerInspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "container inspect", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Show everything about containers", operandCount: 1...Int.max)
    }

    var format: String?

    package init() {}

    package static var flags: [Flag<ContainerInspectCommand>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try Inspection(format: format).run(operands, of: [.container], &context)
    }
}
