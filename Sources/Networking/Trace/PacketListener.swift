import Core
import Netlink

/// Who has a port of this host.
extension PacketTracer {
    /// Whose supervisor answers for a published port: what no rule translates.
    func listener(_ packet: TracedPacket) -> (TracedContainer, Endpoint, PortMapping)? {
        guard !packet.hasNewDestination else { return nil }
        for container in containers {
            // The sockets of what is translated are nobody's to reach.
            for endpoint in container.endpoints where packet.family == .ipv6 || endpoint.address == nil {
                if let mapping = endpoint.mapping(of: packet) { return (container, endpoint, mapping) }
            }
        }
        return nil
    }

    /// For whom a port is held by a socket that nobody listens at, as rules send on what comes for it.
    func holder(_ packet: TracedPacket) -> TracedContainer? {
        guard packet.family == .ipv4 else { return nil }
        return containers.first { container in
            container.endpoints.contains { $0.address != nil && $0.mapping(of: packet) != nil }
        }
    }
}

extension Endpoint {
    fileprivate func mapping(of packet: TracedPacket) -> PortMapping? {
        (packet.family == .ipv6 ? ports + portsAtLoopback : ports).first { port in
            port.hostAddress.family == packet.family && port.hostPort == packet.destinationPort
                && port.transport.number == packet.transport
                && (port.hostAddress.isUnspecified || port.hostAddress == packet.destination)
        }
    }
}
