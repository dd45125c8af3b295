import Core
import Engine
import Forms

/// `mydocker network graph`
package struct NetworkGraphCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "network graph", group: .networks, operands: "[NETWORK...]",
            summary: "Draw networks with their containers, addresses and ports", operandCount: 0...Int.max)
    }

    var draw = GraphText.text

    package init() {}

    /// The one value that a command prints by itself.
    package static var answer: Answer { .text }

    package static var flags: [Flag<NetworkGraphCommand>] {
        [
            .value("format", "FORMAT", "text, dot (for graphviz), svg or json (default text)") {
                command, text throws(OperationError) in
                switch text {
                case "text", "": command.draw = GraphText.text
                case "json": command.draw = Self.text
                case "dot": command.draw = GraphDOT.text
                case "svg": command.draw = GraphSVG.text
                default: throw OperationError("there are text, dot, svg and json", kind: .invalid)
                }
            }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let (graph, failures) = try context.engine.networkGraph(operands)
        // Where nothing of what was asked for is there, the error is all.
        if failures.isEmpty || !graph.networks.isEmpty { context.output.write(draw(graph)) }
        context.answer = Self.json(graph)
        for failure in failures { context.report(failure) }
        return failures.isEmpty ? 0 : 1
    }

    /// As `--json` has it.
    private static func text(_ graph: NetworkGraph) -> String { json(graph).printed + "\n" }

    private static func json(_ graph: NetworkGraph) -> JSON {
        ["host": .string(graph.host), "networks": .array(graph.networks.map(json))]
    }

    private static func json(_ network: NetworkGraph.Network) -> JSON {
        let definition = network.definition
        return [
            "name": .string(definition.name.text), "device": .string(definition.device),
            "gateway": .string(definition.gateways.first?.description ?? ""),
            "gateways": .strings(definition.gateways.map(\.description)), "internal": .bool(definition.isInternal),
            "containers": .array(network.places.map(json)),
        ]
    }

    private static func json(_ place: NetworkGraph.Place) -> JSON {
        [
            "name": .string(place.container), "interface": .string(place.interface),
            "address": .string(place.addresses.first?.description ?? ""),
            "addresses": .strings(place.addresses.map(\.description)), "mac": .string("\(place.mac)"),
            "ports": .strings(place.ports.map { "\($0)" }),
        ]
    }
}
