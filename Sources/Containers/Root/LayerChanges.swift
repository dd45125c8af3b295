import Core
import Glibc
import Linux

/// What the upper layer of an overlay changes in the layers below it, as a list.
///
/// The layers are compared by descriptors, since a container may be at work on the upper one. A directory counts as changed when
/// something in it has, or its owner or mode; a file also when its size or time has.
package struct LayerChanges {
    /// What every container is given a place for: nobody has asked for it.
    package static let places = [
        "/dev", "/proc", "/sys", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf", "/etc",
    ]

    /// A directory of the upper layer that is being compared.
    private final class Level {
        let directory: Descriptor
        let below: MergedDirectory?
        let path: String
        /// As it is, and as it was.
        let status: stat
        let former: stat?
        /// The last one first.
        var pending: [FileName]
        /// Where the changes of what is in it begin.
        let place: Int

        init(
            _ directory: consuming Descriptor, below: MergedDirectory?, path: String, _ status: stat, _ former: stat?,
            place: Int
        ) throws(OperationError) {
            var names = Set(FileName.all(in: directory))
            // An opaque directory hides what is below without naming it.
            if LayerEntry.isOpaque(directory) {
                for entry in try below?.entries() ?? [] { names.insert(entry.name) }
            }
            pending = names.sorted(by: >)
            (self.below, self.path, self.status, self.former, self.place) = (below, path, status, former, place)
            self.directory = directory
        }
    }

    /// From the top down. No recursion: a container makes its tree as deep as it likes.
    private var levels: [Level] = []
    private var changes: [FileChange] = []

    private init() {}

    /// - Parameter layers: top one first.
    /// - Returns: in the order of the paths, each directory before what is in it.
    /// - Throws: also for paths that are longer than the kernel takes them: no layer can be made of these (ENAMETOOLONG).
    package static func list(upper: String, layers: [String]) throws(OperationError) -> [FileChange] {
        let directory = try Descriptor.open(upper, O_RDONLY | O_DIRECTORY)
        let status = try directory.ownStatus()
        var list = LayerChanges()
        let below = try MergedDirectory("/", inLayers: layers)
        list.levels = [try Level(directory, below: below, path: "", status, status, place: 0)]
        while let level = list.levels.last {
            if let name = level.pending.popLast() {
                try list.compare(name, of: level)
                continue
            }
            list.levels.removeLast()
            if !list.levels.isEmpty { list.add(level.path, level.status, level.former, from: level.place) }
        }
        return list.changes
    }

    private mutating func compare(_ name: FileName, of level: Level) throws(OperationError) {
        let path = "\(level.path)/\(name.text)"
        guard path.utf8.count < PATH_MAX else { throw OperationError("compare", path, errno: ENAMETOOLONG) }
        let former = level.below?.entry(name)
        guard let status = level.directory.status(of: name), !status.isWhiteout else {
            if former != nil { changes.append(FileChange(.deleted, path)) }
            return
        }
        guard status.isDirectory else { return add(path, status, former?.status, from: changes.count) }
        let directory = try level.directory.open(
            entry: name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, named: level.path)
        var below: MergedDirectory?
        if let former { below = try level.below?.descend(into: former) }
        levels.append(
            try Level(directory, below: below, path: path, status, former?.status, place: changes.count))
    }

    /// - Parameter place: where the changes of what is in it begin.
    private mutating func add(_ path: String, _ status: stat, _ former: stat?, from place: Int) {
        if let former {
            if changes.count > place || status.differs(from: former) {
                changes.insert(FileChange(.changed, path), at: place)
            }
        } else if !Self.places.contains(path) || changes.count > place {
            changes.insert(FileChange(.added, path), at: place)
        }
    }
}

extension stat {
    fileprivate func differs(from other: stat) -> Bool {
        if st_mode != other.st_mode || st_uid != other.st_uid || st_gid != other.st_gid || st_rdev != other.st_rdev {
            return true
        }
        // Of a directory neither says anything.
        return !isDirectory && (st_size != other.st_size || !hasTime(of: other))
    }

    private func hasTime(of other: stat) -> Bool {
        st_mtim.tv_sec == other.st_mtim.tv_sec && st_mtim.tv_nsec == other.st_mtim.tv_nsec
    }
}
