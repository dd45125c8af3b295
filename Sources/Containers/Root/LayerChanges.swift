import Core
import Glibc
import Linux

/// What the upper layer of an overlay changes in the layers below it, as a list.
///
/// The layers are compared by descriptors, since a container may be at work on the upper one. A directory counts as changed when
/// something in it has, or its owner or mode; a file also when its size or time has.
package struct LayerChanges {
    /// What every container is given a place for: nobody has asked for it.
    private static let places: Set<String> = [
        "/dev", "/proc", "/sys", "/etc", "/etc/hosts", "/etc/hostname", "/etc/resolv.conf",
    ]

    private var changes: [FileChange] = []

    private init() {}

    /// - Parameter layers: top one first.
    /// - Returns: in the order of the paths, each directory before what is in it.
    package static func list(upper: String, layers: [String]) throws(OperationError) -> [FileChange] {
        let directory = try Descriptor.open(upper, O_RDONLY | O_DIRECTORY)
        var list = LayerChanges()
        try list.compare(directory, with: MergedDirectory("/", inLayers: layers), at: "")
        return list.changes
    }

    private mutating func compare(
        _ upper: borrowing Descriptor, with below: MergedDirectory?, at path: String
    ) throws(OperationError) {
        var names = Set(FileName.all(in: upper))
        // An opaque directory hides what is below without naming it.
        if LayerEntry.isOpaque(upper) { for entry in try below?.entries() ?? [] { names.insert(entry.name) } }
        for name in names.sorted() {
            let former = below?.entry(name)
            guard let status = upper.status(of: name), !status.isWhiteout else {
                if former != nil { changes.append(FileChange(.deleted, "\(path)/\(name.text)")) }
                continue
            }
            let place = changes.count
            if status.isDirectory {
                let directory = try upper.open(entry: name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, named: path)
                var next: MergedDirectory?
                if let former { next = try below?.descend(into: former) }
                try compare(directory, with: next, at: "\(path)/\(name.text)")
            }
            add("\(path)/\(name.text)", status, former?.status, from: place)
        }
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
