import Core
import Glibc
import Linux

/// What the C library opens by itself to look up a name. Where a pipe is it waits for whoever writes to that, for ever, and no limit
/// of a transfer ends that.
enum NameFiles {
    static let all = ["/etc/nsswitch.conf", "/etc/host.conf", "/etc/hosts", "/etc/resolv.conf", "/etc/gai.conf"]

    static func check(_ paths: [String] = all) throws(OperationError) {
        for path in paths {
            guard let status = Files.status(path), status.st_mode & S_IFMT == S_IFIFO else { continue }
            throw OperationError(
                "look up names", path, reason: "it is a pipe", remedy: "put a file in its place", kind: .invalid)
        }
    }
}
