import Core
import Glibc
import Linux

/// An address pool in a file that survives its users: any of them may be killed at any moment.
///
/// The caller holds the network's lock from before `create`, `open` or `rebuild` until it is done with the value: this
/// type takes no lock (only `readLeases` needs none). Nothing is synced to disk, since the file lies on a tmpfs.
///
/// A file that is damaged is reported and left as it is (B02); `rebuild` makes a new one.
package struct AddressPoolFile: ~Copyable {
    /// What an error about a damaged file tells the user to do.
    package static let repairRemedy = "rebuild it from the containers' records: mydocker system check --repair"

    private var pool: AddressPool<PoolFile>

    private init(_ pool: consuming AddressPool<PoolFile>) { self.pool = pool }

    /// A pool with nothing in use. It is there whole or not at all.
    /// - Throws: EEXIST when there is one.
    package static func create(_ path: String, _ space: AddressSpace) throws(AddressPoolError) -> AddressPoolFile {
        let temporary = path + ".new"
        defer { _ = temporary.withKernelString { unlink($0) } }
        let pool = try new(temporary, space)
        try PoolFile.passFaultPoint("create address pool", path)
        guard Files.makeHardLink(path, to: temporary) else {
            throw .unusable(OperationError("create address pool", path, errno: errno))
        }
        return AddressPoolFile(pool)
    }

    /// - Throws: `.unusable` when there is no file, or one that is damaged or of another subnet or gateway.
    package static func open(
        _ path: String, _ space: AddressSpace
    ) throws(AddressPoolError) -> AddressPoolFile {
        try open(path, space, O_RDWR)
    }

    private static func open(
        _ path: String, _ space: AddressSpace, _ flags: Int32
    ) throws(AddressPoolError) -> AddressPoolFile {
        let file = PoolFile(try descriptor(path, flags, "open address pool"), path: path)
        try file.checkSize(PoolLayout(space).size)
        return AddressPoolFile(try AddressPool(space, in: file))
    }

    /// Replaces the file, if there is one, by a pool in which exactly `leases` are in use.
    /// - Returns: the leases that have no place in it: no address of the subnet, or one that an earlier lease has.
    @discardableResult
    package static func rebuild(
        _ path: String, _ space: AddressSpace, leases: [AddressLease]
    ) throws(AddressPoolError) -> [AddressLease] {
        let temporary = path + ".new"
        defer { _ = temporary.withKernelString { unlink($0) } }
        var pool = try new(temporary, space)
        var refused: [AddressLease] = []
        for lease in leases where try !accepts(lease, &pool) { refused.append(lease) }
        try pool.moveCursorBehindLeases()
        try PoolFile.passFaultPoint("replace address pool", path)
        guard Files.rename(temporary, to: path) else {
            throw .unusable(OperationError("replace address pool", path, errno: errno))
        }
        return refused
    }

    private static func accepts(
        _ lease: AddressLease, _ pool: inout AddressPool<PoolFile>
    ) throws(AddressPoolError) -> Bool {
        do throws(AddressPoolError) {
            try pool.reserve(lease.address, lease.owner)
            return true
        } catch .taken, .outOfRange {
            return false
        }
    }

    private static func new(_ path: String, _ space: AddressSpace) throws(AddressPoolError) -> AddressPool<PoolFile> {
        // One that a killed command left may be a second name of the pool itself: removed, not truncated.
        try PoolFile.passFaultPoint("remove", path)
        _ = path.withKernelString { unlink($0) }
        let file = PoolFile(try descriptor(path, O_RDWR | O_CREAT | O_EXCL, "create address pool"), path: path)
        try file.setSize(PoolLayout(space).size)
        return try AddressPool(new: space, in: file)
    }

    private static func descriptor(
        _ path: String, _ flags: Int32, _ operation: String
    ) throws(AddressPoolError) -> Descriptor {
        do throws(OperationError) {
            return try Descriptor.open(path, flags, as: operation)
        } catch {
            throw .unusable(error)
        }
    }
}

extension AddressPoolFile {
    package var subnet: CIDR { pool.space.subnet }
    /// How many addresses there are to give out, in use or not.
    package var capacity: Int { pool.space.capacity }

    /// The next address in turn, or `preferred` if that is free.
    package mutating func allocate(
        _ owner: LeaseOwner, preferring preferred: IPv4Address? = nil
    ) throws(AddressPoolError) -> IPv4Address {
        try pool.allocate(owner, preferring: preferred)
    }

    /// One particular address. An owner who has it already keeps it.
    /// - Throws: `.taken` or `.outOfRange`.
    package mutating func reserve(_ address: IPv4Address, _ owner: LeaseOwner) throws(AddressPoolError) {
        try pool.reserve(address, owner)
    }

    /// - Returns: false, with nothing changed, when `address` is not `owner`'s or none of this subnet's (B12).
    @discardableResult
    package mutating func release(_ address: IPv4Address, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool {
        try pool.release(address, owner)
    }

    package mutating func owner(of address: IPv4Address) throws(AddressPoolError) -> LeaseOwner? {
        try pool.owner(of: address)
    }

    /// By address. Its cost grows with the leases, not with the subnet.
    package mutating func leases() throws(AddressPoolError) -> [AddressLease] { try pool.leases() }
    package mutating func inUse() throws(AddressPoolError) -> Int { try pool.inUse() }

    /// The leases as a reader without the lock sees them: each was there at some time during the call.
    package static func readLeases(_ path: String, _ space: AddressSpace) throws(AddressPoolError) -> [AddressLease] {
        // A page that is being written can be read half new, which looks like damage; so can one just given back.
        for _ in 0..<32 {
            if let leases = try? readLeasesOnce(path, space) { return leases }
        }
        return try readLeasesOnce(path, space)
    }

    private static func readLeasesOnce(
        _ path: String, _ space: AddressSpace
    ) throws(AddressPoolError) -> [AddressLease] {
        var pool = try open(path, space, O_RDONLY)
        return try pool.leases()
    }
}
