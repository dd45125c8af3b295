import Core
import Linux
import Networking
import Records

/// A published port at which the supervisor itself listens, because the kernel does not send on what comes there: one of IPv6, or
/// of a container that has no other address.
package struct ListenedPort: Sendable {
    /// Bound, and listening when it is of TCP. It stays the run's.
    package let socket: Int32
    package let transport: TransportProtocol
    /// Where the container is asked; nil while its program does not run.
    package let address: IPAddress?
    package let port: UInt16
}

extension ContainerRun {
    /// What the firewall sends on never comes here. Of the rest, most goes to `::1`; where the container has no address of IPv6,
    /// all of it is for the one of IPv4.
    package var listenedPorts: [ListenedPort] {
        let address = publisher.flatMap { $0.address6?.address ?? $0.address?.address }
        let own = ports?.listening(beside: publisher?.families ?? [.ipv4]) ?? []
        return (own + loopbackPorts.held).compactMap { socket, mapping in
            // Associations of SCTP are nothing that could be passed on.
            if mapping.transport == .sctp { return nil }
            return ListenedPort(
                socket: socket, transport: mapping.transport, address: address, port: mapping.containerPort)
        }
    }

    /// None while the container's program does not run, or while a network may want to have them at all addresses of IPv6.
    package var portsAtLoopback: [PortMapping] { networksChange ? [] : publisher?.portsAtLoopback ?? [] }

    private var publisher: Endpoint? { namespace == nil ? nil : state.endpoints.first { !$0.ports.isEmpty } }

    /// A container's sockets that are not done with their peers (FIN-WAIT) may keep its network namespace for minutes after its last
    /// process, and with it the links. So its end takes these away, as where another container has the namespace (`Host.joinable`).
    /// - Returns: whether that is on record.
    package func noteKeptNamespace() -> Bool {
        (try? Files.replace(host.layout.containerJoined(id), [])) != nil
    }

    /// Whether a port that is passed on is none for whoever asks.
    /// - Parameters: as in `InternalNetworks.refusing`.
    package func refuses(_ client: IPAddress, at own: IPAddress?) -> Bool {
        // Nothing has to be read for these.
        if client.isLoopback || client == own { return false }
        let networks = InternalNetworks(among: (try? host.networkStore.all().definitions) ?? [])
        let publisher = state.endpoints.first { !$0.ports.isEmpty }?.networkID
        return networks.refusing(client, at: own, publishedBy: publisher) != nil
    }
}
