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
        let kernel = Files.line("/proc/sys/kernel/osrelease") ?? ""
        context.output.line(try Self.text(format: format, program: context.program, kernel: kernel))
        return 0
    }

    package static func text(format: String?, program: Program, kernel: String) throws(OperationError) -> String {
        let version = ProgramVersion(program: program, kernel: kernel)
        switch format {
        case nil, "": return version.text
        case "json": return version.json.compact
        case .some(let format): return try Template(parsing: format).evaluate(version.json)
        }
    }
}

/// Scripts ask Docker for `.Server.Version` or `.Client.Version`; here both are one program. Called as docker, the version is
/// that of the Docker whose command line this is, as scripts want a least one.
private struct ProgramVersion {
    let program: Program
    let kernel: String

    /// Of the Docker whose shapes our JSON has: 20.10.
    private static let api = "1.41"
    private var number: String { program == .docker ? CommandLineTool.dockerVersion : CommandLineTool.version }
    private var build: String { program == .docker ? "mydocker-\(CommandLineTool.version)" : "" }
    private var architecture: String {
        #if arch(arm64)
            return "arm64"
        #else
            return "amd64"
        #endif
    }

    var text: String {
        guard program == .docker else { return "mydocker version \(number)" }
        let rows = [("Version:", number), ("API version:", Self.api), ("Git commit:", build)]
        let platform = ("OS/Arch:", "linux/\(architecture)")
        let client = Self.lines(rows + [platform, ("Context:", "default")], indentation: 1)
        let engine = Self.lines(
            [rows[0], ("API version:", "\(Self.api) (minimum version \(Self.api))"), rows[2], platform], indentation: 2)
        return "Client: mydocker\n\(client)\n\nServer: mydocker\n Engine:\n\(engine)"
    }

    private static func lines(_ rows: [(String, String)], indentation: Int) -> String {
        rows.map { name, value in
            let start = String(repeating: " ", count: indentation) + name
            return start + String(repeating: " ", count: 20 - start.utf8.count) + value
        }.joined(separator: "\n")
    }

    var json: JSON {
        let members: [(key: String, value: JSON)] = [
            ("Platform", ["Name": "mydocker"]), ("Version", .string(number)),
            // The member is called ApiVersion, what a template asks for APIVersion.
            ("ApiVersion", .string(Self.api)), ("APIVersion", .string(Self.api)), ("MinAPIVersion", .string(Self.api)),
            ("GitCommit", .string(build)), ("GoVersion", ""), ("Os", "linux"), ("Arch", .string(architecture)),
            ("KernelVersion", .string(kernel)), ("Experimental", false), ("BuildTime", ""), ("Context", "default"),
        ]
        return ["Client": .object(members), "Server": .object(members)]
    }
}
