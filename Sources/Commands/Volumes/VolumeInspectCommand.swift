import Core
import Engine
import Forms

/// `mydocker volume inspect`
package struct VolumeInspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "volume inspect", group: .volumes, operands: "VOLUME [VOLUME...]",
            summary: "Show everything about volumes", operandCount: 1...Int.max)
    }

    var format: String?

    package init() {}

    package static var flags: [Flag<VolumeInspectCommand>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return try Inspection(format: format).run(operands, &context) { name throws(OperationError) in
            try engine.inspectVolume(name).inspected
        }
    }
}
