import Core
import Glibc
import IPAM
import Linux
import Networking
import Records

extension Host {
    /// Gets an address for a container, clearing dead containers away when there is none left.
    package func lease(
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
        try makeRuntime(of: network)
        return try withPool(of: network, ifDefined: true) { pool throws(AddressPoolError) in
            if let requested {
                try pool.reserve(requested, LeaseOwner(id))
                return requested
            }
            return try pool.allocate(LeaseOwner(id))
        }
    }

    /// Giving back what one does not have is no error.
    package func release(_ address: IPv4Address, from network: NetworkDefinition, of id: ContainerID)
        throws(OperationError)
    {
        guard Files.exists(layout.addressPool(network)) else { return }
        do throws(AddressPoolError) {
            _ = try withPool(of: network) { pool throws(AddressPoolError) in try pool.release(address, LeaseOwner(id)) }
        } catch {
            throw error.operationError
        }
    }

    /// Frees addresses whose owner has no record at all: it was killed between the lease and the record.
    package func releaseOrphans(of network: NetworkDefinition) throws(OperationError) {
        guard Files.exists(layout.addressPool(network)) else { return }
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

    /// Frees what a container has leased whose supervisor was killed before it could record the addresses.
    func releaseLeases(of id: ContainerID, _ mode: NetworkMode) throws(OperationError) {
        for wish in mode.wishes {
            guard let network = try networkStore.definition(named: wish.network) else { continue }
            try releaseLeases(of: id, on: network)
        }
    }

    private func releaseLeases(of id: ContainerID, on network: NetworkDefinition) throws(OperationError) {
        guard Files.exists(layout.addressPool(network)) else { return }
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
    package func hasLease(_ id: ContainerID, on network: NetworkDefinition) throws(OperationError) -> Bool {
        try leases(of: network).contains { $0.owner.isContainer(id) }
    }

    /// As a reader without the lock sees them.
    private func leases(of network: NetworkDefinition) throws(OperationError) -> [AddressLease] {
        let path = layout.addressPool(network)
        guard Files.exists(path) else { return [] }
        do throws(AddressPoolError) {
            let space = try AddressSpace(network.subnet, reserving: [network.gateway.address])
            return try AddressPoolFile.readLeases(path, space)
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

    /// Runs `body` with the network's lock held and its pool open. A pool that is not there, or that is damaged,
    /// is made from the containers' records; one of a newer mydocker is left as it is.
    /// - Parameter ifDefined: refuses when the network is not there any more. Who has the lock and an address keeps it.
    private func withPool<Result>(
        of network: NetworkDefinition, ifDefined: Bool = false,
        _ body: (inout AddressPoolFile) throws(AddressPoolError) -> Result
    ) throws(AddressPoolError) -> Result {
        let lock = try lockPool(of: network, ifDefined: ifDefined)
        do throws(AddressPoolError) {
            let result = try withLockedPool(of: network, body)
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

    private func withLockedPool<Result>(
        of network: NetworkDefinition, _ body: (inout AddressPoolFile) throws(AddressPoolError) -> Result
    ) throws(AddressPoolError) -> Result {
        let space = try AddressSpace(network.subnet, reserving: [network.gateway.address])
        let path = layout.addressPool(network)
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
                for endpoint in try containerStore.state(id)?.endpoints ?? [] where endpoint.networkID == network.id {
                    leases.append(AddressLease(endpoint.address.address, LeaseOwner(id)))
                }
            }
        } catch {
            // Without all the records an address that is in use would look free.
            throw .unusable(error)
        }
        try AddressPoolFile.rebuild(path, space, leases: leases)
    }
}
