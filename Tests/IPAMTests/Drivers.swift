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

    func allocate(_ owner: LeaseOwner, preferring preferred: IPv4Address? = nil) throws(AddressPoolError) -> IPv4Address
    {
        try pool.allocate(owner, preferring: preferred)
    }
    func reserve(_ address: IPv4Address, _ owner: LeaseOwner) throws(AddressPoolError) {
        try pool.reserve(address, owner)
    }
    @discardableResult
    func release(_ address: IPv4Address, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool {
        try pool.release(address, owner)
    }
    func owner(of address: IPv4Address) throws(AddressPoolError) -> LeaseOwner? { try pool.owner(of: address) }
    func leases() throws(AddressPoolError) -> [AddressLease] { try pool.leases() }
    func inUse() throws(AddressPoolError) -> Int { try pool.inUse() }
}

/// The same of a pool in a file.
final class FilePool {
    private var pool: AddressPoolFile
    let path: String
    let space: AddressSpace

    init(create path: String, _ space: AddressSpace) throws(AddressPoolError) {
        (self.space, self.path) = (space, path)
        pool = try AddressPoolFile.create(path, space)
    }
    init(open path: String, _ space: AddressSpace) throws(AddressPoolError) {
        (self.space, self.path) = (space, path)
        pool = try AddressPoolFile.open(path, space)
    }

    func reopen() throws { pool = try AddressPoolFile.open(path, space) }
    func allocate(_ owner: LeaseOwner, preferring preferred: IPv4Address? = nil) throws(AddressPoolError) -> IPv4Address
    {
        try pool.allocate(owner, preferring: preferred)
    }
    func reserve(_ address: IPv4Address, _ owner: LeaseOwner) throws(AddressPoolError) {
        try pool.reserve(address, owner)
    }
    @discardableResult
    func release(_ address: IPv4Address, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool {
        try pool.release(address, owner)
    }
    func owner(of address: IPv4Address) throws(AddressPoolError) -> LeaseOwner? { try pool.owner(of: address) }
    func leases() throws(AddressPoolError) -> [AddressLease] { try pool.leases() }
    func inUse() throws(AddressPoolError) -> Int { try pool.inUse() }
    var capacity: Int { pool.capacity }
}
