import CLinux
import Core
import Glibc

/// Whom copies belong to.
package enum CopyOwnership: Equatable, Sendable {
    /// As it was. Capabilities of files stay, too.
    case kept
    /// What runs as its owner (set-user-ID) or with capabilities does so only where that is who owned it before.
    case given(user: uid_t, group: gid_t)
    /// For an image: rights stay as they are, and go to whoever is the owner there. Nil is as it was.
    case settled(user: uid_t?, group: gid_t?, mode: ModeChange?)

    package func owner(of status: stat) -> (user: uid_t, group: gid_t) {
        switch self {
        case .kept: (status.st_uid, status.st_gid)
        case .given(let user, let group): (user, group)
        case .settled(let user, let group, _): (user ?? status.st_uid, group ?? status.st_gid)
        }
    }

    func changes(_ status: stat) -> Bool {
        if case .settled = self { return false }
        return owner(of: status) != (status.st_uid, status.st_gid)
    }

    package func mode(of status: stat) -> mode_t {
        let mode = status.st_mode & 0o7777
        if case .settled(_, _, let change) = self {
            return change?.applied(to: mode, isDirectory: status.isDirectory) ?? mode
        }
        return changes(status) && !status.isDirectory ? mode & ~0o6000 : mode
    }
}

/// Copies files and directories from one tree into another, each of which a hostile program may change at any moment.
///
/// It goes by descriptors, one name at a time, and follows no link. A file gets its name once it is whole, where the file system
/// can do that (O_TMPFILE): so nothing is left of a part, whatever ends this process. What lies in a file system of the kernel's is
/// not copied, nor are sockets and device nodes: these would be usable where they are copied to.
package struct TreeCopy: ~Copyable {
    /// A directory that is being copied.
    final class Level {
        let source: Descriptor
        let target: Descriptor
        let status: stat
        let name: FileName
        /// Where it is, and where it is copied to, as errors say it.
        let (origin, path): (String, String)
        /// Otherwise only what is in it is copied.
        let isOwn: Bool
        var pending: [FileName]

        init(
            _ source: consuming Descriptor, _ target: consuming Descriptor, _ status: stat, _ name: FileName,
            _ origin: String, _ path: String, isOwn: Bool
        ) {
            pending = FileName.all(in: source).sorted(by: >)
            self.source = source
            self.target = target
            self.status = status
            self.name = name
            (self.origin, self.path) = (origin, path)
            self.isOwn = isOwn
        }
    }

    let ownership: CopyOwnership
    /// Bytes in regular files.
    package internal(set) var copied: Int64 = 0
    /// How many devices there were, and where the first is.
    package private(set) var devices: (count: Int, first: String) = (0, "")
    /// The first copy of each file that has several names, from the top of the copy.
    var names: [FileIdentity: [FileName]] = [:]
    private var levels: [Level] = []
    /// Whether what lies there below the top is copied; nil copies all.
    package var wants: ((_ path: String) -> Bool)?
    /// Whether a directory replaces what has its name and is none.
    package var replacesFiles = false
    /// The topmost directory that was made or filled: a copy of it into itself would never end.
    private var top: FileIdentity?

    package init(_ ownership: CopyOwnership) { self.ownership = ownership }

    /// Copies what has a name in one directory to a name in another one.
    /// - Parameters:
    ///   - origin: what errors call it where it is at fault.
    ///   - path: the same of what becomes of it.
    package mutating func copy(
        _ source: borrowing TreePlace, from origin: String, to directory: borrowing Descriptor, as name: FileName,
        path: String
    ) throws(OperationError) {
        try FaultPoint.pass("copy", path)
        guard let level = try enter(source.name, in: source.directory, to: directory, as: name, origin, path) else {
            return
        }
        try run(from: level)
    }

    /// Copies what is in a directory into another one.
    /// - Parameter equips: the other one gets its owner, mode and times, too.
    package mutating func copyContents(
        of source: consuming Descriptor, from origin: String, to directory: consuming Descriptor, path: String,
        equipping equips: Bool = false
    ) throws(OperationError) {
        let status = try source.ownStatus()
        top = FileIdentity(try directory.ownStatus())
        try run(from: Level(source, directory, status, .itself, origin, path, isOwn: equips))
    }

    private mutating func run(from level: Level) throws(OperationError) {
        levels = [level]
        while let level = levels.last {
            guard let name = level.pending.popLast() else {
                if level.isOwn { try finish(level) }
                levels.removeLast()
                continue
            }
            if let wants, !wants((levels.dropFirst().map(\.name) + [name]).map(\.text).joined(separator: "/")) {
                continue
            }
            let (origin, path) = ("\(level.origin)/\(name.text)", "\(level.path)/\(name.text)")
            // At the top only: a tree may have thousands of files.
            if levels.count == 1 { try FaultPoint.pass("copy", path) }
            if let below = try enter(name, in: level.source, to: level.target, as: name, origin, path) {
                levels.append(below)
            }
        }
    }

    /// - Returns: the directory that is to be filled, when it is one.
    private mutating func enter(
        _ name: FileName, in source: borrowing Descriptor, to target: borrowing Descriptor, as newName: FileName,
        _ origin: String, _ path: String
    ) throws(OperationError) -> Level? {
        guard let status = source.status(of: name) else {
            // Gone meanwhile.
            guard levels.isEmpty else { return nil }
            throw OperationError("copy", origin, errno: ENOENT)
        }
        let copy = EntryCopy(
            name: newName, target: target.number, origin: origin, path: path, ownership: ownership,
            replacesFiles: replacesFiles)
        switch status.kind {
        case S_IFDIR: return try directory(name, in: source, copy, to: target)
        case S_IFREG: try file(name, in: source, copy, to: target)
        case S_IFLNK: if let link = source.link(at: name) { try copy.makeLink(to: link, like: status) }
        case S_IFIFO: try copy.makePipe(like: status)
        case S_IFCHR, S_IFBLK: devices = (devices.count + 1, devices.count == 0 ? origin : devices.first)
        default: break
        }
        return nil
    }

    private mutating func directory(
        _ name: FileName, in parent: borrowing Descriptor, _ copy: EntryCopy, to target: borrowing Descriptor
    ) throws(OperationError) -> Level? {
        let source = try parent.open(entry: name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, named: copy.origin)
        let status = try source.ownStatus()
        guard FileIdentity(status) != top else {
            throw OperationError("copy", levels.first?.origin ?? copy.origin, reason: "it would be copied into itself")
        }
        let isKernels = isKernels(source, status)
        if isKernels, levels.isEmpty { throw OperationError.kernelFiles(copy.origin) }
        let level = Level(source, try copy.makeDirectory(), status, copy.name, copy.origin, copy.path, isOwn: true)
        if top == nil { top = FileIdentity(try level.target.ownStatus()) }
        if isKernels { level.pending = [] }
        return level
    }

    private mutating func file(
        _ name: FileName, in parent: borrowing Descriptor, _ copy: EntryCopy, to target: borrowing Descriptor
    ) throws(OperationError) {
        let flags = O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY
        let source = try parent.open(entry: name, flags, named: copy.origin)
        let status = try source.ownStatus()
        // It was another kind of file a moment ago.
        guard status.isRegular else { return }
        if isKernels(source, status) { throw OperationError.kernelFiles(copy.origin) }
        let place = levels.dropFirst().map(\.name) + [copy.name]
        if status.st_nlink > 1 {
            if let first = names[FileIdentity(status)], try link(first, copy) { return }
            names[FileIdentity(status)] = place
        }
        copied += try copy.makeFile(from: source, status)
    }

    /// Asked where another file system begins.
    private func isKernels(_ source: borrowing Descriptor, _ status: stat) -> Bool {
        status.st_dev != levels.last?.status.st_dev && KernelFileSystem.holds(source.number)
    }

    /// - Returns: false when the first copy is not where it was made any more.
    private func link(_ first: [FileName], _ copy: EntryCopy) throws(OperationError) -> Bool {
        guard let top = levels.first else { return false }
        let directory = first.dropLast().map(\.text).joined(separator: "/")
        guard let parent = try? top.target.open(inRoot: "./" + directory, O_RDONLY | O_DIRECTORY, followingLinks: false)
        else { return false }
        return try copy.makeHardLink(to: first[first.count - 1], in: parent)
    }

    private func finish(_ level: Level) throws(OperationError) {
        try EntryCopy.equip(level.target, like: level.status, from: level.source, ownership, level.path)
    }
}

/// A file, whatever names it has.
struct FileIdentity: Hashable {
    let device: dev_t
    let inode: ino_t

    init(_ status: stat) {
        device = status.st_dev
        inode = status.st_ino
    }
}

extension Descriptor {
    package func ownStatus() throws(OperationError) -> stat {
        var status = stat()
        guard fstat(number, &status) == 0 else { throw OperationError("examine", errno: errno) }
        return status
    }
}

extension OperationError {
    /// - Parameter path: of what was to be copied.
    package static func kernelFiles(_ path: String) -> OperationError {
        OperationError("copy", path, reason: "it lies inside a file system of the kernel's")
    }
}
