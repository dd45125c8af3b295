import Core
import IPAM
import Linux
import Networking
import Store

extension Engine {
    /// Gets an address for a container, clearing dead containers away when there is none left.
    func lease(
        from network: NetworkDefinition, for id: ContainerID, requested: IPv4Address?
    ) throws(OperationError) -> IPv4Address {
        do throws(AddressPoolError) {
            return try tryLease(from: network, for: id, requested: requested)
        } catch {
            switch error {
            case .unusable(let failure): throw failure
            case .outOfRange:
                throw OperationError(
                    error.description, requested?.description, reason: "the network is \(network.subnet)")
            case .full, .taken: break
            }
        }
        try reclaimAll()
        try releaseOrphans(of: network)
        do throws(AddressPoolError) {
            return try tryLease(from: network, for: id, requested: requested)
        } catch {
            throw leaseError(error, network)
        }
    }

    private func leaseError(_ error: AddressPoolError, _ network: NetworkDefinition) -> OperationError {
        switch error {
        case .full:
            OperationError(
                "network \(network.name)", reason: error.description,
                remedy: "remove containers that are not needed, or use a network with a larger subnet", kind: .exhausted
            )
        case .taken(let address, let holder):
            OperationError(
                error.description, address.description,
                reason:
                    "held by \(holder.flatMap(containerName(of:)).map { "container \"\($0)\"" } ?? "the network's gateway")",
                kind: .conflict
            )
        default: error.operationError
        }
    }

    private func tryLease(
        from network: NetworkDefinition, for id: ContainerID, requested: IPv4Address?
    ) throws(AddressPoolError) -> IPv4Address {
        try withPool(of: network) { pool throws(AddressPoolError) in
            if let requested {
                try pool.reserve(requested, LeaseOwner(id))
                return requested
            }
            return try pool.allocate(LeaseOwner(id))
        }
    }

    /// Giving back what one does not have is no error.
    func release(_ address: IPv4Address, from network: NetworkDefinition, of id: ContainerID) throws(OperationError) {
        guard Files.exists(layout.addressPool(network.name)) else { return }
        do throws(AddressPoolError) {
            _ = try withPool(of: network) { pool throws(AddressPoolError) in try pool.release(address, LeaseOwner(id)) }
        } catch {
            throw error.operationError
        }
    }

    /// Frees addresses whose owner has no record at all: it was killed between the lease and the record.
    func releaseOrphans(of network: NetworkDefinition) throws(OperationError) {
        guard Files.exists(layout.addressPool(network.name)) else { return }
        do throws(AddressPoolError) {
            try withPool(of: network) { pool throws(AddressPoolError) in
                // Read with the lock held: who leases an address after that has its directory before.
                let alive: [ContainerID]
                do throws(OperationError) {
                    alive = try containerStore.runtimeIDs()
                } catch {
                    throw .unusable(error)
                }
                for lease in try pool.leases() where !alive.contains(where: lease.owner.isContainer) {
                    try pool.release(lease.address, lease.owner)
                }
            }
        } catch {
            throw error.operationError
        }
    }

    /// Frees what a container has leased whose supervisor was killed before it could record the address.
    func releaseLeases(of id: ContainerID, _ mode: ContainerDefinition.NetworkMode) throws(OperationError) {
        guard case .named(let name) = mode, let network = try networkStore.find(name.text),
            Files.exists(layout.addressPool(network.name))
        else { return }
        do throws(AddressPoolError) {
            try withPool(of: network) { pool throws(AddressPoolError) in
                for lease in try pool.leases() where lease.owner.isContainer(id) {
                    try pool.release(lease.address, lease.owner)
                }
            }
        } catch {
            throw error.operationError
        }
    }

    /// Whether a container has an address of a network, as the pool alone says.
    func hasLease(_ id: ContainerID, on network: NetworkDefinition) throws(OperationError) -> Bool {
        let path = layout.addressPool(network.name)
        guard Files.exists(path) else { return false }
        do throws(AddressPoolError) {
            let space = try AddressSpace(network.subnet, reserving: [network.gateway.address])
            return try AddressPoolFile.readLeases(path, space).contains { $0.owner.isContainer(id) }
        } catch {
            throw error.operationError
        }
    }

    private func containerName(of owner: LeaseOwner) -> String? {
        guard let id = (try? containerStore.runtimeIDs())?.first(where: owner.isContainer) else { return nil }
        return ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
    }

    /// Runs `body` with the network's lock held and its pool open. A pool that is not there, or that is damaged,
    /// is made from the containers' records; one of a newer mydocker is left as it is.
    private func withPool<Result>(
        of network: NetworkDefinition, _ body: (inout AddressPoolFile) throws(AddressPoolError) -> Result
    ) throws(AddressPoolError) -> Result {
        let lock = try lockPool(of: network)
        do throws(AddressPoolError) {
            let result = try withLockedPool(of: network, body)
            lock.release()
            return result
        } catch {
            lock.release()
            throw error
        }
    }

    private func lockPool(of network: NetworkDefinition) throws(AddressPoolError) -> FileLock {
        do throws(OperationError) {
            try Files.makeDirectory(layout.networkRuntime(network.name))
            return try FileLock.acquire(layout.networkLock(network.name))
        } catch {
            throw .unusable(error)
        }
    }

    private func withLockedPool<Result>(
        of network: NetworkDefinition, _ body: (inout AddressPoolFile) throws(AddressPoolError) -> Result
    ) throws(AddressPoolError) -> Result {
        let space = try AddressSpace(network.subnet, reserving: [network.gateway.address])
        let path = layout.addressPool(network.name)
        if !Files.exists(path) { try rebuildPool(path, space, network) }
        do throws(AddressPoolError) {
            var pool = try AddressPoolFile.open(path, space)
            return try body(&pool)
        } catch {
            guard case .unusable(let failure) = error, failure.kind != .newerVersion else { throw error }
            warn("\(failure); rebuilding it from the containers' records")
        }
        try rebuildPool(path, space, network)
        var pool = try AddressPoolFile.open(path, space)
        return try body(&pool)
    }

    private func rebuildPool(
        _ path: String, _ space: AddressSpace, _ network: NetworkDefinition
    ) throws(AddressPoolError) {
        var leases: [AddressLease] = []
        do throws(OperationError) {
            for id in try containerStore.runtimeIDs() {
                guard let endpoint = try containerStore.state(id)?.endpoint, endpoint.networkID == network.id else {
                    continue
                }
                leases.append(AddressLease(endpoint.address.address, LeaseOwner(id)))
            }
        } catch {
            // Without all the records an address that is in use would look free.
            throw .unusable(error)
        }
        try AddressPoolFile.rebuild(path, space, leases: leases)
    }
}
