import Core

/// The drawing as a picture: the host on the left, a band for each network, a box for each container on it. What publishes
/// ports has a line from the host's edge.
package enum GraphSVG {
    private static let characterWidth = 8
    private static let lineHeight = 18
    private static let gap = 24
    private static let padding = 10

    private struct Box {
        let lines: [String]
        let style: String

        var width: Int { (lines.map { $0.unicodeScalars.count }.max() ?? 0) * characterWidth + 2 * padding }
        var height: Int { lines.count * lineHeight + 2 * padding }

        func elements(_ x: Int, _ y: Int) -> [String] {
            let frame =
                "<rect x=\"\(x)\" y=\"\(y)\" width=\"\(width)\" height=\"\(height)\" rx=\"4\" class=\"\(style)\"/>"
            return [frame]
                + lines.enumerated().map { index, line in
                    let baseline = y + padding + (index + 1) * lineHeight - 5
                    return "<text x=\"\(x + padding)\" y=\"\(baseline)\">\(escaped(line))</text>"
                }
        }
    }

    package static func text(_ graph: NetworkGraph) -> String {
        let host = Box(lines: [graph.host], style: "host")
        let left = gap + host.width + 2 * gap
        var elements: [String] = []
        var bottom = gap
        var right = left
        for network in graph.networks {
            let row = row(network, left, bottom, from: (gap + host.width, gap + host.height / 2))
            elements += row.elements
            right = max(right, row.right)
            bottom = row.bottom + gap
        }
        elements += host.elements(gap, gap)
        return document(elements, width: right + gap, height: max(bottom, 2 * gap + host.height))
    }

    /// A network, with its containers beside it.
    private static func row(
        _ network: NetworkGraph.Network, _ left: Int, _ top: Int, from host: (x: Int, y: Int)
    ) -> (elements: [String], right: Int, bottom: Int) {
        let bridge = Box(
            lines: GraphLabels.network(network), style: network.definition.isInternal ? "internal" : "network")
        let middle = top + padding + lineHeight / 2
        var elements = [line(host, (left, middle), "way")] + bridge.elements(left, top)
        var end = (x: left + bridge.width, y: middle)
        var bottom = top + bridge.height
        for place in network.places {
            let box = Box(lines: GraphLabels.place(place) + place.ports.map(GraphLabels.port), style: "container")
            elements.append(line(end, (end.x + gap, middle), "way"))
            elements += box.elements(end.x + gap, top)
            end.x += gap + box.width
            bottom = max(bottom, top + box.height)
        }
        return (elements, end.x, bottom)
    }

    private static func line(_ from: (x: Int, y: Int), _ to: (x: Int, y: Int), _ style: String) -> String {
        "<line x1=\"\(from.x)\" y1=\"\(from.y)\" x2=\"\(to.x)\" y2=\"\(to.y)\" class=\"\(style)\"/>"
    }

    private static func document(_ elements: [String], width: Int, height: Int) -> String {
        let size = "width=\"\(width)\" height=\"\(height)\" viewBox=\"0 0 \(width) \(height)\""
        let style = """
            <style>rect{fill:#fff;stroke:#333}text{font:13px monospace;fill:#111}line{stroke:#333}\
            .host{fill:#eee}.network{fill:#e8f1ff}.internal{fill:#fff3e0;stroke-dasharray:4}</style>
            """
        let lines =
            ["<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "<svg xmlns=\"http://www.w3.org/2000/svg\" \(size)>", style]
            + elements + ["</svg>"]
        return lines.map { $0 + "\n" }.joined()
    }

    /// As text of XML 1.0, which has no control characters.
    private static func escaped(_ text: String) -> String {
        text.unicodeScalars.map { scalar in
            switch scalar {
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            case _ where scalar.value < 0x20 || (0xfffe...0xffff).contains(scalar.value): "\u{fffd}"
            default: String(scalar)
            }
        }.joined()
    }
}
