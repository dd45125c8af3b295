import Core

/// A drawing for dot(1): the host and its networks, the containers, and an edge for each place on a network.
package enum GraphDOT {
    package static func text(_ graph: NetworkGraph) -> String {
        var lines = [
            "graph networks {", "  graph [rankdir=LR];", "  node [shape=box, fontname=\"monospace\"];",
            "  host [label=\(quoted([graph.host])), shape=box3d];",
        ]
        for (index, network) in graph.networks.enumerated() {
            lines.append("  network\(index) [label=\(quoted(GraphLabels.network(network))), shape=ellipse];")
            let style = network.definition.isInternal ? " [style=dashed]" : ""
            lines.append("  host -- network\(index)\(style);")
        }
        let containers = names(of: graph)
        for (index, name) in containers.enumerated() { lines.append("  container\(index) [label=\(quoted([name]))];") }
        for (index, network) in graph.networks.enumerated() {
            for place in network.places {
                let container = containers.firstIndex(of: place.container) ?? 0
                let label = GraphLabels.place(place).dropFirst() + place.ports.map(GraphLabels.port)
                lines.append("  network\(index) -- container\(container) [label=\(quoted(Array(label)))];")
            }
        }
        return (lines + ["}"]).map { $0 + "\n" }.joined()
    }

    /// Each once, in the order in which they come.
    private static func names(of graph: NetworkGraph) -> [String] {
        graph.networks.flatMap(\.places).map(\.container).reduce(into: []) { names, name in
            if !names.contains(name) { names.append(name) }
        }
    }

    /// A string of the language: lines of text in the middle of one another.
    private static func quoted(_ lines: [String]) -> String {
        let escaped = lines.map { $0.replacing("\\", with: "\\\\").replacing("\"", with: "\\\"") }
        return "\"" + escaped.joined(separator: "\\n") + "\""
    }
}
