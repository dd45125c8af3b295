import Core
import Engine

/// `mydocker manifest inspect`: what a registry has under a name.
package struct ManifestInspectCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "manifest inspect", group: .other, operands: "NAME[:TAG|@DIGEST]",
            summary: "Show what a registry has under a name", operandCount: 1...1)
    }

    package init() {}

    package static var flags: [Flag<ManifestInspectCommand>] { [] }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let manifest = try context.engine.registryManifest(operands[0])
        context.answer = manifest
        context.output.line(manifest.pretty)
        return 0
    }
}
