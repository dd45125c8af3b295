import Core

/// Published ports, as `ps` and `port` show them.
package enum PortsText {
    /// Ports that are the same outside and inside are joined into ranges when they follow each other;
    /// the others come behind them, one by one, and those that are open at the container's own address. Among them are those that are
    /// only exposed.
    /// - Parameter exposed: `80/tcp`; those that are published may be among them.
    package static func summary(
        _ mappings: [PortMapping], open: [PortMapping] = [], exposed: [String] = []
    ) -> String {
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
        let inside = ranges.map { (port: $0.mapping.containerPort, text: $0.text) }
        let known = Set((mappings + open).map { "\($0.containerPort)/\($0.transport.rawValue)" })
        let joined = (inside + exposedRanges(exposed.filter { !known.contains($0) })).enumerated()
            .sorted { ($0.element.port, $0.offset) < ($1.element.port, $1.offset) }.map(\.element.text)
        let single = sorted.filter { $0.hostPort != $0.containerPort }.map { $0.description }
        let own = open.sorted().map { PublishedPort($0, isOwn: true).name }
            .reduce(into: [String]()) { if $0.last != $1 { $0.append($1) } }
        return (joined + single + own).joined(separator: ", ")
    }

    /// `81-83/tcp`
    private static func exposedRanges(_ names: [String]) -> [(port: UInt16, text: String)] {
        var ranges: [(first: UInt16, last: UInt16, transport: Substring)] = []
        let ports = names.compactMap { name -> (port: UInt16, transport: Substring)? in
            let parts = name.split(separator: "/")
            return parts.count == 2 ? UInt16(parts[0]).map { ($0, parts[1]) } : nil
        }
        for (port, transport) in ports.sorted(by: { ($0.transport, $0.port) < ($1.transport, $1.port) }) {
            if let last = ranges.last, last.transport == transport, Int(last.last) + 1 == Int(port) {
                ranges[ranges.count - 1].last = port
            } else {
                ranges.append((port, port, transport))
            }
        }
        return ranges.map {
            ($0.first, ($0.first == $0.last ? "\($0.first)" : "\($0.first)-\($0.last)") + "/\($0.transport)")
        }
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
    package static func lines(_ ports: [PublishedPort]) -> [String] { ports.map { "\($0.name) -> \(self.place($0))" } }

    /// Where it is reached on this host; at a container's own address there is no port of this host, as Docker shows it.
    package static func place(_ port: PublishedPort) -> String {
        "\(port.mapping.hostAddress.inURL):" + (port.isOwn ? "" : "\(port.mapping.hostPort)")
    }

    /// The answer of `port`, with `--json`.
    package static func json(_ ports: [PublishedPort]) -> JSON {
        .array(
            ports.map {
                [
                    "port": .string($0.name), "hostIp": .string($0.mapping.hostAddress.description),
                    "hostPort": $0.isOwn ? .null : .number($0.mapping.hostPort),
                ]
            })
    }

    /// What `port CONTAINER PORT[/PROTOCOL]` is about.
    package static func published(
        _ ports: [PublishedPort], at wanted: String, of container: String
    ) throws(OperationError) -> [PublishedPort] {
        let parts = wanted.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count <= 2, let first = parts.first, let port = Decimal.parse(first, in: 1...65_535),
            let transport = TransportProtocol(rawValue: parts.count == 2 ? parts[1].lowercased() : "tcp")
        else { throw OperationError("invalid port: \(wanted)", remedy: "Use PORT, PORT/udp or PORT/sctp") }
        let found = ports.filter { Int($0.mapping.containerPort) == port && $0.mapping.transport == transport }
        guard !found.isEmpty else { throw OperationError("no public port '\(wanted)' published for \(container)") }
        return found
    }
}
