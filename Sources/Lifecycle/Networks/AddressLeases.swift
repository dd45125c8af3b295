import Core
import Glibc
import IPAM
import Linux
import Networking
import Records

extension Host {
    /// Gets an address for a container, clearing dead containers away when there is none left.
    /// - Parameter name: what an error calls the requested one; nil: itself.
    package func lease(
        from network: NetworkDefinition, for id: ContainerID, requested: IPAddress?, named name: IPAddress? = nil
    ) throws(OperationError) -> IPAddress {
        do throws(AddressPoolError) {
            return try tryLease(from: network, for: id, requested: requested)
        } catch {
            switch error {
            case .unusable, .outOfRange: throw leaseError(error, network, name)
            case .full, .taken: break
            }
        }
        try reclaimAll()
        try releaseOrphans(of: network)
        do throws(AddressPoolError) {
            return try tryLease(from: network, for: id, requested: requested)
        } catch {
            throw leaseError(error, network, name)
        }
    }

    /// The address that `lease` would give, of a network that may not be there yet. Nothing is changed.
    /// - Parameter name: as in `lease`.
    func nextAddress(
        of network: NetworkDefinition, requested: IPAddress?, named name: IPAddress? = nil
    ) throws(OperationError) -> IPAddress {
        do throws(AddressPoolError) {
            let allocator = try allocator(of: network)
            let foreign = try foreignLeases(on: network)
            guard let requested else { return try allocator.next(besides: foreign) }
            let space = network.leaseSpace
            guard space.hosts.contains(requested) else { throw .outOfRange(requested, space) }
            let leases = allocator.exists ? try allocator.leases() : []
            let holder = leases.first { $0.address == requested }?.owner
            if holder != nil || foreign.union(network.reservedLeases).contains(requested) {
                throw .taken(requested, holder: holder)
            }
            return requested
        } catch {
            throw leaseError(error, network, name)
        }
    }

    private func exhaustion(of subnet: Subnet, _ capacity: Int, _ network: NetworkDefinition) -> OperationError {
        let subject = "network \(network.name)"
        guard let range = network.range(of: subnet.family) else {
            return OperationError(
                subject, reason: AddressPoolError.full(subnet, capacity: capacity).description,
                remedy: "remove containers that are not needed, or use a network with a larger subnet", kind: .exhausted
            )
        }
        return OperationError(
            subject,
            reason: "no available addresses in the range \(range) of \(subnet) (\(capacity) of \(capacity) in use)",
            remedy:
                "remove containers that are not needed, name an address by --\(subnet.family == .ipv4 ? "ip" : "ip6"), "
                + "or make the network anew with a larger --ip-range", kind: .exhausted)
    }

    private func leaseError(
        _ error: AddressPoolError, _ network: NetworkDefinition, _ name: IPAddress?
    ) -> OperationError {
        switch error {
        case .full(let space, let capacity): exhaustion(of: network.gateways.first?.network ?? space, capacity, network)
        case .taken(let address, let holder):
            OperationError(
                error.description, (name ?? address).description,
                reason: "held by \(self.holder(of: address, holder, network))",
                kind: .conflict
            )
        case .outOfRange(let address, _):
            OperationError(
                error.description, (name ?? address).description,
                reason: "the network is \(network.leaseSpace)"
            )
        case .unusable(let failure): failure
        }
    }

    private func holder(of address: IPAddress, _ owner: LeaseOwner?, _ network: NetworkDefinition) -> String {
        if let container = owner.flatMap(containerName(of:)) { return "container \"\(container)\"" }
        if let keeper = network.keeper(of: address) { return keeper }
        let isGateway = network.reservedLeases.contains(address)
        return isGateway ? "the network's gateway" : "bridge \(JSON.quoted(network.device))"
    }

    private func tryLease(
        from network: NetworkDefinition, for id: ContainerID, requested: IPAddress?
    ) throws(AddressPoolError) -> IPAddress {
        try makeRuntime(of: network)
        let foreign = try foreignLeases(on: network)
        return try withAllocator(of: network, ifDefined: true) { allocator throws(AddressPoolError) in
            if let requested {
                if foreign.contains(requested) { throw .taken(requested, holder: nil) }
                try allocator.reserve(requested, LeaseOwner(id))
                return requested
            }
            return try allocator.allocate(LeaseOwner(id), besides: foreign)
        }
    }

    /// Giving back what one does not have is no error.
    package func release(
        _ addresses: [IPAddress], from network: NetworkDefinition, of id: ContainerID
    ) throws(OperationError) {
        try withLeases(of: network) { allocator throws(AddressPoolError) in
            for address in addresses { try allocator.release(address, LeaseOwner(id)) }
        }
    }

    /// Frees addresses whose owner has no record at all: it was killed between the lease and the record.
    package func releaseOrphans(of network: NetworkDefinition) throws(OperationError) {
        try withLeases(of: network) { allocator throws(AddressPoolError) in
            // Read with the lock held: who leases an address after that has its directory before.
            let alive: [ContainerID]
            do throws(OperationError) {
                alive = try containerStore.runtimeIDs()
            } catch {
                throw .unusable(error)
            }
            for lease in try allocator.leases() where !alive.contains(where: lease.owner.isContainer) {
                try allocator.release(lease.address, lease.owner)
            }
        }
    }

    /// Frees what a container has leased whose supervisor was killed before it could record the addresses.
    func releaseLeases(of id: ContainerID, _ mode: NetworkMode) throws(OperationError) {
        for wish in mode.wishes {
            guard let network = try networkStore.definition(named: wish.network) else { continue }
            try releaseLeases(of: id, on: network)
        }
    }

    private func releaseLeases(of id: ContainerID, on network: NetworkDefinition) throws(OperationError) {
        let owner = LeaseOwner(id)
        try withLeases(of: network) { allocator throws(AddressPoolError) in
            for address in try allocator.addresses(of: owner) { try allocator.release(address, owner) }
        }
    }

    /// Whether a container has an address of a network, as the pool alone says.
    package func hasLease(_ id: ContainerID, on network: NetworkDefinition) throws(OperationError) -> Bool {
        try leases(of: network).contains { $0.owner.isContainer(id) }
    }

    /// As a reader without the lock sees them.
    package func leases(of network: NetworkDefinition) throws(OperationError) -> [AddressLease] {
        do throws(AddressPoolError) {
            let allocator = try allocator(of: network)
            return allocator.exists ? try allocator.leases() : []
        } catch {
            throw error.operationError
        }
    }

    /// The containers that have an address of a network and a supervisor that lives: some may not have it on record yet.
    package func leaseholders(of network: NetworkDefinition) throws(OperationError) -> [ContainerID] {
        let leases = try leases(of: network)
        return try containerStore.runtimeIDs().filter { id in
            leases.contains { $0.owner.isContainer(id) } && isSupervised(id)
        }
    }

    private func containerName(of owner: LeaseOwner) -> String? {
        guard let id = (try? containerStore.runtimeIDs())?.first(where: owner.isContainer) else { return nil }
        return ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
    }

    /// The directory of a network that is removed meanwhile would stay for ever: whoever removes one has the registry's
    /// lock.
    private func makeRuntime(of network: NetworkDefinition) throws(AddressPoolError) {
        let directory = layout.networkRuntime(network.key)
        if Files.exists(directory) { return }
        do throws(OperationError) {
            try FileLock.holding(layout.registryLock) { () throws(OperationError) in
                try checkDefined(network)
                try Files.makeDirectory(directory)
            }
        } catch {
            throw .unusable(error)
        }
    }

    func checkDefined(_ network: NetworkDefinition) throws(OperationError) {
        guard try networkStore.isDefined(network) else { throw gone(network) }
    }

    private func gone(_ network: NetworkDefinition) -> OperationError {
        OperationError("network \(network.name) not found", kind: .notFound)
    }

    private func allocator(of network: NetworkDefinition) throws(AddressPoolError) -> any AddressAllocator {
        try allocators(network, layout.addressPool(network))
    }

    /// Takes something back, where anything was ever given out.
    private func withLeases<Result>(
        of network: NetworkDefinition, _ body: (any AddressAllocator) throws(AddressPoolError) -> Result
    ) throws(OperationError) {
        do throws(AddressPoolError) {
            guard try allocator(of: network).exists else { return }
            _ = try withAllocator(of: network, body)
        } catch {
            throw error.operationError
        }
    }

    /// Runs `body` with the network's lock held. What is not known of its addresses, or damaged, is taken from the containers'
    /// records, and `body` run again; what a newer mydocker has written is left as it is.
    /// - Parameter ifDefined: refuses when the network is not there any more. Who has the lock and an address keeps it.
    private func withAllocator<Result>(
        of network: NetworkDefinition, ifDefined: Bool = false,
        _ body: (any AddressAllocator) throws(AddressPoolError) -> Result
    ) throws(AddressPoolError) -> Result {
        let lock = try lockPool(of: network, ifDefined: ifDefined)
        do throws(AddressPoolError) {
            let result = try withLockedAllocator(of: network, body)
            lock.release()
            return result
        } catch {
            lock.release()
            throw error
        }
    }

    private func lockPool(of network: NetworkDefinition, ifDefined: Bool) throws(AddressPoolError) -> FileLock {
        do throws(OperationError) {
            let lock = try FileLock.acquire(layout.networkLock(network))
            if ifDefined { try checkDefined(network) }
            return lock
        } catch {
            // The directory went with the network.
            throw .unusable(error.errno == ENOENT && ifDefined ? gone(network) : error)
        }
    }

    private func withLockedAllocator<Result>(
        of network: NetworkDefinition, _ body: (any AddressAllocator) throws(AddressPoolError) -> Result
    ) throws(AddressPoolError) -> Result {
        let allocator = try allocator(of: network)
        if !allocator.exists { try allocator.rebuild(try recordedLeases(of: network)) }
        do throws(AddressPoolError) {
            return try body(allocator)
        } catch {
            guard case .unusable(let failure) = error, failure.kind != .newerVersion else { throw error }
            warn("\(failure); rebuilding it from the containers' records")
        }
        try allocator.rebuild(try recordedLeases(of: network))
        return try body(allocator)
    }

    private func recordedLeases(of network: NetworkDefinition) throws(AddressPoolError) -> [AddressLease] {
        var leases: [AddressLease] = []
        do throws(OperationError) {
            for id in try containerStore.runtimeIDs() {
                for endpoint in try containerStore.state(id)?.endpoints ?? [] where endpoint.networkID == network.id {
                    leases += endpoint.leases.map { AddressLease($0, LeaseOwner(id)) }
                }
            }
        } catch {
            // Without all the records an address that is in use would look free.
            throw .unusable(error)
        }
        return leases
    }
}
