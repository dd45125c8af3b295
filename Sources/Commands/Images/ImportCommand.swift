import Core
import Engine
import Linux

/// `mydocker import`: makes an image of a root file system in a tar file.
package struct ImportCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "import", group: .images, operands: "FILE|- [IMAGE]",
            summary: "Make an image of a tar file, or of one from standard input", operandCount: 1...2)
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
        let name = operands.count > 1 ? operands[1] : nil
        try Self.refuseAddress(operands[0], name)
        let engine = context.engine
        let id = try Progress.shown("import \(operands[0])") { () throws(OperationError) in
            try engine.importImage(
                path: operands[0], as: name, changes: changes, message: message, maximumSize: maximumSize)
        }
        context.answer(id: id, fate: "image \(id) is there", undo: "rmi \(id)")
        return 0
    }

    private static func refuseAddress(_ source: String, _ name: String?) throws(OperationError) {
        guard ["http://", "https://"].contains(where: { source.lowercased().hasPrefix($0) }) else { return }
        let words = ["curl -L \(source) | \(Program.current.name) import -", name].compactMap { $0 }
        throw OperationError(
            "import", source, reason: "addresses are not downloaded", remedy: words.joined(separator: " "),
            kind: .unsupported)
    }
}
