import Core
import Glibc
import Linux

/// The records of all containers.
package struct ContainerStore: Sendable {
    package let layout: Layout
    package let names: NameLinks
    /// What outlives a reboot.
    let records: any RecordStore
    /// What is of the run that lives.
    private let runtime: any RecordStore

    package init(_ layout: Layout) {
        self.layout = layout
        names = NameLinks(layout.names)
        records = layout.records
        runtime = layout.runtimeRecords
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
        if let name = Name(text), let id = names.owner(of: name) { return id }
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
        try storedDefinition(id)?.value
    }
    func storedDefinition(_ id: ContainerID) throws(OperationError) -> StoredRecord<ContainerDefinition>? {
        let stored: StoredRecord<ContainerDefinition>? = try records.stored(.definition(id))
        if let stored, stored.value.id != id {
            throw records.damage(.definition(id), "it is of container \(stored.value.id.short)")
        }
        return stored
    }
    package func state(_ id: ContainerID) throws(OperationError) -> ContainerState? {
        var state: ContainerState? = try runtime.read(.state(id))
        state?.adopt(id)
        return state
    }
    package func exit(_ id: ContainerID) throws(OperationError) -> ContainerExit? { try records.read(.exit(id)) }
    /// Of the run that lives; nil before its first check.
    package func health(_ id: ContainerID) throws(OperationError) -> ContainerHealth? { try runtime.read(.health(id)) }

    /// Whoever has the container's own lock writes it.
    package func write(_ state: ContainerState, of id: ContainerID) throws(OperationError) {
        try runtime.write(state, at: .state(id))
    }
    package func write(_ health: ContainerHealth, of id: ContainerID) throws(OperationError) {
        try runtime.write(health, at: .health(id))
    }
    package func write(_ exit: ContainerExit, of id: ContainerID) throws(OperationError) {
        try records.write(exit, at: .exit(id))
    }

    /// Whether somebody has its lock: its supervisor, or another process that is at work on it.
    package func isHeld(_ id: ContainerID) -> Bool { FileLock.isHeld(layout.containerLock(id)) }

    /// Whether it was made and has never begun.
    package func isCreated(_ id: ContainerID) -> Bool { Files.exists(layout.created(id)) }
    package func markCreated(_ id: ContainerID) throws(OperationError) { try Files.create(layout.created(id), []) }

    /// Whether a user has ended it, and nobody has let it begin since.
    package func wasStopped(_ id: ContainerID) -> Bool { Files.exists(layout.stopped(id)) }

    /// On disk when this returns: what a boot starts depends on it.
    package func markStopped(_ id: ContainerID) throws(OperationError) {
        if wasStopped(id) { return }
        try Files.create(layout.stopped(id), [])
        try Files.syncDirectory(of: layout.stopped(id))
    }

    /// Its program runs: neither what is said of one that never did, nor how it ended the last time, is true any more.
    package func noteBeginning(of id: ContainerID) throws(OperationError) {
        for path in [layout.created(id), layout.stopped(id), layout.exit(id)] where Files.exists(path) {
            try Files.remove(path)
        }
    }

    /// - Throws: when its state could not be written.
    package func checkRoom(for id: ContainerID) throws(OperationError) {
        let path = "\(layout.containerRuntime(id))/room"
        // A page is what a file system gives out (tmpfs(5)).
        try Files.replace(path, [UInt8](repeating: 0, count: 4096))
        try Files.remove(path)
    }

    // MARK: Directories

    /// Takes the lock of a container that is about to begin, in a directory that is made for that: somebody who clears away may
    /// take one for that of a dead one, and remove it, until the lock is held.
    /// - Throws: also when somebody else has it all that time, of the kind `timedOut`.
    package func takeLock(
        of id: ContainerID, within milliseconds: Int64 = FileLock.patience
    ) throws(OperationError) -> Descriptor {
        let directory = layout.containerRuntime(id)
        while true {
            try Files.makeDirectory(directory)
            do throws(OperationError) {
                return try FileLock.acquire(layout.containerLock(id), within: milliseconds).intoDescriptor()
            } catch {
                if error.errno == ENOENT { continue }
                // Unless somebody else has something in it.
                try? Files.removeDirectory(directory)
                throw error
            }
        }
    }

    /// Makes the container's directories and writes its definition.
    package func create(_ definition: ContainerDefinition) throws(OperationError) {
        let directory = layout.container(definition.id)
        try Files.makeDirectory(directory, existing: false)
        try Files.makeDirectory(layout.upper(definition.id), mode: 0o755)
        try Files.makeDirectory(layout.work(definition.id))
        // Nobody else has that directory.
        try records.write(definition, at: .definition(definition.id))
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
        let path = layout.definitionLock(id)
        let lock = try FileLock.tryAcquire(path, creating: false, until: Deadline(milliseconds: 0))
        let mayBeWritten = lock == nil && Files.exists(path)
        try records.removeUnfinished(below: .container(id)) { !mayBeWritten || $0 != .definition(id) }
        withExtendedLifetime(lock) {}
    }

    /// The same of its state, which nobody but its supervisor has written.
    package func removeUnfinishedState(of id: ContainerID) throws(OperationError) {
        try runtime.removeUnfinished(below: .container(id)) { _ in true }
    }

    /// Whether `remove` is at it, or has been.
    package func isBeingRemoved(_ id: ContainerID) throws(OperationError) -> Bool {
        do throws(OperationError) {
            return try FileLock.shareDirectory(layout.container(id)) == nil
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
    ///   - releasing: is done when it is certain that it goes, and before its record does.
    /// - Returns: whether it is gone.
    @discardableResult
    package func remove(
        _ id: ContainerID, name: Name?, isOwn: Bool, keeping kept: DescriptorSet? = nil,
        releasing: () throws(OperationError) -> Void = {}
    ) throws(OperationError) -> Bool {
        // One at a time: a second removal finds nothing left, and none begins while a `start` takes the container's lock.
        var directory = try lockDirectory(of: id)
        defer { withExtendedLifetime(directory) {} }
        if !isOwn, isHeld(id) { return false }
        var link = name
        if link.map({ names.owner(of: $0) }) != id { link = try names.all().first { $0.owner == id }?.name }
        try releasing()
        try removeRuntime(id)
        // Once this is gone nobody takes the rest for a container any more, and whoever meets it removes it.
        do throws(OperationError) { try records.remove(.definition(id)) } catch {
            // Whatever somebody has put there goes with the rest.
            guard error.errno == EISDIR else { throw error }
        }
        try Files.removeTree(layout.container(id), keeping: kept)
        if let link { try names.release(link, of: id) }
        if let kept, let directory = directory.take() { kept.insert(directory.intoDescriptor()) }
        return true
    }

    /// Nil when there is none.
    private func lockDirectory(of id: ContainerID) throws(OperationError) -> FileLock? {
        do throws(OperationError) {
            return try FileLock.acquireDirectory(layout.container(id))
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return nil
        }
    }
}
