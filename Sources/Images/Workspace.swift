import Core
import Glibc
import Linux

/// A directory for one import or commit, in the store's file system so that results move by rename(2).
///
/// It holds a lock that dies with its process. What a killed process left is removed by the next one.
struct Workspace: ~Copyable {
    let path: String
    private let lock: FileLock

    /// Made and locked under the store's lock, as `reclaim` runs: no directory is seen before it is locked.
    init(in layout: StoreLayout, holding store: borrowing FileLock) throws(OperationError) {
        var generator = SystemRandomNumberGenerator()
        path = "\(layout.temporary)/\(Self.prefix(of: getpid()))\(String(generator.next() as UInt64, radix: 16))"
        try Files.makeDirectory(path, existing: false)
        lock = try Self.lock(new: path)
    }

    /// One that cannot be locked goes at once: to others it is a dead one's.
    private static func lock(new path: String) throws(OperationError) -> FileLock {
        do throws(OperationError) {
            return try FileLock.acquire(path + "/lock")
        } catch {
            try? Files.removeTree(path)
            throw error
        }
    }

    deinit { try? Files.removeTree(path) }

    /// What the names of all that a process makes begin with.
    static func prefix(of process: pid_t) -> String { "\(process)-" }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Removes the workspaces of the dead.
    static func reclaim(in layout: StoreLayout, holding store: borrowing FileLock) throws(OperationError) {
        // Two may find it dead at once, and what stays is found again.
        for path in try dead(in: layout) { try? Files.removeTree(path) }
        // The index is written under the lock that we hold.
        for file in try Files.names(in: layout.root) where file.hasSuffix(".tmp") {
            try? Files.remove("\(layout.root)/\(file)")
        }
    }

    static func dead(in layout: StoreLayout) throws(OperationError) -> [String] {
        try Files.names(in: layout.temporary).map { "\(layout.temporary)/\($0)" }.filter { path in
            // Without a lock file it died between two system calls, or is being removed right now.
            !FileLock.isHeld(path + "/lock")
        }
    }
}

extension ImageStore {
    /// What killed imports and commits left: the next one removes it.
    package func deadWorkspaces() -> [String] { (try? Workspace.dead(in: layout)) ?? [] }

    package func clearWorkspaces() throws(OperationError) { _ = try workspace() }

    /// What a process that was killed has left, once the last of its copies has gone, which hold the lock, too.
    package func clearWorkspaces(of process: pid_t) {
        for name in (try? Files.names(in: layout.temporary)) ?? [] where name.hasPrefix(Workspace.prefix(of: process)) {
            let path = "\(layout.temporary)/\(name)"
            guard let lock = try? FileLock.acquire(path + "/lock") else { continue }
            try? Files.removeTree(path)
            lock.release()
        }
    }
}
