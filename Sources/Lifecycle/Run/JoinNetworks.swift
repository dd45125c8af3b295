import Core
import Linux
import Netlink
import Networking
import Records

extension ContainerRun {
    /// Reserves ports and addresses. All are on record before anything names them.
    func joinNetworks() throws(OperationError) {
        if plan.networks.isEmpty { return }
        try host.establish(plan.networks)
        if !state.endpoints.isEmpty { return }
        let wishes = plan.networks.settlePorts(of: definition.networkMode.wishes)
        for (wish, network) in zip(wishes, plan.networks) { try join(network, wish) }
        try host.containerStore.write(state, of: id)
    }

    func join(_ network: NetworkDefinition, _ wish: EndpointWish) throws(OperationError) {
        let publish = try host.leadsToPorts(on: network) ? wish.publish : []
        let reservation = try host.reservePorts(publish, on: network)
        let leased = try host.leaseAddresses(from: network, for: id, wish)
        var endpoint = Endpoint(
            state.endpoints.contains { $0.id == id } ? .random() : id, on: network, wish, at: leased,
            interface: Endpoint.interface(
                network.options.interfacePrefix, beside: state.endpoints, definition.networkMode.wishes),
            ports: reservation.mappings,
            aliases: definition.hostAlias)
        endpoint.openPorts = network.openPorts(publish)
        do throws(OperationError) {
            try enter(endpoint, network, wish)
        } catch {
            try? host.release(endpoint.leases, from: network, of: id)
            throw error
        }
        if !publish.isEmpty { ports = consume reservation }
    }

    /// What was asked for and no lease stands for is looked at and put on record by one container at a time.
    private func enter(
        _ endpoint: Endpoint, _ network: NetworkDefinition, _ wish: EndpointWish
    ) throws(OperationError) {
        let unleased = wish.address6.flatMap { network.lease(beside: $0) == nil ? $0 : nil }
        if wish.mac == nil, wish.linkLocal.isEmpty, unleased == nil { return state.endpoints.append(endpoint) }
        try FileLock.holding(host.layout.networkLock(network)) { () throws(OperationError) in
            if let mac = wish.mac { try host.checkMAC(mac, of: id, at: endpoint.addresses.first, on: network) }
            if let unleased { try host.checkUnused(unleased, of: id, on: network) }
            try host.checkLinkLocal(endpoint.linkLocal, of: id, on: network)
            state.endpoints.append(endpoint)
            try host.containerStore.write(state, of: id)
        }
    }

    /// Makes the links of all endpoints.
    func connect(_ network: consuming NetworkNamespace?) throws(OperationError) {
        guard let network else { return }
        namespace = try JoinedNamespace(network)
        if state.endpoints.isEmpty, let namespace { try LoopbackNetwork.configure(&namespace.inside) }
        for index in state.endpoints.indices {
            try makeLink(index, leading: state.endpoints.families(ledBy: index))
        }
        // Not before: a socket that is bound while `lo` is down answers from another address than the one that was asked.
        try answerNames()
    }

    /// What `connect` has entered is left. The links go with the namespace, but that may be kept for a while: by a packet that waits for
    /// its receiver's address, by a connection that is not closed yet. Those that are on a link of the host's would have their MAC addresses
    /// there as long, so they are taken away.
    func leaveNamespace() {
        guard let namespace = self.namespace.take() else { return }
        for endpoint in state.endpoints {
            guard let driver = try? host.drivers.of(endpoint), driver.isBesideHost else { continue }
            do throws(OperationError) {
                try driver.detach(endpoint, &namespace.inside)
            } catch {
                host.warn("network \(endpoint.network): \(error)")
            }
        }
    }

    /// Nothing while it rests.
    func makeLink(_ index: Int, leading families: Set<AddressFamily>) throws(OperationError) {
        guard let namespace else { return }
        noteFirewall(of: index)
        state.endpoints[index] = try host.drivers.of(state.endpoints[index]).connect(
            state.endpoints[index], in: namespace.namespace, &namespace.inside, leading: families,
            isStale: host.isStale)
        let network = plan.networks.first { $0.id == state.endpoints[index].networkID }
        if let network { try host.registerAliases(of: state.endpoints[index], id, on: network) }
    }

    /// Returns when neighbours that ask for addresses of IPv6 are heard. Nothing while it rests.
    func settleAddresses(of endpoints: some Sequence<Endpoint>) throws(OperationError) {
        guard let namespace else { return }
        for endpoint in endpoints { try endpoint.settleAddress(&namespace.inside) }
    }

    /// From now on names can be asked for, if there are any: nobody answers yet.
    package func answerNames() throws(OperationError) {
        guard let namespace, state.endpoints.contains(where: \.hasNames) else { return }
        try namespace.answerNames()
    }
}

extension ContainerDefinition {
    /// A host name that was asked for is one that others know.
    fileprivate var hostAlias: [NetworkAlias] {
        hostname == id.short || hostname == name.text ? [] : NetworkAlias(hostname).map { [$0] } ?? []
    }
}
