import Core
import Engine
import Forms

/// `mydocker port`: where the ports of a container are published.
package struct PortCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "port", group: .containers, operands: "CONTAINER [PORT[/PROTOCOL]]",
            summary: "Show the published ports of a container", operandCount: 1...2)
    }
    package static var flags: [Flag<PortCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let mappings = try context.engine.publishedPorts(of: operands[0])
        let lines =
            operands.count == 2
            ? try PortsText.lines(mappings, of: operands[1], container: operands[0]) : PortsText.lines(mappings)
        for line in lines { context.output.line(line) }
        return 0
    }
}
