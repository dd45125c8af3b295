import Core

/// `container inspect` and the like: everything about things of one kind, and of nothing else of that name.
package protocol KindInspectCommand: Command {
    static var kind: Inspection.Kind { get }
    var format: String? { get set }
}

extension KindInspectCommand {
    package static var flags: [Flag<Self>] { formatFlags }

    package static var formatFlags: [Flag<Self>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try Inspection(format: format).run(operands, of: [Self.kind], &context)
    }
}
