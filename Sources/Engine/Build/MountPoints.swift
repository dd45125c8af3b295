import Core
import Glibc
import Linux

/// What every container has in its image's place, and what a RUN has mounted: made where the image has nothing there, and no part
/// of a layer.
enum MountPoints {
    private static let usual = ["/etc/hostname", "/etc/hosts", "/etc/resolv.conf", "/dev", "/proc", "/sys"]

    /// Looked up without any link: the tree is a container's work.
    /// - Parameters:
    ///   - layers: what has one keeps it.
    ///   - targets: of further mounts.
    static func clear(in upper: String, above layers: [String], _ targets: [String]) throws(OperationError) {
        let root = try Descriptor.open(upper, O_DIRECTORY | Descriptor.pathOnly)
        for target in usual + targets {
            var names = target.pathComponents
            // Directories above it that were made for it, too.
            while !names.isEmpty, try remove(names, below: root, layers) { names.removeLast() }
        }
    }

    /// - Returns: whether it is gone.
    private static func remove(
        _ names: [String], below root: borrowing Descriptor, _ layers: [String]
    ) throws(OperationError) -> Bool {
        let path = names.joined(separator: "/")
        if layers.contains(where: { Files.status("\($0)/\(path)", followLinks: false) != nil }) { return false }
        let parent = "/" + names.dropLast().joined(separator: "/")
        guard let directory = try? root.open(inRoot: parent, O_RDONLY | O_DIRECTORY, followingLinks: false) else {
            return false
        }
        let name = FileName(names.last ?? "")
        guard let status = directory.status(of: name), status.isDirectory || status.isRegular && status.st_size == 0
        else {
            return false
        }
        try FaultPoint.pass("remove", path)
        if unlinkat(directory.number, name.bytes, status.isDirectory ? AT_REMOVEDIR : 0) == 0 { return true }
        // Something is in it that is the command's.
        guard errno == ENOTEMPTY else { throw OperationError("remove", path, errno: errno) }
        return false
    }
}
