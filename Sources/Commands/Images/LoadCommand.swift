import Core
import Engine

/// `mydocker load`: takes over images as `docker save`, `podman save` and `skopeo` write them.
package struct LoadCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "load", group: .images, operands: "",
            summary: "Load images from what docker save, podman save or skopeo wrote",
            operandCount: 0...0)
    }

    /// `-` is standard input.
    var input = "-"

    package init() {}

    package static var flags: [Flag<LoadCommand>] {
        [
            .value("input", short: "i", "FILE", "Read from a file or directory instead of standard input") {
                command, text throws(OperationError) in
                command.input = try SimpleValue.nonEmpty(text)
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        for line in try context.engine.loadImages(from: input) { context.output.line(line) }
        return 0
    }
}
