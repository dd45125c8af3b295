import Core

/// Networks without a way out or in, as whoever passes a published port on has to know them. What the kernel sends on meets rules that
/// say the same; what a supervisor passes on comes behind them.
package struct InternalNetworks: Sendable {
    private let networks: [NetworkDefinition]

    /// - Parameter all: of which the others do not count.
    package init(among all: [NetworkDefinition]) { networks = all.filter(\.isInternal) }

    /// The one because of which a port that is passed on is none for whoever asks: it has no way in but on this host, and its members
    /// have none out.
    /// - Parameters:
    ///   - client: no program can have another one's (`rp_filter`, filters at ports of bridges).
    ///   - own: where it has come to, where that is known.
    ///   - publisher: the network by which the port is published.
    package func refusing(
        _ client: IPAddress, at own: IPAddress?, publishedBy publisher: ContainerID?
    ) -> NetworkDefinition? {
        if client.isLoopback || client == own { return nil }
        return networks.first { network in
            if client.isMappedOrOfLink {
                // Which link it is on, only the address that it has come to tells.
                return network.id == publisher
                    || network.gateways.contains { $0.family == .ipv6 && (own ?? $0.address) == $0.address }
            }
            let isMember = network.gateways.contains { $0.contains(client) && $0.address != client }
            let isHost = network.gateways.contains { $0.address == client }
            return network.id == publisher ? !isMember && !isHost : isMember
        }
    }
}
