import Core
import Engine

/// `mydocker buildx imagetools inspect`: the same as `manifest inspect`.
package struct ImagetoolsInspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "buildx imagetools inspect", group: .images, operands: "NAME[:TAG|@DIGEST]",
            summary: "Show what a registry has under a name", operandCount: 1...1)
    }

    package init() {}

    package static var flags: [Flag<ImagetoolsInspectCommand>] {
        [
            .toggle("raw", "The document, as is shown anyway") { _, _ in },
            .value("builder", "NAME", "Without effect: each name is the same builder") {
                _, text throws(OperationError) in
                _ = try SimpleValue.nonEmpty(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        var command = ManifestInspectCommand()
        return try command.run(operands, &context)
    }
}
