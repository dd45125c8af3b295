import Core
import Engine
import Linux

/// `mydocker import`: makes an image of a root file system in a tar file.
package struct ImportCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "import", group: .images, operands: "FILE|- IMAGE",
            summary: "Make an image of a tar file, or of one from standard input", operandCount: 2...2)
    }

    var changes: [String] = []
    var message: String?
    var maximumSize: Int64?

    package init() {}

    package static var flags: [Flag<ImportCommand>] {
        [
            .value("change", short: "c", "INSTRUCTION", "Apply a Dockerfile instruction, such as 'CMD [\"sh\"]'") {
                command, text throws(OperationError) in
                command.changes.append(try SimpleValue.nonEmpty(text))
            },
            .value("max-size", "BYTES", "Refuse an archive that is larger unpacked") {
                command, text throws(OperationError) in
                command.maximumSize = try LimitValue.imageSize(text)
            },
            .value("message", short: "m", "TEXT", "Where the image is from") { command, text throws(OperationError) in
                command.message = text
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let id = try Progress.shown("import \(operands[0])") { () throws(OperationError) in
            try engine.importImage(
                path: operands[0], as: operands[1], changes: changes, message: message, maximumSize: maximumSize)
        }
        context.answer(id: id)
        return 0
    }
}
