import CLinux
import Core
import Glibc

extension Descriptor {
    private static let maximumLinks = 40

    /// A directory below this root with all that is missing above it; links in it are followed as a process would whose root this
    /// is, and what a link leads to that is not there is made in its place.
    /// - Parameters:
    ///   - path: absolute.
    ///   - user: whom new ones belong to.
    package func makeDirectories(inRoot path: String, user: uid_t, group: gid_t) throws(OperationError) -> Descriptor {
        var reached: [String] = []
        var rest = path.pathComponents[...]
        var links = 0
        while let name = rest.popFirst() {
            if name == ".." { _ = reached.popLast() }
            if name == ".." || name == "." { continue }
            let here = "/" + (reached + [name]).joined(separator: "/")
            let place = try TreePlace(here, below: self, followsLink: false)
            if let link = place.directory.link(at: place.name) {
                links += 1
                guard links <= Self.maximumLinks else { throw OperationError("create directory", path, errno: ELOOP) }
                if link.isAbsolutePath { reached = [] }
                rest = (link.pathComponents + rest)[...]
                continue
            }
            reached.append(name)
            if place.status == nil { try Self.makeDirectory(at: place, named: here, user, group) }
        }
        do throws(OperationError) {
            return try open(inRoot: "/" + reached.joined(separator: "/"), O_RDONLY | O_DIRECTORY)
        } catch {
            throw error.errno == ENOTDIR
                ? OperationError("copy to", path, reason: "something in it is no directory", kind: .conflict) : error
        }
    }

    /// The same where the path is one of directories alone: whatever else has one of its names gives way to a directory.
    /// - Parameter path: absolute, without `..`.
    package func makeOwnDirectories(
        inRoot path: String, user: uid_t, group: gid_t
    ) throws(OperationError) -> Descriptor {
        var here = ""
        for name in path.pathComponents {
            here += "/" + name
            let place = try TreePlace(here, below: self, followsLink: false)
            if place.isDirectory { continue }
            if place.status != nil { try Self.removeFile(place, named: here) }
            try Self.makeDirectory(at: place, named: here, user, group)
        }
        return try open(inRoot: here.isEmpty ? "/" : here, O_RDONLY | O_DIRECTORY, followingLinks: false)
    }

    private static func removeFile(_ place: borrowing TreePlace, named path: String) throws(OperationError) {
        try FaultPoint.pass("remove", path)
        guard unlinkat(place.directory.number, place.name.bytes, 0) == 0 || errno == ENOENT else {
            throw OperationError("remove", path, errno: errno)
        }
    }

    private static func makeDirectory(
        at place: borrowing TreePlace, named path: String, _ user: uid_t, _ group: gid_t
    ) throws(OperationError) {
        let directory = place.directory.number
        try FaultPoint.pass("create directory", path)
        guard mkdirat(directory, place.name.bytes, 0o755) == 0 else {
            throw OperationError("create directory", path, errno: errno)
        }
        try FaultPoint.pass("set owner of", path)
        guard fchownat(directory, place.name.bytes, user, group, AT_SYMLINK_NOFOLLOW) == 0 else {
            throw OperationError("create directory", path, errno: errno)
        }
    }

    /// A new file in this directory, in place of what has its name there, which must be no directory.
    package func replaceFile(
        _ name: FileName, _ bytes: [UInt8], mode: mode_t, user: uid_t, group: gid_t
    ) throws(OperationError) {
        try FaultPoint.pass("create", name.text)
        guard unlinkat(number, name.bytes, 0) == 0 || errno == ENOENT else {
            throw OperationError("create", name.text, errno: errno)
        }
        let file = try open(entry: name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode, named: name.text)
        try FaultPoint.pass("write", name.text)
        try Files.writeAll(bytes, to: file, named: name.text)
        try FaultPoint.pass("set owner of", name.text)
        guard fchown(file.number, user, group) == 0 else { throw OperationError("create", name.text, errno: errno) }
        try FaultPoint.pass("set mode of", name.text)
        guard fchmod(file.number, mode) == 0 else { throw OperationError("create", name.text, errno: errno) }
    }
}
