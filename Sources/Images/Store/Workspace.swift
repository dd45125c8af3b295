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

    consuming func remove() {}

    /// What the names of all that a process makes begin with.
    static func prefix(of process: pid_t) -> String { "\(process)-" }

    func file(_ name: String) -> String { "\(path)/\(name)" }

    /// Removes the workspaces of the dead. Nobody waits for the disk meanwhile.
    /// - Returns: whether there were any.
    static func reclaim(in layout: StoreLayout) throws(OperationError) -> Bool {
        let lock = try FileLock.store(layout)
        let dead = try dead(in: layout)
        // The index is written under the lock that we hold.
        for file in try Files.names(in: layout.root) where file.hasSuffix(".tmp") {
            try? Files.remove("\(layout.root)/\(file)")
        }
        lock.release()
        // Two may find it dead at once, and what stays is found again.
        for path in dead { try? Files.removeTree(path) }
        return !dead.isEmpty
    }

    /// What is there is dead only while no new one can be made: with the store's lock, or as something to look at.
    static func dead(in layout: StoreLayout) throws(OperationError) -> [String] {
        try Files.names(in: layout.temporary).map { "\(layout.temporary)/\($0)" }.filter { path in
            // Without a lock file it died between two system calls, or is being removed right now.
            !FileLock.isHeld(path + "/lock")
        }
    }
}

// MARK: - What others must leave there

/// A list of what a workspace wants to stay. Threads that work there may have it.
struct WorkspaceUses: Sendable {
    fileprivate static let name = "uses"
    fileprivate let path: String

    /// Has blobs and layers of the store stay there as long as the workspace does, whatever becomes of the images that have them.
    /// - Throws: when one of them is not there.
    func hold(
        _ blobs: [Digest], layers: [Digest], in layout: StoreLayout, holding store: borrowing FileLock
    ) throws(OperationError) {
        let missing =
            blobs.map { layout.blob($0) }.first { !Files.exists($0) }
            ?? layers.map { layout.layer($0) }.first { !Files.isDirectory($0) }
        if let missing {
            let program = Program.current.name
            throw OperationError(
                "use image", missing, reason: "it is not there",
                remedy:
                    "\(program) system check says which image it belongs to, and what brings that back; if it says nothing, "
                    + "the image was removed meanwhile: try again",
                kind: .notFound)
        }
        let text = (blobs + layers).map { "\($0.hex)\n" }.joined()
        let file = try Descriptor.open(path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644, as: "create")
        try FaultPoint.pass("write", path)
        try Files.writeAll(Array(text.utf8), to: file, named: path)
    }
}

extension Workspace {
    var uses: WorkspaceUses { WorkspaceUses(path: file(WorkspaceUses.name)) }

    /// The digits of all that is held.
    static func held(in layout: StoreLayout, holding store: borrowing FileLock) throws(OperationError) -> Set<String> {
        var held: Set<String> = []
        for name in try Files.names(in: layout.temporary) {
            let bytes = try readUses(of: "\(layout.temporary)/\(name)")
            held.formUnion(String(kernel: bytes).split(separator: "\n").map(String.init))
        }
        return held
    }

    /// None of one that holds nothing, or is gone again. Whatever else keeps them from being read says nothing of what is held.
    private static func readUses(of path: String) throws(OperationError) -> [UInt8] {
        do throws(OperationError) {
            return try Files.read("\(path)/\(WorkspaceUses.name)")
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            return []
        }
    }
}

extension ImageStore {
    /// What killed imports and commits left: the next one removes it.
    package func deadWorkspaces() -> [String] { (try? Workspace.dead(in: layout)) ?? [] }

    package func clearWorkspaces() throws(OperationError) { _ = try workspace() }

    /// The same where there are images, and on a full disk what is possible.
    package func collectGarbage() throws(OperationError) {
        guard Files.exists(layout.index) || !deadWorkspaces().isEmpty else { return }
        do throws(OperationError) {
            try clearWorkspaces()
        } catch {
            guard error.isOfFullDisk else { throw error }
        }
    }

    /// What a process that was killed has left, once the last of its copies has gone, which hold the lock, too.
    package func clearWorkspaces(of process: pid_t) {
        for name in (try? Files.names(in: layout.temporary)) ?? [] where name.hasPrefix(Workspace.prefix(of: process)) {
            let path = "\(layout.temporary)/\(name)"
            guard let lock = try? FileLock.acquire(path + "/lock") else { continue }
            clear(dead: path)
            lock.release()
        }
    }

    /// What it had put into the store for images that have not come to be goes as well. Where that is not possible now, an empty
    /// directory stays: whoever finds it does it (`workspace`).
    private func clear(dead path: String) {
        let isDone = (try? collectGarbage(releasing: path)) != nil
        try? Files.removeTree(path)
        if !isDone { _ = try? Files.makeDirectory(path) }
    }

    /// Clears away with a workspace that needs nothing any more of what it holds.
    func collectGarbage(releasing workspace: String) throws(OperationError) {
        let lock = try FileLock.store(layout)
        try Files.remove("\(workspace)/\(WorkspaceUses.name)")
        try collectGarbage(keeping: ImageIndex.read(layout.index), trash: workspace, holding: lock)
    }
}
