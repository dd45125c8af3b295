import Core
import Glibc
import Linux

/// What one image has that another one has not, without a mount.
///
/// A file counts as changed when its kind, mode, owner, content, attributes, or where it leads has; a directory also when something in
/// it has. Times do not count: the same files copied twice are the same.
package struct TreeComparison {
    private var changes: [FileChange] = []

    private init() {}

    /// - Parameters: the images' layers, top one first.
    /// - Returns: in the order of the paths, each directory before what is in it.
    package static func list(from old: [String], to new: [String]) throws(OperationError) -> [FileChange] {
        var comparison = TreeComparison()
        try comparison.compare(
            MergedDirectory("/", inLayers: old), MergedDirectory("/", inLayers: new), at: "", depth: 0)
        return comparison.changes
    }

    private mutating func compare(
        _ old: MergedDirectory?, _ new: MergedDirectory?, at path: String, depth: Int
    ) throws(OperationError) {
        try MergedDirectory.checkDepth(depth, "compare", path)
        if let old, let new, try old.isSame(as: new) { return }
        let former = try Self.byName(old), present = try Self.byName(new)
        for name in Set(former.keys).union(present.keys).sorted() {
            let place = "\(path)/\(name.text)"
            guard let after = present[name] else {
                changes.append(FileChange(.deleted, place))
                continue
            }
            try add(former[name], after, old, new, at: place, depth: depth + 1)
        }
    }

    private static func byName(_ directory: MergedDirectory?) throws(OperationError) -> [FileName: MergedDirectory
        .Entry]
    {
        Dictionary(uniqueKeysWithValues: try (directory?.entries() ?? []).map { ($0.name, $0) })
    }

    /// - Parameter before: nil of what is new.
    private mutating func add(
        _ before: MergedDirectory.Entry?, _ after: MergedDirectory.Entry, _ old: MergedDirectory?,
        _ new: MergedDirectory?, at path: String, depth: Int
    ) throws(OperationError) {
        let place = changes.count
        var isChanged = before.map { $0.status.differs(from: after.status) } ?? false
        var former: MergedDirectory?
        if let before, let old, let new, !isChanged { isChanged = try old.differs(before, from: new, after) }
        if after.status.isDirectory {
            if let before, before.status.isDirectory { former = try old?.descend(into: before) }
            try compare(former, new?.descend(into: after), at: path, depth: depth)
        }
        if before == nil {
            changes.insert(FileChange(.added, path), at: place)
        } else if isChanged || changes.count > place {
            changes.insert(FileChange(.changed, path), at: place)
        }
    }
}

extension MergedDirectory {
    /// Whether it consists of the very same directories.
    fileprivate func isSame(as other: MergedDirectory) throws(OperationError) -> Bool {
        guard places.count == other.places.count else { return false }
        for (one, two) in zip(places, other.places) {
            let (former, present) = (try one.descriptor.ownStatus(), try two.descriptor.ownStatus())
            guard former.isSameFile(as: present) else { return false }
        }
        return true
    }

    /// Whether two entries of one kind and size have another content or other attributes.
    fileprivate func differs(
        _ entry: Entry, from other: MergedDirectory, _ after: Entry
    ) throws(OperationError) -> Bool {
        if entry.status.isSameFile(as: after.status) { return false }
        let one = directory(with: entry), two = other.directory(with: after)
        switch entry.status.kind {
        case S_IFLNK: return one.descriptor.link(at: entry.name) != two.descriptor.link(at: after.name)
        case S_IFREG, S_IFDIR:
            let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK
            let first = try one.descriptor.open(at: entry.name.text, flags)
            let second = try two.descriptor.open(at: after.name.text, flags)
            if !first.hasAttributes(of: second) { return true }
            if !entry.status.isRegular { return false }
            return try !first.hasContent(of: second, named: entry.name.text)
        default: return false
        }
    }
}

extension Descriptor {
    fileprivate func hasAttributes(of other: borrowing Descriptor) -> Bool {
        let attributes = other.layerAttributes()
        return layerAttributes().elementsEqual(attributes) { $0.name == $1.name && $0.value == $1.value }
    }

    fileprivate func hasContent(of other: borrowing Descriptor, named name: String) throws(OperationError) -> Bool {
        while true {
            let piece = try Files.readPiece(of: self, named: name, limit: 1 << 18)
            let same = try Files.readPiece(of: other, named: name, limit: 1 << 18)
            guard piece == same else { return false }
            if piece.isEmpty { return true }
        }
    }
}

extension stat {
    fileprivate func isSameFile(as other: stat) -> Bool { st_dev == other.st_dev && st_ino == other.st_ino }

    /// In what needs no look at the file; of a directory the size says nothing.
    fileprivate func differs(from other: stat) -> Bool {
        st_mode != other.st_mode || st_uid != other.st_uid || st_gid != other.st_gid || st_rdev != other.st_rdev
            || isRegular && st_size != other.st_size
    }
}
