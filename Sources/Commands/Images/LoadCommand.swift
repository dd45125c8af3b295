import Core
import Engine
import Linux

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
    var maximumSize: Int64?

    package init() {}

    package static var flags: [Flag<LoadCommand>] {
        [
            .value("input", short: "i", "FILE", "Read from a file or directory instead of standard input") {
                command, text throws(OperationError) in
                command.input = try SimpleValue.nonEmpty(text)
            },
            .toggle("quiet", short: "q", "Show no progress, as is done anyway") { _, _ in },
            .value("max-size", "BYTES", "Refuse an archive of images that are larger unpacked") {
                command, text throws(OperationError) in
                command.maximumSize = try LimitValue.imageSize(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        let lines = try Progress.shown("load \(input)") { () throws(OperationError) in
            try engine.loadImages(from: input, maximumSize: maximumSize)
        }
        for line in lines { context.output.line(line) }
        context.answer = .array(lines.map(Self.object))
        return 0
    }

    /// `Loaded image: NAME`, or `Loaded image ID: ID` of one without a name.
    private static func object(_ line: String) -> JSON {
        let (key, value) =
            line.hasPrefix("Loaded image ID: ") ? ("id", line.dropFirst(17)) : ("name", line.dropFirst(14))
        return .object([(key, .string(String(value)))])
    }
}
