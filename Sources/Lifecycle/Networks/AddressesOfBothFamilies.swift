import Core
import Records

/// What a container has of a network's addresses.
struct LeasedAddresses {
    /// Its address of IPv4, where the network has such.
    let lease: IPAddress
    let address6: IPAddress?
}

extension Host {
    /// Leases what was asked for, or any. An address of IPv6 that was asked for alone brings the one of IPv4 that it goes with;
    /// one that goes with none is the container's alone when no other one's record has it.
    func leaseAddresses(
        from network: NetworkDefinition, for id: ContainerID, _ wish: EndpointWish
    ) throws(OperationError) -> LeasedAddresses {
        try checkFamilies(of: wish, on: network)
        guard let asked = wish.address6 else {
            let lease = try lease(from: network, for: id, requested: wish.address)
            return LeasedAddresses(lease: lease, address6: network.address6(beside: lease))
        }
        try check(asked, on: network)
        let partner = network.lease(beside: asked)
        if let partner { _ = try lease(from: network, for: id, requested: partner, named: asked) }
        do throws(OperationError) {
            let lease = try lease(from: network, for: id, requested: wish.address ?? partner)
            return LeasedAddresses(lease: lease, address6: asked)
        } catch {
            if let partner { try? release([partner], from: network, of: id) }
            throw error
        }
    }

    /// What `leaseAddresses` would give. Nothing is changed.
    func nextAddresses(of network: NetworkDefinition, _ wish: EndpointWish) throws(OperationError) -> LeasedAddresses {
        try checkFamilies(of: wish, on: network)
        guard let asked = wish.address6 else {
            let lease = try nextAddress(of: network, requested: wish.address)
            return LeasedAddresses(lease: lease, address6: network.address6(beside: lease))
        }
        try check(asked, on: network)
        let partner = network.lease(beside: asked)
        if let partner { _ = try nextAddress(of: network, requested: partner, named: asked) }
        let lease = try nextAddress(of: network, requested: wish.address ?? partner)
        return LeasedAddresses(lease: lease, address6: asked)
    }

    private func checkFamilies(of wish: EndpointWish, on network: NetworkDefinition) throws(OperationError) {
        if !network.givesAddresses {
            if wish.address != nil { throw network.givesNone("--ip") }
            if wish.address6 != nil { throw network.givesNone("--ip6") }
            if !wish.linkLocal.isEmpty { throw network.givesNone("--link-local-ip") }
        }
        guard wish.address != nil, network.gateway == nil else { return }
        throw OperationError(
            "network \(network.name) has no IPv4", remedy: "create it without --ipv4=false, or leave --ip away",
            kind: .invalid)
    }

    private func check(_ address: IPAddress, on network: NetworkDefinition) throws(OperationError) {
        guard let gateway = network.gateway6 else {
            throw OperationError(
                "network \(network.name) has no IPv6", remedy: "create it with --ipv6, or leave --ip6 away",
                kind: .invalid)
        }
        guard gateway.hosts.contains(address) else {
            throw OperationError(
                "address \(address)", reason: "the network is \(gateway.network)", kind: .invalid)
        }
        if let keeper = network.keeper(of: address) {
            throw OperationError(
                "Address already in use", "\(address)", reason: "held by \(keeper)", kind: .conflict)
        }
        guard try !foreignAddresses(on: network).contains(address) else {
            throw OperationError(
                "Address already in use", "\(address)", reason: "held by bridge \(JSON.quoted(network.device))",
                kind: .conflict)
        }
    }

    /// One that no lease stands for must be on no other record. The network's lock must be held, until it is on record here.
    func checkUnused(_ address: IPAddress, of id: ContainerID, on network: NetworkDefinition) throws(OperationError) {
        let holder = try members(of: network).first { $0.id != id && $0.endpoint.address6?.address == address }
        guard let holder, isSupervised(holder.id) else { return }
        let name = ((try? containerStore.definition(holder.id)) ?? nil)?.name.text ?? holder.id.short
        throw OperationError(
            "Address already in use", "\(address)", reason: "held by container \"\(name)\"", kind: .conflict)
    }
}

extension NetworkDefinition {
    /// - Parameter flag: that asks for what goes with an address alone.
    package func givesNone(_ flag: String) -> OperationError {
        OperationError(
            "network \(name) gives no addresses (--ipam-driver null)",
            remedy: "leave \(flag) away, or use another network", kind: .invalid)
    }
}
