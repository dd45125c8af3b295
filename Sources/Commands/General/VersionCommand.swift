import Core
import Linux

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
        let program: [(key: String, value: JSON)] = [
            ("Platform", ["Name": "mydocker"]), ("Version", .string(CommandLineTool.version)),
            // The member is called ApiVersion, what a template asks for APIVersion.
            ("ApiVersion", apiVersion), ("APIVersion", apiVersion), ("MinAPIVersion", apiVersion),
            ("GitCommit", ""), ("GoVersion", ""), ("Os", "linux"), ("Arch", architecture),
            ("KernelVersion", .string(Files.line("/proc/sys/kernel/osrelease") ?? "")), ("Experimental", false),
            ("BuildTime", ""), ("Context", "default"),
        ]
        return ["Client": .object(program), "Server": .object(program)]
    }

    /// Of the Docker whose shapes our JSON has: 20.10.
    private static var apiVersion: JSON { "1.41" }
}
