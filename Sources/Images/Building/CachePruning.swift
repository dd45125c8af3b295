import Core
import Glibc
import Linux

/// The time of a step's record, and of a directory's lock, tells when what they stand for was last used.
enum LastUse {
    static func note(_ file: borrowing Descriptor, _ path: String) throws(OperationError) {
        try FaultPoint.pass("set times of", path)
        guard futimens(file.number, nil) == 0 else { throw OperationError("set times of", path, errno: errno) }
    }

    static func read(_ path: String) -> Timestamp? {
        Files.status(path).map {
            Timestamp(nanoseconds: Int64($0.st_mtim.tv_sec) * 1_000_000_000 + Int64($0.st_mtim.tv_nsec))
        }
    }
}

extension ImageStore {
    func noteUse(of step: CachedStep) throws(OperationError) {
        let record = path(of: step.key)
        try LastUse.note(Descriptor.open(record, O_RDONLY), record)
    }

    private static let mountPrefix = "mount-"
    private static let lockSuffix = ".lock"

    /// All that builds have kept, steps first, the last used first.
    package func cacheEntries() -> [CacheEntry] {
        let shared = layers(in: (try? ImageIndex.read(layout.index))?.images ?? [])
        let steps = cachedSteps().map { (step: $0, lastUsed: LastUse.read(path(of: $0.key)) ?? $0.created) }
            .sorted { ($0.lastUsed, $0.step.key) > ($1.lastUsed, $1.step.key) }
        var counted: Set<Digest> = []
        let entries = steps.map { step, lastUsed in
            let layer = step.layer.diff
            let isFirst = counted.insert(layer).inserted
            return CacheEntry(
                id: step.key.hex, kind: .step, instruction: step.instruction,
                bytes: isFirst ? Files.diskUsage(below: layout.layer(layer)) : 0, lastUsed: lastUsed,
                isShared: shared.contains(layer))
        }
        return entries + mountEntries()
    }

    private func layers(in images: Set<Digest>) -> Set<Digest> {
        images.reduce(into: []) { $0.formUnion((try? record($1))?.layers ?? []) }
    }

    private func mountEntries() -> [CacheEntry] {
        let names = ((try? Files.names(in: layout.buildCache)) ?? []).filter {
            $0.hasPrefix(Self.mountPrefix) && !$0.hasSuffix(Self.lockSuffix)
        }
        let entries = names.map { name in
            let path = "\(layout.buildCache)/\(name)"
            let lock = path + Self.lockSuffix
            return CacheEntry(
                id: name, kind: .mount, instruction: "RUN --mount=type=cache", bytes: Files.diskUsage(below: path),
                lastUsed: LastUse.read(lock) ?? Timestamp(nanoseconds: 0), isInUse: LockHolder.find(lock) != nil)
        }
        return entries.sorted { ($0.lastUsed, $0.id) > ($1.lastUsed, $1.id) }
    }

    /// Removes what builds have kept: of steps only what says so, and directories of mounts that no build has now. What something
    /// uses that goes on now, as builds do with the steps that they have found, stays.
    /// - Returns: the ids of what is gone, and how many bytes that has freed.
    package func pruneBuildCache(
        _ selection: CacheSelection
    ) throws(OperationError) -> (removed: [String], bytes: Int64) {
        guard Files.exists(layout.buildCache) else { return ([], 0) }
        let entries = cacheEntries()
        let chosen = selection.chosen(from: entries, free: try Files.freeBytes(at: layout.buildCache))
        let steps = Set(chosen.filter { $0.kind == .step }.map(\.id))
        let mounts = Dictionary(
            chosen.filter { $0.kind == .mount }.map { ($0.id, $0.lastUsed) }, uniquingKeysWith: { first, _ in first })
        let lock = try FileLock.store(layout)
        let index = try ImageIndex.read(layout.index)
        let held = try Workspace.held(in: layout, holding: lock)
        let shared = selection.all ? [] : layers(in: index.images)
        var removed = try removeSteps(steps) { shared.contains($0) || held.contains($0.hex) }
        let trash = try Workspace(in: layout, holding: lock)
        try collectGarbage(keeping: index, trash: trash.path, holding: lock)
        // Others need not wait for the disk.
        lock.release()
        trash.remove()
        removed += try removeMounts(mounts)
        return (removed, max(0, entries.ownBytes - cacheEntries().ownBytes))
    }

    /// - Parameter stays: whether an image has a layer by now, or a build has found it.
    private func removeSteps(_ ids: Set<String>, where stays: (Digest) -> Bool) throws(OperationError) -> [String] {
        var removed: [String] = []
        for step in cachedSteps() where ids.contains(step.key.hex) && !stays(step.layer.diff) {
            try Files.remove(path(of: step.key))
            removed.append(step.key.hex)
        }
        return removed
    }

    /// A kill may have left a lock whose directory was not made yet: it goes whatever is asked for.
    /// - Parameter chosen: when each was last used; one that was used since stays.
    private func removeMounts(_ chosen: [String: Timestamp]) throws(OperationError) -> [String] {
        var removed: [String] = []
        for file in try Files.names(in: layout.buildCache).sorted()
        where file.hasPrefix(Self.mountPrefix) && file.hasSuffix(Self.lockSuffix) {
            let name = String(file.dropLast(Self.lockSuffix.count))
            let (path, lockPath) = ("\(layout.buildCache)/\(name)", "\(layout.buildCache)/\(file)")
            guard let lock = try? Descriptor.open(lockPath, O_RDWR), lock.tryLock(exclusive: true) == 0,
                FileLock.isStill(lock, at: lockPath)
            else { continue }
            let isThere = Files.exists(path)
            guard !isThere || chosen[name].map({ $0 == LastUse.read(lockPath) }) ?? false else { continue }
            try Files.removeTree(path)
            try Files.remove(lockPath)
            if isThere { removed.append(name) }
        }
        return removed
    }
}
