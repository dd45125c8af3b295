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
        var ports = try context.engine.publishedPorts(of: operands[0])
        if operands.count == 2 {
            ports = try PortsText.published(ports, at: operands[1], of: operands[0])
            for port in ports { context.output.line(PortsText.place(port)) }
        } else {
            for line in PortsText.lines(ports) { context.output.line(line) }
        }
        context.answer = PortsText.json(ports)
        return 0
    }
}
