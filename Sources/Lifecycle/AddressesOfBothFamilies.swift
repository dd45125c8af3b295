import Core
import Records

/// What a container has of a network's addresses.
struct LeasedAddresses {
    let address: IPAddress
    let address6: IPAddress?
}

extension Host {
    /// Leases what was asked for, or any. An address of IPv6 that was asked for alone brings the one of IPv4 that it goes with;
    /// one that goes with none is the container's alone when no other one's record has it.
    func leaseAddresses(
        from network: NetworkDefinition, for id: ContainerID, _ wish: EndpointWish
    ) throws(OperationError) -> LeasedAddresses {
        guard let asked = wish.address6 else {
            let address = try lease(from: network, for: id, requested: wish.address)
            return LeasedAddresses(address: address, address6: network.address6(beside: address))
        }
        try check(asked, on: network)
        let partner = network.address(beside: asked)
        if let partner { _ = try lease(from: network, for: id, requested: partner, named: asked) }
        do throws(OperationError) {
            let address = try lease(from: network, for: id, requested: wish.address ?? partner)
            return LeasedAddresses(address: address, address6: asked)
        } catch {
            if let partner { try? release([partner], from: network, of: id) }
            throw error
        }
    }

    /// What `leaseAddresses` would give. Nothing is changed.
    func nextAddresses(of network: NetworkDefinition, _ wish: EndpointWish) throws(OperationError) -> LeasedAddresses {
        guard let asked = wish.address6 else {
            let address = try nextAddress(of: network, requested: wish.address)
            return LeasedAddresses(address: address, address6: network.address6(beside: address))
        }
        try check(asked, on: network)
        let partner = network.address(beside: asked)
        if let partner { _ = try nextAddress(of: network, requested: partner, named: asked) }
        let address = try nextAddress(of: network, requested: wish.address ?? partner)
        return LeasedAddresses(address: address, address6: asked)
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
        if address == gateway.address {
            throw OperationError(
                "Address already in use", "\(address)", reason: "held by the network's gateway", kind: .conflict)
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
