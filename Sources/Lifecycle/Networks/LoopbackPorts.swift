import Core
import Glibc
import Linux

/// Sockets at `::1` of ports that are published at all addresses of IPv4. Nobody is promised one: where another program has the port
/// there, or this host no IPv6, there is none.
package final class LoopbackPorts {
    private var wanted: [PortMapping] = []
    private var sockets = DescriptorSet()
    private var mappings: [PortMapping] = []

    /// Each takes a descriptor: of more ports than these the first ones have one.
    private static let limit = min(128, Descriptor.limit / 8)

    package init() {}

    private static let spared = 64

    package var held: [(socket: Int32, mapping: PortMapping)] { zip(sockets.numbers, mappings).map { ($0, $1) } }

    /// - Parameters:
    ///   - ports: that are held from now on.
    ///   - wanted: what was to be held when they were opened.
    func takeOver(_ ports: [(socket: Int32, mapping: PortMapping)], of wanted: [PortMapping]) {
        self.wanted = wanted
        for port in ports { sockets.insert(port.socket) }
        mappings = ports.map(\.mapping)
    }

    /// Closes what is not among them, and opens what is new.
    /// - Returns: whether sockets that were open are not any more.
    package func follow(_ ports: [PortMapping]) -> Bool {
        if ports == wanted { return false }
        let hadSome = sockets.count > 0
        wanted = ports
        (sockets, mappings) = (DescriptorSet(), [])
        for port in ports.prefix(Self.limit) {
            guard (try? FaultPoint.pass("publish port", "\(port.hostAddress.inURL):\(port.hostPort)")) != nil else {
                continue
            }
            let result = Socket.reserve(
                port.hostAddress, port: port.hostPort, transport: port.transport, device: "")
            guard case .success(let socket) = result else { continue }
            // The last descriptors are for whoever asks something, and for what is passed on.
            guard Int(socket) < Descriptor.limit - Self.spared else {
                close(socket)
                break
            }
            sockets.insert(socket)
            mappings.append(port)
        }
        return hadSome
    }
}
