import Core

/// The value of `--expose`.
enum PortValue {
    /// One text for each port of `80`, `80-90` or `53/udp`: `80/tcp`.
    static func exposed(_ text: String) throws(OperationError) -> [String] {
        let halves = text.split(separator: "/", omittingEmptySubsequences: false)
        guard (1...2).contains(halves.count), let ports = ClosedRange<UInt16>(ports: String(halves[0])),
            let transport = TransportProtocol(rawValue: halves.count == 2 ? halves[1].lowercased() : "tcp")
        else {
            throw OperationError(
                "invalid range format for --expose: \(text)", remedy: "use PORT, PORT-PORT, PORT/udp or PORT/sctp",
                kind: .invalid)
        }
        return ports.map { "\($0)/\(transport.rawValue)" }
    }
}
