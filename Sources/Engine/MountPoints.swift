import Containers
import Core
import Glibc
import Linux

/// What every container has in its image's place, and what a RUN has mounted: made where the image has nothing there, and no part
/// of a layer.
enum MountPoints {
    /// - Parameters:
    ///   - layers: what has one keeps it.
    ///   - targets: of further mounts.
    static func clear(in upper: String, above layers: [String], _ targets: [String]) throws(OperationError) {
        let root = try Descriptor.open(upper, O_DIRECTORY | Descriptor.pathOnly)
        for path in try idle(in: upper, above: layers, targets) { try remove(path.pathComponents, below: root) }
    }

    /// Those that are as they were made: paths from the top, directories behind what is in them. Looked up without any link: the
    /// tree is a container's work.
    static func idle(
        in upper: String, above layers: [String], _ targets: [String] = []
    ) throws(OperationError) -> [String] {
        let root = try Descriptor.open(upper, O_DIRECTORY | Descriptor.pathOnly)
        var found: [String] = []
        for target in LayerChanges.places + targets {
            var names = target.pathComponents
            // Directories above it that were made for it, too.
            while !names.isEmpty {
                let path = names.joined(separator: "/")
                if !found.contains(path) {
                    guard try isIdle(names, below: root, layers, besides: found) else { break }
                    found.append(path)
                }
                names.removeLast()
            }
        }
        return found
    }

    /// - Parameter known: those in it that count as nothing.
    private static func isIdle(
        _ names: [String], below root: borrowing Descriptor, _ layers: [String], besides known: [String]
    ) throws(OperationError) -> Bool {
        let path = names.joined(separator: "/")
        if layers.contains(where: { Files.status("\($0)/\(path)", followLinks: false) != nil }) { return false }
        guard let directory = parent(of: names, below: root) else { return false }
        let name = FileName(names.last ?? "")
        guard let status = directory.status(of: name) else { return false }
        guard status.isDirectory else { return status.isRegular && status.st_size == 0 }
        guard let own = try? directory.open(entry: name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, named: path) else {
            return false
        }
        return try own.entryNames().allSatisfy { known.contains("\(path)/\($0.text)") }
    }

    private static func parent(of names: [String], below root: borrowing Descriptor) -> Descriptor? {
        let path = "/" + names.dropLast().joined(separator: "/")
        return try? root.open(inRoot: path, O_RDONLY | O_DIRECTORY, followingLinks: false)
    }

    private static func remove(_ names: [String], below root: borrowing Descriptor) throws(OperationError) {
        let (path, name) = (names.joined(separator: "/"), FileName(names.last ?? ""))
        guard let directory = parent(of: names, below: root), let status = directory.status(of: name) else { return }
        try FaultPoint.pass("remove", path)
        guard unlinkat(directory.number, name.bytes, status.isDirectory ? AT_REMOVEDIR : 0) == 0 else {
            throw OperationError("remove", path, errno: errno)
        }
    }
}
