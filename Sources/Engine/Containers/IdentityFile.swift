import Core
import Glibc
import Linux

/// The file of `--cidfile`, which must not exist and holds the container's id.
struct IdentityFile {
    private let path: String?

    init(_ path: String?, _ id: ContainerID) throws(OperationError) {
        self.path = path
        guard let path else { return }
        do throws(OperationError) {
            try Files.create(path, Array(id.hex.utf8), mode: 0o600)
            // The one file of the caller's own.
            try FaultPoint.pass("set mode of", path)
            _ = path.withKernelString { chmod($0, 0o666 & ~Umask.ofCaller) }
        } catch {
            guard error.errno == EEXIST else { throw error }
            throw OperationError(
                "container ID file found, make sure the other container isn't running or delete \(path)")
        }
    }

    /// The container did not start.
    func remove() {
        if let path { try? Files.remove(path) }
    }
}
