import Core
import Glibc
import Linux

/// What libraries open by themselves. Where a pipe is they wait for whoever writes to that, for ever, and no limit of a transfer ends
/// that.
enum LibraryFiles {
    /// The C library's, by which it looks up a name.
    private static let names = [
        "/etc/nsswitch.conf", "/etc/host.conf", "/etc/hosts", "/etc/resolv.conf", "/etc/gai.conf",
    ]

    static func checkNames() throws(OperationError) {
        for path in names { try check(path, "look up names") }
    }

    /// The one file of the authorities that this host trusts.
    static func checkAuthorities(_ path: String) throws(OperationError) { try check(path, "read certificates") }

    private static func check(_ path: String, _ operation: String) throws(OperationError) {
        guard let status = Files.status(path), status.st_mode & S_IFMT == S_IFIFO else { return }
        throw OperationError(
            operation, path, reason: "it is a pipe", remedy: "put a file in its place", kind: .invalid)
    }
}

extension TransferRequest {
    /// - Parameter authorities: where the library has those that it trusts without being told; nil: in no file.
    func checkFiles(authorities: String?) throws(OperationError) {
        if proxies.looksUpName(for: url) { try LibraryFiles.checkNames() }
        if trustsHostsAuthorities, let authorities { try LibraryFiles.checkAuthorities(authorities) }
    }

    /// Whether their file is opened: also where any certificate will do. A registry's own take its place, but not for a proxy.
    var trustsHostsAuthorities: Bool {
        proxies.isByTLS(for: url) || url.scheme == .https && trust.certificates.isEmpty
    }
}
