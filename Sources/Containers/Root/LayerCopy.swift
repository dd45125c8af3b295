import Core
import Glibc
import Linux

/// Copies what an image has in a directory into a new one, which nobody else writes to. It works from descriptors and follows no
/// symbolic link. Owners, modes, times, attributes, hard links, holes and device nodes are as they were.
package struct LayerCopy: ~Copyable {
    private struct File: Hashable {
        let device: dev_t
        let inode: ino_t

        init(_ status: stat) { (device, inode) = (status.st_dev, status.st_ino) }
    }

    private let root: Descriptor
    private let path: String
    /// Of a file with several names, where its first one is in the copy.
    private var firstNames: [File: String] = [:]

    /// - Parameter path: an empty directory.
    package init(into path: String) throws(OperationError) {
        root = try Descriptor.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
        self.path = path
    }

    package mutating func run(_ source: MergedDirectory) throws(OperationError) {
        try copy(source, to: try root.duplicate(), at: "", depth: 0)
    }

    /// - Parameter place: in the copy, with a `/` behind it unless it is empty.
    private mutating func copy(
        _ source: MergedDirectory, to target: consuming Descriptor, at place: String, depth: Int
    ) throws(OperationError) {
        try MergedDirectory.checkDepth(depth, "copy", "\(path)/\(place)")
        for entry in try source.entries() {
            try Interruption.check("copy", path)
            if depth == 0 { try FaultPoint.pass("copy", "\(path)/\(entry.name.text)") }
            let name = place + entry.name.text
            if entry.kind == S_IFDIR {
                let made = try makeDirectory(entry.name, in: target, name)
                guard let next = try source.descend(into: entry) else { continue }
                try copy(next, to: made, at: name + "/", depth: depth + 1)
            } else if !link(entry, in: target) {
                try copy(entry, of: source.directory(with: entry).descriptor, to: target, name)
                if entry.status.st_nlink > 1 { firstNames[File(entry.status)] = name }
            }
        }
        try takeAttributes(of: source.top.descriptor, to: target, place)
    }

    /// - Returns: whether another name of it has been copied.
    private func link(_ entry: MergedDirectory.Entry, in target: borrowing Descriptor) -> Bool {
        guard let first = firstNames[File(entry.status)] else { return false }
        let number = target.number
        return first.withKernelString { linkat(root.number, $0, number, entry.name.bytes, 0) } == 0
    }

    private func makeDirectory(
        _ name: FileName, in target: borrowing Descriptor, _ place: String
    ) throws(OperationError) -> Descriptor {
        guard mkdirat(target.number, name.bytes, 0o700) == 0 else { throw failure(place, errno) }
        return try target.open(entry: name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, named: place)
    }

    private func copy(
        _ entry: MergedDirectory.Entry, of source: borrowing Descriptor, to target: borrowing Descriptor,
        _ place: String
    ) throws(OperationError) {
        switch entry.kind {
        case S_IFREG: return try copyFile(entry, of: source, to: target, place)
        case S_IFLNK:
            guard let text = source.link(at: entry.name) else { throw failure(place, errno) }
            let number = target.number
            guard text.withKernelString({ symlinkat($0, number, entry.name.bytes) }) == 0 else {
                throw failure(place, errno)
            }
        default:
            guard mknodat(target.number, entry.name.bytes, entry.status.st_mode, entry.status.st_rdev) == 0 else {
                throw failure(place, errno)
            }
        }
        try setOwner(entry, in: target, place)
    }

    private func copyFile(
        _ entry: MergedDirectory.Entry, of source: borrowing Descriptor, to target: borrowing Descriptor,
        _ place: String
    ) throws(OperationError) {
        let from = try source.open(entry: entry.name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK, named: place)
        let to = try target.open(
            entry: entry.name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o600, named: place)
        let size = Int64(entry.status.st_size)
        var position: Int64 = 0
        while position < size {
            try Interruption.check("copy", path)
            let failure = from.copyNext(to: to, from: &position, limit: Descriptor.portion, size: size)
            guard failure == 0 else { throw self.failure(place, failure) }
        }
        try takeAttributes(of: from, to: to, place)
    }

    /// Of what was not opened.
    private func setOwner(
        _ entry: MergedDirectory.Entry, in target: borrowing Descriptor, _ place: String
    ) throws(OperationError) {
        let status = entry.status
        let times = [status.st_atim, status.st_mtim]
        guard fchownat(target.number, entry.name.bytes, status.st_uid, status.st_gid, AT_SYMLINK_NOFOLLOW) == 0,
            entry.kind == S_IFLNK || fchmodat(target.number, entry.name.bytes, status.st_mode & 0o7777, 0) == 0,
            utimensat(target.number, entry.name.bytes, times, AT_SYMLINK_NOFOLLOW) == 0
        else { throw failure(place, errno) }
    }

    private func takeAttributes(
        of source: borrowing Descriptor, to target: borrowing Descriptor, _ place: String
    ) throws(OperationError) {
        let failure = target.takeAttributes(of: source)
        guard failure == 0 else { throw self.failure(place, failure) }
    }

    private func failure(_ place: String, _ number: Int32) -> OperationError {
        OperationError("copy", "\(path)/\(place)", errno: number)
    }
}
