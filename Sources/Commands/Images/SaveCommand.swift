import Core
import Engine
import Linux

/// `mydocker save`: writes images as an archive.
package struct SaveCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "save", group: .images, operands: "IMAGE...",
            summary: "Write images as a tar archive that docker, podman and skopeo read", operandCount: 1...Int.max)
    }

    var path: String?
    var form = SavedForm.docker

    package init() {}

    package static var flags: [Flag<SaveCommand>] {
        [
            .value("output", short: "o", "FILE", "Write to a file instead of standard output") {
                command, text throws(OperationError) in
                command.path = text.isEmpty ? nil : text
            },
            .value("format", "FORM", "docker-archive (the default) or oci-archive") {
                command, text throws(OperationError) in
                guard let form = SavedForm(rawValue: text) else {
                    throw OperationError("there are docker-archive and oci-archive", kind: .invalid)
                }
                command.form = form
            },
            .toggle("quiet", short: "q", "Say nothing, as is done in any case") { _, _ in },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        try Progress.shown("save \(operands.joined(separator: " "))") { () throws(OperationError) in
            try engine.saveImages(operands, as: form, to: path)
        }
        return 0
    }
}
