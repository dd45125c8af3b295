import CLinux
import Core
import Glibc

extension Files {
    /// Removes a directory and all in it. It works from descriptors, follows no symbolic link and never
    /// crosses into another mount: what is mounted below is left alone and reported (B65).
    ///
    /// Goes on past errors and throws the first one at the end. A tree that is gone is success.
    /// - Parameter kept: gets some of the directories. Whoever has one open last frees its blocks, which may mean to wait
    ///   for the disk.
    package static func removeTree(_ path: String, keeping kept: DescriptorSet? = nil) throws(OperationError) {
        try FaultPoint.pass("remove directory", path)
        // The common case, a directory with nothing in it, is one call. EBUSY: it is a mount point itself.
        if removeEmptyDirectory(path) || errno == ENOENT { return }
        guard errno != EBUSY else { throw OperationError("remove directory", path, errno: EBUSY) }
        let top: Descriptor
        do throws(OperationError) {
            top = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, as: "remove directory")
        } catch {
            // Others were faster.
            guard error.errno == ENOENT else { throw error }
            return
        }
        var remover = TreeRemover(top, path, keeping: kept)
        remover.run()
        try FaultPoint.pass("remove directory", path)
        if !removeEmptyDirectory(path), errno != ENOENT {
            throw remover.failure ?? OperationError("remove directory", path, errno: errno)
        }
        if let failure = remover.failure { throw failure }
    }
}

/// Empties a tree with one descriptor and no recursion: a container may make it as deep as it likes.
private struct TreeRemover: ~Copyable {
    private struct Level {
        let name: FileName
        let identity: (dev_t, ino_t)
        /// The subdirectories that are not removed yet.
        var pending: [FileName]
    }

    private let top: String
    private var directory: Descriptor
    /// From the top down to `directory`.
    private var levels: [Level] = []
    private(set) var failure: OperationError?
    private let kept: DescriptorSet?

    init(_ directory: consuming Descriptor, _ path: String, keeping kept: DescriptorSet?) {
        top = path
        self.kept = kept
        self.directory = directory
    }

    mutating func run() {
        enter(.none)
        while let level = levels.last {
            if let name = level.pending.last {
                levels[levels.count - 1].pending.removeLast()
                descend(into: name)
            } else if levels.count == 1 || !ascend() {
                return
            }
        }
    }

    /// Removes what is in `directory`, but for subdirectories that are not empty.
    private mutating func enter(_ name: FileName) {
        levels.append(Level(name: name, identity: identity, pending: []))
        var pending: [FileName] = []
        for name in FileName.all(in: directory) {
            if levels.count == 1, !passes(name) { continue }
            if unlinkat(directory.number, name.bytes, 0) == 0 || errno == ENOENT { continue }
            if errno != EISDIR {
                fail("remove", name, errno)
            } else if !removeEmpty(name) {
                pending.append(name)
            }
        }
        levels[levels.count - 1].pending = pending
    }

    private func removeEmpty(_ name: FileName) -> Bool {
        if let kept, kept.count < Self.keptLimit {
            let number = clinux_openat(directory.number, name.bytes, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, 0)
            if number >= 0 { kept.insert(number) }
        }
        return unlinkat(directory.number, name.bytes, AT_REMOVEDIR) == 0 || errno == ENOENT
    }

    private static let keptLimit = 12

    private mutating func descend(into name: FileName) {
        let flags = UInt64(O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        // A bind mount may be of the same file system: its device number would not tell.
        let noOtherMount: UInt64 = 0x01  // RESOLVE_NO_XDEV
        let number = directory.number
        let result = retryingOnInterrupt { clinux_openat2(number, name.bytes, flags, 0, noOtherMount) }
        if result == -ENOENT { return }
        guard result >= 0 else { return fail("remove directory", name, -result) }
        directory = Descriptor(owning: result)
        enter(name)
    }

    /// - Returns: false when somebody moved the directory meanwhile, so that what is above it is not ours.
    private mutating func ascend() -> Bool {
        let done = levels.removeLast()
        let parent = clinux_openat(directory.number, "..", O_RDONLY | O_DIRECTORY, 0)
        if parent >= 0 { directory = Descriptor(owning: parent) }
        guard parent >= 0, let expected = levels.last?.identity, identity == expected else {
            fail("remove directory", done.name, parent < 0 ? -parent : EBUSY)
            return false
        }
        if unlinkat(directory.number, done.name.bytes, AT_REMOVEDIR) != 0, errno != ENOENT {
            fail("remove directory", done.name, errno)
        }
        return true
    }

    /// At the top only: a tree may have thousands of files.
    private mutating func passes(_ name: FileName) -> Bool {
        do throws(OperationError) {
            try FaultPoint.pass("remove", "\(top)/\(name.text)")
            return true
        } catch {
            fail("remove", name, error.errno ?? EIO)
            return false
        }
    }

    private var identity: (dev_t, ino_t) {
        var status = stat()
        fstat(directory.number, &status)
        return (status.st_dev, status.st_ino)
    }

    /// Keeps the first failure, which is the cause of those further up.
    private mutating func fail(_ operation: String, _ name: FileName, _ number: Int32) {
        guard failure == nil else { return }
        let names = levels.dropFirst().map(\.name) + [name]
        failure = OperationError(operation, ([top] + names.map(\.text)).joined(separator: "/"), errno: number)
    }
}
