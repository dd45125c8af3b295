import Core

/// What is to be made of networks, or was made.
package struct NetworkPlan: Sendable {
    /// A container's place on a network.
    package struct Member: Sendable {
        package let endpoint: Endpoint
        package let network: NetworkDefinition
        /// What ip-netns(8) calls the container's network namespace.
        package let namespace: String
        /// The families of which what is for elsewhere goes by this network.
        package let leads: Set<AddressFamily>

        package init(
            _ endpoint: Endpoint, on network: NetworkDefinition, in namespace: String, leading leads: Set<AddressFamily>
        ) {
            self.endpoint = endpoint
            self.network = network
            self.namespace = namespace
            self.leads = leads
        }
    }

    /// Upon what it is made.
    package enum Ground: Sendable {
        /// What this host has now: what is right already needs nothing.
        case found
        /// A host that has nothing of it, but the networks of endpoints that are not among those that are made.
        case nothing
    }

    package let networks: [NetworkDefinition]
    package let endpoints: [Member]
    package let ground: Ground

    package init(_ networks: [NetworkDefinition], _ endpoints: [Member], upon ground: Ground) {
        self.networks = networks
        self.endpoints = endpoints
        self.ground = ground
    }

    /// What of it is about networks of one kind.
    func of(_ isMeant: (NetworkDefinition) -> Bool) -> NetworkPlan {
        NetworkPlan(networks.filter(isMeant), endpoints.filter { isMeant($0.network) }, upon: ground)
    }

    /// Those of endpoints, which are there before.
    var established: [NetworkDefinition] {
        endpoints.map(\.network).reduce(into: []) { established, network in
            if !networks.contains(network), !established.contains(network) { established.append(network) }
        }
    }
}
