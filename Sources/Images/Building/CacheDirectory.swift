import Core
import Glibc
import Linux

/// A directory that outlives builds: `RUN --mount=type=cache`.
package struct CacheDirectory: Sendable {
    let id: String
    /// Of a new one.
    let mode: UInt32
    let user: uid_t
    let group: gid_t

    package init(id: String, mode: UInt32, user: uid_t, group: gid_t) {
        self.id = id
        self.mode = mode
        self.user = user
        self.group = group
    }
}

extension ImageStore {
    /// Milliseconds: another build's command may take that long.
    private static let patience: Int64 = 3_600_000

    /// Where it is; made when it is not there.
    /// - Parameters:
    ///   - waits: nobody else has it meanwhile: whoever has it is waited for, an hour at most.
    ///   - isShared: others may have it, too; if neither, one that somebody has gives way to a further one.
    ///   - locks: keeps it in use.
    ///   - drafts: a directory in the store's file system, for new ones; nobody else has it.
    ///   - fill: puts into a new one what it is to begin with.
    package func cacheDirectory(
        _ cache: CacheDirectory, waits: Bool, isShared: Bool, locks: DescriptorSet, drafts: String,
        filling fill: (String) throws(OperationError) -> Void
    ) throws(OperationError) -> String {
        try layout.create()
        let name = try Digest(of: cache.id.kernelBytes).hex
        for number in 0..<64 {
            let path = "\(layout.buildCache)/mount-\(name)" + (number == 0 ? "" : "-\(number)")
            guard let lock = try Self.lock(path + ".lock", waits: waits || isShared, isShared: isShared) else {
                continue
            }
            try LastUse.note(lock, path + ".lock")
            locks.insert(lock)
            if !Files.exists(path) { try make(cache, FileName(path.pathComponents.last ?? ""), in: drafts, fill) }
            return path
        }
        throw OperationError("mount cache", cache.id, reason: "too many others have it", kind: .exhausted)
    }

    /// - Returns: nil when others have it and it is not to be waited for.
    private static func lock(_ path: String, waits: Bool, isShared: Bool) throws(OperationError) -> Descriptor? {
        while true {
            let file = try Descriptor.open(path, O_RDWR | O_CREAT, as: "lock")
            if waits {
                try file.lock(named: path, exclusive: !isShared, within: patience)
            } else if file.tryLock(exclusive: true) != 0 {
                return nil
            }
            // A prune may have removed it meanwhile.
            if FileLock.isStill(file, at: path) { return file }
        }
    }

    /// It is there whole or not at all, whoever is killed; of two that share it one is first.
    private func make(
        _ cache: CacheDirectory, _ name: FileName, in drafts: String,
        _ fill: (String) throws(OperationError) -> Void
    ) throws(OperationError) {
        let draft = "\(drafts)/\(name.text)"
        try Files.makeDirectory(draft, mode: 0o700)
        try FaultPoint.pass("set owner of", draft)
        guard draft.withKernelString({ chown($0, cache.user, cache.group) }) == 0 else {
            throw OperationError("create directory", draft, errno: errno)
        }
        try FaultPoint.pass("set mode of", draft)
        guard draft.withKernelString({ chmod($0, mode_t(cache.mode)) }) == 0 else {
            throw OperationError("create directory", draft, errno: errno)
        }
        try fill(draft)
        let target = try Descriptor.open(layout.buildCache, O_RDONLY | O_DIRECTORY)
        _ = try Descriptor.open(drafts, O_RDONLY | O_DIRECTORY).move(name, to: target, named: name.text)
    }
}
