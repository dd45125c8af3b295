import Core
import Glibc
import Linux

/// An address pool in a file that survives its users: any of them may be killed at any moment. Nothing is synced to disk,
/// since the file lies on a tmpfs.
///
/// A file that is not there, or is of another subnet or gateway, is an error, `.unusable`. So is one that is damaged, which is
/// left as it is (B02); `rebuild` makes a new one.
package struct AddressPoolFile {
    /// What an error about a damaged file tells the user to do.
    static let repairRemedy = "rebuild it from the containers' records: \(Program.current.name) system check --repair"

    private let path: String
    private let space: AddressSpace

    package init(_ path: String, _ space: AddressSpace) {
        self.path = path
        self.space = space
    }

    func open(_ flags: Int32 = O_RDWR) throws(AddressPoolError) -> AddressPool<PoolFile> {
        let file = PoolFile(try Self.descriptor(path, flags, "open address pool"), path: path)
        try file.checkSize(PoolLayout(space).size)
        return try AddressPool(space, in: file)
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

extension AddressPoolFile: AddressAllocator {
    package var exists: Bool { Files.exists(path) }

    /// The next address in turn.
    package func allocate(_ owner: LeaseOwner) throws(AddressPoolError) -> IPAddress {
        var pool = try open()
        return try pool.allocate(owner)
    }

    package func next(besides others: Set<IPAddress>) throws(AddressPoolError) -> IPAddress {
        if !exists {
            let free = space.assignable.lazy.map(space.address).first { !others.contains($0) }
            guard let free else { throw .full(space.subnet, capacity: space.assignable.count) }
            return free
        }
        let file = PoolFile(try Self.descriptor(path, O_RDONLY, "open address pool"), path: path)
        try file.checkSize(PoolLayout(space).size)
        var pool = try AddressPool(space, in: UnchangedPages(file))
        while true {
            let address = try pool.allocate(LeaseOwner(words: .max, .max))
            if !others.contains(address) { return address }
        }
    }

    package func reserve(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) {
        var pool = try open()
        try pool.reserve(address, owner)
    }

    @discardableResult
    package func release(_ address: IPAddress, _ owner: LeaseOwner) throws(AddressPoolError) -> Bool {
        var pool = try open()
        return try pool.release(address, owner)
    }

    /// Its cost grows with the leases, not with the subnet.
    package func leases() throws(AddressPoolError) -> [AddressLease] {
        // A page that is being written can be read half new, which looks like damage; so can one just given back.
        for _ in 0..<32 {
            if let leases = try? readLeases() { return leases }
        }
        return try readLeases()
    }

    private func readLeases() throws(AddressPoolError) -> [AddressLease] {
        var pool = try open(O_RDONLY)
        return try pool.leases()
    }
}

// MARK: - A new file

extension AddressPoolFile {
    @discardableResult
    package func rebuild(_ leases: [AddressLease]) throws(AddressPoolError) -> [AddressLease] {
        let temporary = path + ".new"
        defer { _ = temporary.withKernelString { unlink($0) } }
        var pool = try new(temporary)
        var refused: [AddressLease] = []
        for lease in leases where try !accepts(lease, &pool) { refused.append(lease) }
        try pool.moveCursorBehindLeases()
        try PoolFile.passFaultPoint("replace address pool", path)
        guard Files.rename(temporary, to: path) else {
            throw .unusable(OperationError("replace address pool", path, errno: errno))
        }
        return refused
    }

    private func accepts(
        _ lease: AddressLease, _ pool: inout AddressPool<PoolFile>
    ) throws(AddressPoolError) -> Bool {
        do throws(AddressPoolError) {
            try pool.reserve(lease.address, lease.owner)
            return true
        } catch .taken, .outOfRange {
            return false
        }
    }

    private func new(_ path: String) throws(AddressPoolError) -> AddressPool<PoolFile> {
        // One that a killed command left is removed, not written over: somebody may have it open.
        try PoolFile.passFaultPoint("remove", path)
        _ = path.withKernelString { unlink($0) }
        let file = PoolFile(try Self.descriptor(path, O_RDWR | O_CREAT | O_EXCL, "create address pool"), path: path)
        try file.setSize(PoolLayout(space).size)
        return try AddressPool(new: space, in: file)
    }
}

/// The pages of a file: what is written stays in memory.
private struct UnchangedPages: PoolPages, ~Copyable {
    private let file: PoolFile
    /// For whoever reads it here again.
    private var written: [Int: Page] = [:]

    init(_ file: consuming PoolFile) { self.file = file }

    func read(_ number: Int) throws(AddressPoolError) -> Page {
        if let page = written[number] { return page }
        return try file.read(number)
    }
    mutating func write(_ page: Page, _ number: Int) { written[number] = page }
    func discard(_ number: Int) {}
    func damaged(_ number: Int, _ damage: PageDamage) -> AddressPoolError { file.damaged(number, damage) }
}
