import Core

/// Published ports, as `ps` and `port` show them.
package enum PortsText {
    /// Ports that are the same outside and inside are joined into ranges when they follow each other;
    /// the others come behind them, one by one.
    package static func summary(_ mappings: [PortMapping]) -> String {
        let sorted = mappings.sorted { left, right in
            (left.containerPort, left.hostAddress, left.hostPort, left.transport.rawValue)
                < (right.containerPort, right.hostAddress, right.hostPort, right.transport.rawValue)
        }
        var ranges: [Range] = []
        for mapping in sorted where mapping.hostPort == mapping.containerPort {
            if let index = ranges.lastIndex(where: { $0.isExtended(by: mapping) }) {
                ranges[index].last = mapping.containerPort
            } else {
                ranges.append(Range(mapping))
            }
        }
        let single = sorted.filter { $0.hostPort != $0.containerPort }.map { $0.description }
        return (ranges.map { $0.text } + single).joined(separator: ", ")
    }

    private struct Range {
        let mapping: PortMapping
        var last: UInt16

        init(_ mapping: PortMapping) {
            self.mapping = mapping
            last = mapping.containerPort
        }

        func isExtended(by other: PortMapping) -> Bool {
            other.hostAddress == mapping.hostAddress && other.transport == mapping.transport
                && Int(other.containerPort) == Int(last) + 1
        }

        var text: String {
            let ports = mapping.containerPort == last ? "\(last)" : "\(mapping.containerPort)-\(last)"
            return "\(mapping.hostAddress.inURL):\(ports)->\(ports)/\(mapping.transport.rawValue)"
        }
    }

    /// The lines of `port CONTAINER`.
    package static func lines(_ mappings: [PortMapping]) -> [String] {
        mappings.sorted().map {
            "\($0.containerPort)/\($0.transport.rawValue) -> \($0.hostAddress.inURL):\($0.hostPort)"
        }
    }

    /// The answer of `port`, with `--json`.
    package static func json(_ mappings: [PortMapping]) -> JSON {
        .array(
            mappings.map {
                [
                    "port": .string("\($0.containerPort)/\($0.transport.rawValue)"),
                    "hostIp": .string($0.hostAddress.description), "hostPort": .number($0.hostPort),
                ]
            })
    }

    /// What `port CONTAINER PORT[/PROTOCOL]` is about.
    package static func published(
        _ mappings: [PortMapping], at wanted: String, of container: String
    ) throws(OperationError) -> [PortMapping] {
        let parts = wanted.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let port = Decimal.parse(first, in: 1...65_535),
            let transport = TransportProtocol(rawValue: parts.count == 2 ? parts[1].lowercased() : "tcp")
        else { throw OperationError("invalid port: \(wanted)", remedy: "Use PORT or PORT/udp") }
        let found = mappings.sorted().filter { Int($0.containerPort) == port && $0.transport == transport }
        guard !found.isEmpty else { throw OperationError("no public port '\(wanted)' published for \(container)") }
        return found
    }
}
