import Core

/// What is wanted of the firewall: for these networks and endpoints this, and nothing else.
package struct FirewallIntent: Hashable, Sendable {
    package var networks: [NetworkIntent]
    package var published: [PublishedPorts]

    package init(networks: [NetworkIntent] = [], published: [PublishedPorts] = []) {
        self.networks = networks
        self.published = published
    }

    /// What of it is for one firewall.
    /// - Parameter devices: of the networks that have their rules there.
    package func on(_ devices: Set<String>, _ backend: FirewallBackend) -> FirewallIntent {
        FirewallIntent(
            networks: networks.filter { devices.contains($0.bridge) },
            published: published.filter { $0.backend == backend })
    }

    package var isEmpty: Bool { networks.isEmpty && published.isEmpty }
}

/// A network on a bridge. Its members reach each other, and the outside under this host's address; from elsewhere they are
/// reached by published ports alone. The host's loopback addresses are never theirs to use.
package struct NetworkIntent: Hashable, Sendable {
    /// The device.
    package let bridge: String
    /// This host's address on the bridge, with the subnet that it is in; nil: the network has none of IPv4.
    package let gateway: Subnet?
    /// The same of IPv6; nil: the network has none.
    package let gateway6: Subnet?
    /// There is no way out, and none in.
    package let isInternal: Bool
    /// Whether members reach each other by other ways than published ports.
    package var membersMeet = true
    /// Whether what goes out gets this host's address.
    package var masquerades = true
    /// Whether the gateway's address is this host's.
    package var hasHostAddress = true
    /// Of a network without addresses the families of those that its members may give themselves, as far as the firewall has rules of
    /// them: those let members meet, and keep nobody from anything.
    package var memberFamilies: [AddressFamily] = [.ipv4]
    /// The families of which members are reached at their own addresses from anywhere; those of which they are at the ports that they
    /// publish, and nothing is translated; and by which interfaces they are from outside in any case.
    package var open: Set<AddressFamily> = []
    package var routed: Set<AddressFamily> = []
    package var trustedInterfaces: [String] = []

    package init(bridge: String, gateway: Subnet?, gateway6: Subnet? = nil, isInternal: Bool) {
        self.bridge = bridge
        self.gateway = gateway
        self.gateway6 = gateway6
        self.isInternal = isInternal
    }

    var gateways: [Subnet] { [gateway, gateway6].compactMap { $0 } }
    var families: [AddressFamily] { gateways.isEmpty ? memberFamilies : gateways.map(\.family) }

    package var owner: FirewallOwner { .network(bridge: bridge) }
}

/// Ports by which an endpoint is reached from elsewhere: this host's, and its own where nothing is translated.
package struct PublishedPorts: Hashable, Sendable {
    package let endpoint: EndpointID
    /// The endpoint's; nil: it has none of IPv4, and what is published of that is not for the firewall.
    package let address: IPAddress?
    /// The same of IPv6.
    package let address6: IPAddress?
    package let ports: [PortMapping]
    /// Of the endpoint itself, where nothing is translated: the address of this host says of which family.
    package let openPorts: [PortMapping]
    /// Who has the rules.
    package let backend: FirewallBackend

    package init(
        endpoint: EndpointID, address: IPAddress?, address6: IPAddress? = nil, ports: [PortMapping],
        openPorts: [PortMapping] = [], backend: FirewallBackend = .iptables
    ) {
        self.backend = backend
        self.address6 = address6
        self.endpoint = endpoint
        self.address = address
        self.ports = ports
        self.openPorts = openPorts
    }

    var addresses: [IPAddress] { [address, address6].compactMap { $0 } }
    package var owner: FirewallOwner { .endpoint(endpoint) }
}
