import Core
import Firewall

/// What there should be of bridge networks.
package struct WantedBridges: Sendable {
    struct Network: Sendable {
        let definition: NetworkDefinition
        /// Those that must have everything there: containers that run.
        let members: [NetworkMember]
        /// Whether there must be a bridge. One that nobody is on is made when it is used.
        let isNeeded: Bool
    }

    /// Who may have something at all.
    struct Owners: Sendable {
        /// All that are defined; nil when that is not known, and nothing can be called ownerless.
        let networks: [NetworkDefinition]?
        /// Containers whose supervisor lives, and their endpoints.
        let living: Set<ContainerID>

        func include(_ owner: FirewallOwner) -> Bool {
            switch owner {
            case .endpoint(let shortID): living.contains { $0.short == shortID }
            case .network(let device): networks.map { $0.contains { $0.device == device } } ?? true
            }
        }
    }

    let networks: [Network]
    /// Nil: what has no owner is not looked for.
    let owners: Owners?
}

extension WantedBridges {
    /// All networks, by whoever looks after the whole host.
    /// - Parameters:
    ///   - isComplete: whether `networks` are all that are defined.
    ///   - living: those that may have something: containers whose supervisor lives, and their endpoints.
    ///   - members: the containers that must have everything: those that run.
    package init(
        _ networks: [NetworkDefinition], isComplete: Bool, living: Set<ContainerID>, members: [NetworkMember]
    ) {
        self.networks = networks.map { network in
            let members = members.filter { $0.endpoint.networkID == network.id }
            return Network(definition: network, members: members, isNeeded: !members.isEmpty)
        }
        owners = Owners(networks: isComplete ? networks : nil, living: living)
    }

    /// Networks that are about to be used.
    init(needed networks: [NetworkDefinition], members: [NetworkMember] = []) {
        self.networks = networks.map { network in
            Network(
                definition: network, members: members.filter { $0.endpoint.networkID == network.id }, isNeeded: true)
        }
        owners = nil
    }
}

extension FirewallIntent {
    /// - Parameter members: of these networks.
    init(_ networks: [NetworkDefinition], _ members: [NetworkMember]) {
        self.init(networks: networks.map { NetworkIntent($0) })
        publish(members, of: networks)
    }

    mutating func publish(_ members: [NetworkMember], of networks: [NetworkDefinition]) {
        published += members.map(\.endpoint).filter(\.publishes).map { endpoint in
            // What the endpoint says may be from before a move.
            let network = networks.first { $0.id == endpoint.networkID }
            return PublishedPorts(endpoint, by: network?.firewall ?? endpoint.firewall)
        }
    }
}

extension NetworkIntent {
    /// - Parameter families: those that a firewall can have rules of.
    init(_ network: NetworkDefinition, families: (FirewallBackend) -> [AddressFamily] = { $0.families }) {
        self.init(
            bridge: network.device, gateway: network.gateway, gateway6: network.gateway6,
            isInternal: network.isInternal)
        if !network.givesAddresses { memberFamilies = families(network.firewall) }
        membersMeet = network.options.membersMeet
        masquerades = network.options.masquerades
        hasHostAddress = network.options.hasHostAddress
        open = Set(AddressFamily.allCases.filter { network.options.gatewayMode(of: $0) == .unprotected })
        routed = network.options.routedFamilies
        trustedInterfaces = network.options.trustedInterfaces
    }
}

extension PublishedPorts {
    init(_ endpoint: Endpoint, by backend: FirewallBackend) {
        self.init(
            endpoint: endpoint.id, address: endpoint.address?.address, address6: endpoint.address6?.address,
            ports: endpoint.ports, openPorts: endpoint.openPorts, backend: backend)
    }
}
