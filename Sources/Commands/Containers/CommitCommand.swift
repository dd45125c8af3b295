import Core
import Engine
import Linux

/// `mydocker commit`: makes an image of a container.
package struct CommitCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "commit", aliases: ["container commit"], group: .images, operands: "CONTAINER [IMAGE]",
            summary: "Make an image of a container",
            operandCount: 1...2)
    }

    var changes: [String] = []
    var author: String?
    var message: String?
    var pauses = true

    package init() {}

    package static var flags: [Flag<CommitCommand>] {
        [
            .value("author", short: "a", "NAME", "Author of the image") { command, text throws(OperationError) in
                command.author = SimpleValue.given(text)
            },
            .value("message", short: "m", "TEXT", "What was changed") { command, text throws(OperationError) in
                command.message = SimpleValue.given(text)
            },
            .value("change", short: "c", "INSTRUCTION", "Apply a Dockerfile instruction, such as 'CMD [\"sh\"]'") {
                command, text throws(OperationError) in
                command.changes.append(try SimpleValue.nonEmpty(text))
            },
            .toggle("pause", short: "p", "Pause the container meanwhile (the default; --pause=false)") {
                $0.pauses = $1
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let id = try Progress.shown("commit \(operands[0])") { () throws(OperationError) in
            try engine.commit(
                operands[0], to: operands.count == 2 ? operands[1] : "", changes: changes, author: author,
                message: message, pause: pauses)
        }
        context.answer(id: id, fate: "image \(id) is there", undo: "rmi \(id)")
        return 0
    }
}
