import Core
import IPAM
import Synchronization

/// Gives out the addresses of a subnet of either family, from the lowest on, and keeps what it knows in memory.
final class MemoryAllocator: AddressAllocator, Sendable {
    private struct Knowledge {
        /// Nil: as where there is no file.
        var owners: [IPAddress: LeaseOwner]?
        var damage: OperationError?
    }

    private let subnet: Subnet
    private let gateway: IPAddress
    private let knowledge = Mutex(Knowledge())

    init(_ gateway: Subnet) { (subnet, self.gateway) = (gateway.network, gateway.address) }

    func forget() { knowledge.withLock { $0.owners = nil } }
    /// Until it is rebuilt.
    func damage(_ error: OperationError) { knowledge.withLock { $0.damage = error } }

    private func change<Result>(
        _ body: (inout [IPAddress: LeaseOwner]) throws(AddressPoolError) -> Result
    ) throws(AddressPoolError) -> Result {
        try knowledge.withLock { knowledge throws(AddressPoolError) in
            if let damage = knowledge.damage { throw .unusable(damage) }
            guard var owners = knowledge.owners else { throw .unusable(OperationError("nothing is known")) }
            defer { knowledge.owners = owners }
            return try body(&owners)
        }
    }

    private func take(
        _ address: IPAddress, _ owner: LeaseOwner, _ owners: inout [IPAddress: LeaseOwner]
    ) throws(AddressPoolError) {
        guard subnet.hosts.contains(address) else { throw .outOfRange(address, subnet) }
        guard address != gateway, owners[address] ?? owner == owner else {
            throw .taken(address, holder: owners[address])
        }
        owners[address] = owner
    }

    var exists: Bool { knowledge.withLock { $0.owners != nil } }

    func allocate(_ owner: LeaseOwner) throws(AddressPoolError) -> IPAddress {
        let address = try next(besides: [])
        try reserve(address, owner)
        return address
    }

    func next(besides others: Set<IPAddress>) throws(AddressPoolError) -> IPAddress {
        try change { owners throws(AddressPoolError) in
            var next: IPAddress? = subnet.hosts.lowerBound
            while let address = next, subnet.hosts.contains(address) {
                if address != gateway, owners[address] == nil, !others.contains(address) { return address }
                next = address.advanced(by: 1)
            }
            throw .full(subnet, capacity: owners.count)
        }
    }

    func reserve(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) {
        try change { owners throws(AddressPoolError) in try take(address, owner, &owners) }
    }

    func release(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool {
        try change { owners throws(AddressPoolError) in
            guard owners[address] == owner else { return false }
            owners[address] = nil
            return true
        }
    }

    func leases() throws(AddressPoolError) -> [AddressLease] {
        try change { owners throws(AddressPoolError) in
            owners.map { AddressLease($0.key, $0.value) }.sorted { $0.address < $1.address }
        }
    }

    func rebuild(_ leases: [AddressLease]) throws(AddressPoolError) -> [AddressLease] {
        knowledge.withLock { $0 = Knowledge(owners: [:]) }
        return try change { owners throws(AddressPoolError) in
            var refused: [AddressLease] = []
            for lease in leases {
                do throws(AddressPoolError) {
                    try take(lease.address, lease.owner, &owners)
                } catch {
                    refused.append(lease)
                }
            }
            return refused
        }
    }
}
