import Core
import Engine
import Forms

/// `mydocker info`: what there is, and what it runs on.
package struct SystemInfoCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "info", aliases: ["system info"], group: .other, operands: "",
            summary: "Show how many containers and images there are, and what this host has", operandCount: 0...0)
    }

    var format: String?

    package init() {}

    package static var flags: [Flag<SystemInfoCommand>] {
        [
            .value("format", short: "f", "FORMAT", "json or a Go template") { command, text throws(OperationError) in
                command.format = text
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let template = try format.flatMap { text throws(OperationError) in
            ["", "json"].contains(text) ? nil : try Template(parsing: text)
        }
        let information = try context.engine.information(now: context.now())
        let version = context.program == .docker ? CommandLineTool.dockerVersion : CommandLineTool.version
        switch (format, template) {
        case (_, let template?): context.output.line(try template.evaluate(information.described(version: version)))
        case ("json", _): context.output.line(information.described(version: version).compact)
        default: context.output.write(information.text(version: version))
        }
        return 0
    }
}
