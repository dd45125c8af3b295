import Core

/// `mydocker version`
package struct VersionCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(name: "version", group: .other, operands: "", summary: "Show the version", operandCount: 0...0)
    }

    var format: String?

    package init() {}

    package static var flags: [Flag<VersionCommand>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        switch format {
        case nil, "": context.output.line("mydocker version \(CommandLineTool.version)")
        case "json": context.output.line(Self.object.compact)
        case .some(let format): context.output.line(try Template(parsing: format).evaluate(Self.object))
        }
        return 0
    }

    /// Scripts ask Docker for `.Server.Version` or `.Client.Version`; here both are one program.
    private static var object: JSON {
        #if arch(arm64)
            let architecture: JSON = "arm64"
        #else
            let architecture: JSON = "amd64"
        #endif
        let program: JSON = ["Version": .string(CommandLineTool.version), "Os": "linux", "Arch": architecture]
        return ["Client": program, "Server": program]
    }
}
