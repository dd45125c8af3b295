import CLinux
import Core
import Glibc

/// A file or directory of a tree that is gone through.
package struct WalkedFile: ~Copyable {
    /// Below the top, without a slash in front; empty for the top itself.
    package let path: String
    package let status: stat
    /// Where a symbolic link points to.
    package let link: String?
    /// Of a regular file or directory.
    package let descriptor: Descriptor?
}

/// What is to be done with a file of a tree.
package enum WalkChoice: Sendable {
    case take
    case leave
    /// A directory that is not wanted itself, and in which something may be.
    case lookInside
}

/// Goes through a tree in the order of names, by descriptors: one name at a time, and no link is followed. What is neither a file, a
/// directory, a link nor a pipe is left out.
package struct TreeWalk {
    private final class Level {
        let directory: Descriptor
        let path: String
        let status: stat
        var pending: [FileName]
        /// Whether somebody has been told of it.
        var isTold: Bool

        init(_ directory: consuming Descriptor, _ path: String, _ status: stat, isTold: Bool) {
            pending = FileName.all(in: directory).sorted(by: >)
            self.directory = directory
            self.path = path
            self.status = status
            self.isTold = isTold
        }
    }

    private let choose: (_ path: String, _ isDirectory: Bool) -> WalkChoice
    private let visit: (borrowing WalkedFile) throws(OperationError) -> Void
    private var levels: [Level] = []

    /// - Parameters:
    ///   - choose: asked of each file, with its path below the top.
    ///   - visit: is told of each that is taken, a directory before what is in it.
    package init(
        choosing choose: @escaping (_ path: String, _ isDirectory: Bool) -> WalkChoice,
        _ visit: @escaping (borrowing WalkedFile) throws(OperationError) -> Void
    ) {
        self.choose = choose
        self.visit = visit
    }

    /// - Parameter name: what errors call the place.
    package mutating func run(_ place: borrowing TreePlace, named name: String) throws(OperationError) {
        guard place.status != nil else { throw OperationError("open", name, errno: ENOENT) }
        guard try enter(place.name, in: place.directory, path: "", .take, name) else { return }
        while let level = levels.last {
            guard let name = level.pending.popLast() else {
                levels.removeLast()
                continue
            }
            let path = level.path.isEmpty ? name.text : "\(level.path)/\(name.text)"
            guard let status = level.directory.status(of: name) else { continue }
            let choice = choose(path, status.isDirectory)
            if case .leave = choice { continue }
            if case .lookInside = choice, !status.isDirectory { continue }
            _ = try enter(name, in: level.directory, path: path, choice, path)
        }
    }

    /// - Returns: whether it is a directory, which is then the last level.
    private mutating func enter(
        _ name: FileName, in parent: borrowing Descriptor, path: String, _ choice: WalkChoice, _ shown: String
    ) throws(OperationError) -> Bool {
        guard let status = parent.status(of: name) else { return false }
        switch status.kind {
        case S_IFDIR:
            let directory = try parent.open(entry: name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, named: shown)
            let own = try directory.ownStatus()
            levels.append(Level(directory, path, own, isTold: false))
            if case .take = choice { try tellOfLevels() }
            return true
        case S_IFREG:
            let file = try parent.open(
                entry: name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, named: shown)
            let own = try file.ownStatus()
            // It was another kind of file a moment ago.
            guard own.isRegular else { return false }
            try tellOfLevels()
            try visit(WalkedFile(path: path, status: own, link: nil, descriptor: .some(file)))
        case S_IFLNK:
            guard let link = parent.link(at: name) else { return false }
            try tellOfLevels()
            try visit(WalkedFile(path: path, status: status, link: link, descriptor: nil))
        case S_IFIFO:
            try tellOfLevels()
            try visit(WalkedFile(path: path, status: status, link: nil, descriptor: nil))
        default: break
        }
        return false
    }

    /// Directories that something is taken of are taken.
    private func tellOfLevels() throws(OperationError) {
        for level in levels where !level.isTold {
            level.isTold = true
            let directory = try level.directory.duplicate()
            try visit(
                WalkedFile(path: level.path, status: level.status, link: nil, descriptor: .some(directory)))
        }
    }
}

extension Descriptor {
    /// Its extended attributes that a copy keeps, sorted by name.
    package func keptAttributes() -> [(name: String, value: [UInt8])] { attributes(where: Self.isKept) }

    /// The same with access lists (acl(5)): those that a layer of an image has.
    package func layerAttributes() -> [(name: String, value: [UInt8])] {
        attributes { Self.isKept($0) || $0 == "system.posix_acl_access" || $0 == "system.posix_acl_default" }
    }

    private static func isKept(_ name: String) -> Bool { name.hasPrefix("user.") || name == "security.capability" }

    private func attributes(where isWanted: (String) -> Bool) -> [(name: String, value: [UInt8])] {
        var names = [UInt8](repeating: 0, count: 64 << 10)
        let count = names.withUnsafeMutableBytes { bytes in
            clinux_flistxattr(number, bytes.assumingMemoryBound(to: CChar.self).baseAddress, bytes.count)
        }
        guard count > 0 else { return [] }
        return names[..<Int(count)].split(separator: 0).map { String(kernel: $0) }
            .filter(isWanted).sorted()
            .compactMap { name in attribute(name, limit: 64 << 10).map { (name, $0) } }
    }
}
