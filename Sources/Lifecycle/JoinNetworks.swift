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
        for (wish, network) in zip(definition.networkMode.wishes, plan.networks) { try join(network, wish) }
        try host.containerStore.write(state, of: id)
    }

    func join(_ network: NetworkDefinition, _ wish: EndpointWish) throws(OperationError) {
        let reservation = try host.reservePorts(wish.publish, on: network)
        let leased = try host.leaseAddresses(from: network, for: id, wish)
        let endpoint = Endpoint(
            state.endpoints.contains { $0.id == id } ? .random() : id, on: network, wish, at: leased,
            beside: state.endpoints, ports: reservation.mappings, aliases: definition.hostAlias)
        do throws(OperationError) {
            try enter(endpoint, network, wish)
        } catch {
            try? host.release(endpoint.leases, from: network, of: id)
            throw error
        }
        if !wish.publish.isEmpty { ports = consume reservation }
    }

    /// What was asked for and no lease stands for is looked at and put on record by one container at a time.
    private func enter(
        _ endpoint: Endpoint, _ network: NetworkDefinition, _ wish: EndpointWish
    ) throws(OperationError) {
        let unleased = wish.address6.flatMap { network.address(beside: $0) == nil ? $0 : nil }
        if wish.mac == nil, unleased == nil { return state.endpoints.append(endpoint) }
        try FileLock.holding(host.layout.networkLock(network)) { () throws(OperationError) in
            if let mac = wish.mac { try host.checkMAC(mac, of: id, at: endpoint.address.address, on: network) }
            if let unleased { try host.checkUnused(unleased, of: id, on: network) }
            state.endpoints.append(endpoint)
            try host.containerStore.write(state, of: id)
        }
    }

    /// Makes the links of all endpoints. What is for elsewhere goes by the first network that leads there.
    func connect(_ network: consuming NetworkNamespace?) throws(OperationError) {
        guard let network else { return }
        namespace = try JoinedNamespace(network)
        if state.endpoints.isEmpty, let namespace { try LoopbackNetwork.configure(&namespace.inside) }
        let first = state.endpoints.firstIndex { $0.gateway != nil }
        for index in state.endpoints.indices { try makeLink(index, isDefaultRoute: index == first) }
        // Not before: a socket that is bound while `lo` is down answers from another address than the one that was asked.
        try answerNames()
    }

    /// Nothing while it rests.
    func makeLink(_ index: Int, isDefaultRoute: Bool) throws(OperationError) {
        guard let namespace else { return }
        state.endpoints[index] = try host.drivers.of(state.endpoints[index]).connect(
            state.endpoints[index], in: namespace.namespace, &namespace.inside, isDefaultRoute: isDefaultRoute,
            isStale: host.isStale)
        let network = plan.networks.first { $0.id == state.endpoints[index].networkID }
        if let network { try host.registerAliases(of: state.endpoints[index], id, on: network) }
    }

    /// From now on names can be asked for, if there are any: nobody answers yet.
    package func answerNames() throws(OperationError) {
        guard let namespace, state.endpoints.contains(where: \.hasNames) else { return }
        try namespace.answerNames()
    }
}

extension Endpoint {
    /// As a container gets it.
    /// - Parameters:
    ///   - others: the container's other ones.
    ///   - aliases: what others call the container everywhere.
    init(
        _ id: EndpointID, on network: NetworkDefinition, _ wish: EndpointWish, at leased: LeasedAddresses,
        beside others: [Endpoint], ports: [PortMapping], aliases: [NetworkAlias]
    ) {
        let address = leased.address
        let isTaken = { name in others.contains { $0.interface == name } }
        let interface = (0...others.count).lazy.map { "eth\($0)" }.first { !isTaken($0) }
        self.init(
            id: id, network: network.name, networkID: network.id,
            address: Subnet(address, network.subnet.prefixLength),
            gateway: network.isInternal ? nil : network.gateway.address, mac: wish.mac ?? MACAddress(for: address),
            interface: interface ?? "eth0", bridge: network.device, mtu: network.mtu, ports: ports)
        address6 = leased.address6.map { Subnet($0, network.subnet6?.prefixLength ?? 128) }
        gateway6 = network.isInternal ? nil : network.gateway6?.address
        driver = network.driver
        firewall = network.firewall
        self.aliases = wish.aliases + aliases.filter { !wish.aliases.contains($0) }
    }
}

extension ContainerDefinition {
    /// A host name that was asked for is one that others know.
    fileprivate var hostAlias: [NetworkAlias] {
        hostname == id.short || hostname == name.text ? [] : NetworkAlias(hostname).map { [$0] } ?? []
    }
}
