import Core

/// A tree: the host, its networks, the containers on them, their published ports.
package enum GraphText {
    private struct Node {
        let label: String
        var children: [Node] = []
    }

    package static func text(_ graph: NetworkGraph) -> String {
        let root = Node(label: graph.host, children: graph.networks.map(node))
        return ([root.label] + lines(root.children, "")).map { $0 + "\n" }.joined()
    }

    private static func node(_ network: NetworkGraph.Network) -> Node {
        Node(label: GraphLabels.network(network).joined(separator: "  "), children: network.places.map(node))
    }

    private static func node(_ place: NetworkGraph.Place) -> Node {
        Node(
            label: GraphLabels.place(place).joined(separator: "  "),
            children: place.ports.map { Node(label: GraphLabels.port($0)) })
    }

    private static func lines(_ nodes: [Node], _ indent: String) -> [String] {
        nodes.enumerated().flatMap { index, node in
            let isLast = index == nodes.count - 1
            return [indent + (isLast ? "└── " : "├── ") + node.label]
                + lines(node.children, indent + (isLast ? "    " : "│   "))
        }
    }
}

/// What is written in each box of a drawing.
enum GraphLabels {
    static func network(_ network: NetworkGraph.Network) -> [String] {
        let definition = network.definition
        return [
            "\(definition.name)", "\(definition.driver) \(definition.device)",
            (definition.gateways.isEmpty
                ? "no addresses" : definition.gateways.map(\.description).joined(separator: "  "))
                + (definition.isInternal ? "  internal" : ""),
        ]
    }

    static func place(_ place: NetworkGraph.Place) -> [String] {
        [place.container, place.interface] + place.addresses.map(\.description) + ["\(place.mac)"]
    }

    static func port(_ port: PortMapping) -> String { "\(port)" }
}
