import Core

@testable import IPAM

/// A pool in memory as an object, which `#expect` can call.
final class MemoryPool {
    private var pool: AddressPool<MemoryPages>
    let memory: Memory
    let space: AddressSpace

    /// A new pool.
    init(new space: AddressSpace, _ memory: Memory = Memory()) throws {
        (self.space, self.memory) = (space, memory)
        pool = try AddressPool(new: space, in: MemoryPages(memory: memory))
    }

    /// The pool that the pages hold.
    init(_ space: AddressSpace, _ memory: Memory) throws {
        (self.space, self.memory) = (space, memory)
        pool = try AddressPool(space, in: MemoryPages(memory: memory))
    }

    /// Forgets what was read so far.
    func reopen() throws { pool = try AddressPool(space, in: MemoryPages(memory: memory)) }

    func allocate(_ owner: LeaseOwner, preferring preferred: IPAddress? = nil) throws(AddressPoolError) -> IPAddress {
        try pool.allocate(owner, preferring: preferred)
    }
    func reserve(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) {
        try pool.reserve(address, owner)
    }
    @discardableResult
    func release(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool {
        try pool.release(address, owner)
    }
    func owner(of address: IPAddress) throws(AddressPoolError) -> LeaseOwner? { try pool.owner(of: address) }
    func leases() throws(AddressPoolError) -> [AddressLease] { try pool.leases() }
    func inUse() throws(AddressPoolError) -> Int { try pool.inUse() }
}
