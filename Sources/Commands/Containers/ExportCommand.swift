import Core
import Engine

/// `mydocker export`: writes a container's files as a tar archive.
package struct ExportCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "export", group: .containers, operands: "CONTAINER",
            summary: "Write a container's files as a tar archive", operandCount: 1...1)
    }

    var path: String?

    package init() {}

    package static var flags: [Flag<ExportCommand>] {
        [
            .value("output", short: "o", "FILE", "Write to a file instead of standard output") {
                command, text throws(OperationError) in
                command.path = text.isEmpty ? nil : text
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        try context.engine.export(operands[0], to: path)
        return 0
    }
}
