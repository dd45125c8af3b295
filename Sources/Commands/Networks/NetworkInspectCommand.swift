import Core
import Engine
import Forms

/// `mydocker network inspect`
package struct NetworkInspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network inspect", group: .networks, operands: "NETWORK [NETWORK...]",
            summary: "Show everything about networks", operandCount: 1...Int.max)
    }

    var format: String?

    package init() {}

    package static var flags: [Flag<NetworkInspectCommand>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            },
            .toggle("verbose", short: "v", "Show all there is (always done)") { _, _ in },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        return try Inspection(format: format).run(operands, &context) { name throws(OperationError) in
            try engine.inspectNetwork(name).inspected
        }
    }
}
