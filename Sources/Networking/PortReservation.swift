import Core
import Linux

/// Published ports, each held by a socket for as long as this value lives, so that no other program takes one.
///
/// A TCP port is listened on, which is what makes `ss -ltn` show it and keeps others from binding it. The
/// sockets are bound to the container's bridge, where nobody connects to this host: a packet that misses the
/// translation rule is refused as if nobody listened, never left in a queue. Those of IPv6 are bound to no device: what is sent
/// to `::1` cannot be translated, and so comes to them. Nor are those of IPv4 where the container has no address of that.
package struct PortReservation: ~Copyable {
    package let sockets: DescriptorSet
    /// With the host ports that were chosen.
    package let mappings: [PortMapping]

    /// Takes over what another process has reserved.
    package init(_ sockets: DescriptorSet, of mappings: [PortMapping]) {
        self.sockets = sockets
        self.mappings = mappings
    }

    /// A port that the container has already, and the socket that holds it.
    package typealias Held = (socket: Int32, mapping: PortMapping)

    /// - Parameters:
    ///   - device: the bridge.
    ///   - families: that the network has addresses of.
    ///   - routed: families of which this host has no port for it.
    ///   - held: of another network, which go on to be held here where they are asked for.
    ///   - isReleased: asked about a port that is taken: whether it was a dead container's and is free now.
    ///   - holder: names the container that has a port, for the error.
    package init(
        _ requests: [PublishRequest], device: String, families: [AddressFamily], routed: Set<AddressFamily> = [],
        keeping held: [Held] = [], isReleased: @escaping (UInt16, TransportProtocol) -> Bool,
        holder: @escaping (UInt16, TransportProtocol) -> String?
    ) throws(OperationError) {
        let taking = PortTaking(
            device: families.contains(.ipv4) ? device : "", held: held, isReleased: isReleased, holder: holder)
        let sockets = DescriptorSet()
        var mappings: [PortMapping] = []
        for request in requests {
            let addresses = request.addresses(hasIPv6: families.contains(.ipv6))
                .filter { !routed.contains($0.family) }
            for choice in addresses.isEmpty ? [] : request.choices {
                mappings += try taking.take(choice, of: request, at: addresses, beside: mappings, into: sockets)
            }
        }
        self.sockets = sockets
        self.mappings = mappings
    }

    package borrowing func held() -> [Held] { zip(sockets.numbers, mappings).map { ($0, $1) } }

    /// The container is on another bridge from now on. The ports stay reserved.
    /// - Parameter families: that it has addresses of there.
    package borrowing func move(to device: String, _ families: [AddressFamily]) throws(OperationError) {
        for (socket, mapping) in zip(sockets.numbers, mappings) where mapping.hostAddress.family == .ipv4 {
            try Socket.bind(socket, to: families.contains(.ipv4) ? device : "")
        }
    }

    /// The sockets that somebody has to listen at: those of which not all is translated.
    /// - Parameter families: that the container has addresses of.
    package borrowing func listening(beside families: [AddressFamily]) -> [Held] {
        held().filter { _, mapping in mapping.hostAddress.family == .ipv6 || !families.contains(.ipv4) }
    }
}

extension OperationError {
    /// Where the kernel lacks a transport protocol.
    package static func noProtocol(_ transport: TransportProtocol) -> OperationError {
        let name = transport.rawValue
        return OperationError(
            "publish a port of \(name)", reason: "the kernel has no \(name) (CONFIG_IP_\(name.uppercased()))",
            remedy: "run: modprobe \(name)", kind: .unsupported)
    }
}
