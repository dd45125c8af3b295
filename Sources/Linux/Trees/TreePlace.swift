import Core
import Glibc

/// Where a path leads to below a root: the directory that holds it, opened, and its name in there.
///
/// The look-up is one from descriptors (openat2(2), RESOLVE_IN_ROOT): whatever a hostile program renames or links meanwhile,
/// it leads to somewhere below the root.
package struct TreePlace: ~Copyable {
    package let directory: Descriptor
    /// `.` for the directory itself.
    package let name: FileName
    /// Nil when there is nothing.
    package let status: stat?

    private static let maximumLinks = 40

    /// - Parameters:
    ///   - path: absolute.
    ///   - followsLink: whether a symbolic link at the end of it is followed; those on the way are.
    /// - Throws: ENOENT or ENOTDIR when there is no directory to hold it, ELOOP.
    package init(_ path: String, below root: borrowing Descriptor, followsLink: Bool) throws(OperationError) {
        var path = path
        for _ in 0..<Self.maximumLinks {
            let (parent, name) = Self.split(path)
            let directory = try root.open(inRoot: parent, O_RDONLY | O_DIRECTORY)
            let status = directory.status(of: name)
            if followsLink, let status, status.isSymbolicLink, let target = directory.link(at: name) {
                path = target.isAbsolutePath ? target : "\(parent)/\(target)"
                continue
            }
            self.directory = directory
            self.name = name
            self.status = status
            return
        }
        throw OperationError("open", path, errno: ELOOP)
    }

    package var isDirectory: Bool { status?.isDirectory ?? false }

    /// The directory that it is.
    package func openDirectory() throws(OperationError) -> Descriptor {
        try directory.open(at: name.text, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    }

    private static func split(_ path: String) -> (parent: String, name: FileName) {
        let parts = path.pathComponents
        guard let last = parts.last, last != "..", last != "." else { return (path, .itself) }
        return ("/" + parts.dropLast().joined(separator: "/"), FileName(last))
    }
}

extension Descriptor {
    /// What this directory has by a name; nil when there is nothing.
    package func status(of name: FileName) -> stat? {
        var status = stat()
        return fstatat(number, name.bytes, &status, AT_SYMLINK_NOFOLLOW) == 0 ? status : nil
    }

    /// Where a symbolic link in this directory points to; nil when it is none.
    package func link(at name: FileName) -> String? {
        let bytes = [UInt8](unsafeUninitializedCapacity: Int(PATH_MAX)) { buffer, count in
            count = buffer.withMemoryRebound(to: CChar.self) { characters in
                characters.baseAddress.map { max(0, readlinkat(number, name.bytes, $0, characters.count)) } ?? 0
            }
        }
        return bytes.isEmpty ? nil : String(kernel: bytes)
    }
}

extension stat {
    package var kind: mode_t { st_mode & S_IFMT }
    package var isDirectory: Bool { kind == S_IFDIR }
    package var isSymbolicLink: Bool { kind == S_IFLNK }
    package var isRegular: Bool { kind == S_IFREG }
}
