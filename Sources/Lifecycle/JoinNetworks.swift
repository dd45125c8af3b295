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

    /// From now on names can be asked for, if there are any: nobody answers yet.
    package func answerNames() throws(OperationError) {
        guard let namespace, state.endpoints.contains(where: \.hasNames) else { return }
        try namespace.answerNames()
    }
}

extension Endpoint {
    /// As a container gets it.
    /// - Parameters:
    ///   - interface: what it is called inside, where nobody asks for another name.
    ///   - aliases: what others call the container everywhere.
    init(
        _ id: EndpointID, on network: NetworkDefinition, _ wish: EndpointWish, at leased: LeasedAddresses,
        interface: String, ports: [PortMapping], aliases: [NetworkAlias]
    ) {
        let address = network.subnet.map { Subnet(leased.lease, $0.prefixLength) }
        // Of IPv6 only where a lease stands for it: others have the same last 32 bits.
        let own = address?.address ?? leased.address6.flatMap { network.lease(beside: $0) == nil ? nil : $0 }
        self.init(
            id: id, network: network.name, networkID: network.id, address: address,
            gateway: network.leadsOut ? network.gateway?.address : nil,
            mac: wish.mac ?? own.map { MACAddress(for: $0) } ?? id.mac,
            interface: wish.interface ?? interface, bridge: network.device, mtu: network.mtu, ports: ports)
        standIn = address == nil ? leased.lease : nil
        address6 = leased.address6.map { Subnet($0, network.subnet6?.prefixLength ?? 128) }
        gateway6 = network.leadsOut ? network.gateway6?.address : nil
        driver = network.driver
        firewall = network.firewall
        mode = network.options.mode
        self.aliases = wish.aliases + aliases.filter { !wish.aliases.contains($0) }
        linkLocal = wish.linkLocal
        gatewayPriority = wish.gatewayPriority
        isGatewayOfHost = network.options.hasHostAddress
        guard !network.options.membersMeet else { return }
        onlyPeer = network.gateway?.address
        onlyPeer6 = network.gateway6?.address
    }

    /// The first one with this prefix that no endpoint has or is asked to have.
    static func interface(_ prefix: String, beside others: [Endpoint], _ wishes: [EndpointWish]) -> String {
        let taken = others.map(\.interface) + wishes.compactMap(\.interface)
        return (0...taken.count).lazy.map { "\(prefix)\($0)" }.first { !taken.contains($0) } ?? "\(prefix)0"
    }
}

extension ContainerDefinition {
    /// A host name that was asked for is one that others know.
    fileprivate var hostAlias: [NetworkAlias] {
        hostname == id.short || hostname == name.text ? [] : NetworkAlias(hostname).map { [$0] } ?? []
    }
}
