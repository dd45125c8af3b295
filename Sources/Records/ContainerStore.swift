import Core
import Glibc
import Linux

/// The records of all containers.
package struct ContainerStore: Sendable {
    package let layout: Layout
    package init(_ layout: Layout) { self.layout = layout }

    // MARK: Names

    /// - Returns: false when the name is taken.
    package func reserve(_ name: Name, for id: ContainerID) throws(OperationError) -> Bool {
        try Files.makeSymbolicLink(layout.name(name), to: id.compact)
    }

    /// Links that were made before have all digits in them.
    package func owner(of name: Name) -> ContainerID? {
        Files.link(layout.name(name)).flatMap { ContainerID.ofCompact($0) ?? ContainerID($0) }
    }

    /// The name that is reserved for a container whose record cannot be read.
    private func name(of id: ContainerID) throws(OperationError) -> Name? {
        try Files.names(in: layout.names).compactMap(Name.init).first { owner(of: $0) == id }
    }

    package func release(_ name: Name, of id: ContainerID) throws(OperationError) {
        try holdingNames { () throws(OperationError) in
            if owner(of: name) == id { try Files.remove(layout.name(name)) }
        }
    }

    /// One at a time: between a look at a name and its removal nobody else may make room for another container of that name.
    func holdingNames<Result>(_ body: () throws(OperationError) -> Result) throws(OperationError) -> Result {
        let names = try Descriptor.open(layout.names, O_RDONLY | O_DIRECTORY)
        try names.lock(named: layout.names)
        defer { withExtendedLifetime(names) {} }
        return try body()
    }

    /// Finds a container by whole id, exact name, or unique start of an id; in that order.
    package func find(_ text: String) throws(OperationError) -> ContainerID {
        guard !text.isEmpty else {
            throw OperationError("invalid container name or ID: value is empty", kind: .invalid)
        }
        // As `inspect` writes names, and Docker takes them.
        if text.hasPrefix("/"), text.utf8.count > 1 { return try find(String(text.dropFirst())) }
        // First, so that no name hides a container from who has its id.
        if let id = ContainerID(text), Files.exists(layout.container(id)) { return id }
        if let name = Name(text), let id = owner(of: name) { return id }
        let isPrefix = text.utf8.allSatisfy(\.isLowercaseHexDigit)
        let matches = isPrefix ? try ids().filter { $0.hex.hasPrefix(text) } : []
        guard matches.count < 2 else {
            throw OperationError("multiple IDs found with provided prefix: \(text)", kind: .conflict)
        }
        guard let match = matches.first else { throw OperationError.noContainer(text) }
        return match
    }

    // MARK: Records

    package func ids() throws(OperationError) -> [ContainerID] {
        try Files.names(in: layout.containers).compactMap(ContainerID.init)
    }
    package func runtimeIDs() throws(OperationError) -> [ContainerID] {
        try Files.names(in: layout.runtimeContainers).compactMap(ContainerID.init)
    }

    package func definition(_ id: ContainerID) throws(OperationError) -> ContainerDefinition? {
        let path = layout.definition(id)
        guard let definition: ContainerDefinition = try RecordFile.read(path) else { return nil }
        guard definition.id == id else { throw RecordFile.damage(path, "it is of container \(definition.id.short)") }
        return definition
    }
    package func state(_ id: ContainerID) throws(OperationError) -> ContainerState? {
        var state: ContainerState? = try RecordFile.read(layout.containerState(id))
        state?.adopt(id)
        return state
    }
    package func exit(_ id: ContainerID) throws(OperationError) -> ContainerExit? {
        try RecordFile.read(layout.exit(id))
    }

    /// Whether somebody has its lock: its supervisor, or another process that is at work on it.
    package func isHeld(_ id: ContainerID) -> Bool { FileLock.isHeld(layout.containerLock(id)) }

    /// Whether it was made and has never begun.
    package func isCreated(_ id: ContainerID) -> Bool { Files.exists(layout.created(id)) }
    package func markCreated(_ id: ContainerID) throws(OperationError) { try Files.create(layout.created(id), []) }

    /// Its program runs: neither what is said of one that never did, nor how it ended the last time, is true any more.
    package func noteBeginning(of id: ContainerID) throws(OperationError) {
        for path in [layout.created(id), layout.exit(id)] where Files.exists(path) { try Files.remove(path) }
    }

    // MARK: Directories

    /// Makes the container's directories and writes its definition.
    package func create(_ definition: ContainerDefinition) throws(OperationError) {
        let directory = layout.container(definition.id)
        try Files.makeDirectory(directory, existing: false)
        try Files.makeDirectory(layout.upper(definition.id), mode: 0o755)
        try Files.makeDirectory(layout.work(definition.id))
        try RecordFile.write(definition, to: layout.definition(definition.id))
    }

    /// The lock goes last: whoever finds a directory without one finds nothing else in it. From then on the directory may be that of
    /// the next run, so that nothing in there is touched any more.
    package func removeRuntime(_ id: ContainerID) throws(OperationError) {
        let directory = layout.containerRuntime(id)
        for name in try Files.names(in: directory) where name != "lock" {
            let path = "\(directory)/\(name)"
            do throws(OperationError) { try Files.remove(path) } catch {
                guard error.errno == EISDIR else { throw error }
                try Files.removeTree(path)
            }
        }
        try Files.remove(layout.containerLock(id))
        // Once more where it was a fault of the moment; an empty one is harmless, and goes with whoever needs its place.
        do throws(OperationError) { try Files.removeDirectory(directory) } catch {
            try? Files.removeDirectory(directory)
        }
    }

    /// Removes what killed commands were writing. The container's own lock must be held; whoever changes the definition at the
    /// moment has another one.
    package func removeUnfinished(of id: ContainerID) throws(OperationError) {
        let unfinished = try Files.names(in: layout.container(id)).filter { $0.hasSuffix(".tmp") }
        if unfinished.isEmpty { return }
        let path = layout.definitionLock(id)
        let lock = try FileLock.tryAcquire(path, creating: false, until: Deadline(milliseconds: 0))
        let mayBeWritten = lock == nil && Files.exists(path)
        for name in unfinished where !mayBeWritten || !name.hasPrefix("record.json") {
            try Files.remove("\(layout.container(id))/\(name)")
        }
        withExtendedLifetime(lock) {}
    }

    /// Whether `remove` is at it, or has been.
    package func isBeingRemoved(_ id: ContainerID) throws(OperationError) -> Bool {
        do throws(OperationError) {
            let directory = try Descriptor.open(layout.container(id), O_RDONLY | O_DIRECTORY)
            return directory.tryLock(exclusive: false) != 0
        } catch {
            guard error.errno == ENOENT else { throw error }
            return true
        }
    }

    /// Removes all that is left of a container, its name last: until then nobody else can take it.
    /// - Parameters:
    ///   - name: as far as it is known: it may have been renamed.
    ///   - isOwn: the caller has the container's own lock. Else a container that has begun meanwhile stays.
    ///   - kept: as in `Files.removeTree`.
    /// - Returns: whether it is gone.
    @discardableResult
    package func remove(
        _ id: ContainerID, name: Name?, isOwn: Bool, keeping kept: DescriptorSet? = nil
    ) throws(OperationError) -> Bool {
        // One at a time: a second removal finds nothing left, and none begins while a `start` takes the container's lock.
        let directory = try? Descriptor.open(layout.container(id), O_RDONLY | O_DIRECTORY)
        try directory?.lock(named: layout.container(id))
        defer { withExtendedLifetime(directory) {} }
        if !isOwn, isHeld(id) { return false }
        var link = name
        if link.map({ owner(of: $0) }) != id { link = try self.name(of: id) }
        try removeRuntime(id)
        try Files.removeTree(layout.container(id), keeping: kept)
        if let link { try release(link, of: id) }
        if let kept, let copy = try? directory?.duplicate() { kept.insert(copy) }
        return true
    }
}
