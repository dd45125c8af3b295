import CLinux
import Core
import Glibc

extension Descriptor {
    /// A directory below this root with all that is missing above it; links in it are followed as a process would whose root this
    /// is.
    /// - Parameters:
    ///   - path: absolute.
    ///   - user: whom new ones belong to.
    package func makeDirectories(inRoot path: String, user: uid_t, group: gid_t) throws(OperationError) -> Descriptor {
        var reached = ""
        for name in path.pathComponents {
            reached += "/" + name
            let place = try TreePlace(reached, below: self, followsLink: true)
            guard place.status == nil else { continue }
            try FaultPoint.pass("create directory", reached)
            let directory = place.directory.number
            guard mkdirat(directory, place.name.bytes, 0o755) == 0 else {
                throw OperationError("create directory", reached, errno: errno)
            }
            try FaultPoint.pass("set owner of", reached)
            guard fchownat(directory, place.name.bytes, user, group, AT_SYMLINK_NOFOLLOW) == 0
            else { throw OperationError("create directory", reached, errno: errno) }
        }
        do throws(OperationError) {
            return try open(inRoot: reached.isEmpty ? "/" : reached, O_RDONLY | O_DIRECTORY)
        } catch {
            throw error.errno == ENOTDIR
                ? OperationError("copy to", path, reason: "something in it is no directory", kind: .conflict) : error
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
