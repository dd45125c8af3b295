import Core
import Glibc
import Linux

/// The directories that lie between the root of a hierarchy and a container's own: `mydocker`, below what
/// `--cgroup-parent` names. Of the latter those go again that were made here, which an attribute says: several containers may
/// have the same, and the last one takes it away.
enum CgroupParents {
    private static let mark = "trusted.mydocker.made"

    /// Makes `path` and what it lies below.
    static func make(_ path: String) throws(OperationError) {
        var result = try create(path)
        if result == ENOENT, let parent = parent(of: path), parent != CgroupHost.root {
            try make(parent)
            result = try create(path)
        }
        // Another container's end may remove an empty one at this moment, which the caller looks for.
        guard [0, EEXIST, ENOENT].contains(result) else { throw OperationError("create cgroup", path, errno: result) }
    }

    /// - Returns: 0 or an errno.
    private static func create(_ path: String) throws(OperationError) -> Int32 {
        try FaultPoint.pass("create cgroup", path)
        guard path.withKernelString({ mkdir($0, 0o755) }) == 0 else { return errno }
        if !path.hasSuffix("/" + CgroupParent.own) { try? Files.mark(path, mark) }
        return 0
    }

    /// Removes those above `directory` that are empty and ours. They stay while another container is in one, or is about to be.
    static func remove(above directory: String) throws(OperationError) {
        var next = parent(of: directory)
        while let path = next, path != CgroupHost.root, isOurs(path) {
            try FaultPoint.pass("remove cgroup", path)
            guard Files.removeEmptyDirectory(path) || [ENOENT, ENOTDIR].contains(errno) else { return }
            next = parent(of: path)
        }
    }

    /// One that is gone does not hide those above it.
    private static func isOurs(_ path: String) -> Bool {
        guard !path.hasSuffix("/" + CgroupParent.own), Files.exists(path) else { return true }
        let directory = try? Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        return directory?.attribute(mark, limit: 8) != nil
    }

    /// From the root of the hierarchy down to what `directory` lies in.
    static func levels(above directory: String, from mount: String) -> [String] {
        var levels: [String] = []
        var next = parent(of: directory)
        while let path = next, path.hasPrefix(mount) {
            levels.append(path)
            next = path == mount ? nil : parent(of: path)
        }
        return levels.reversed()
    }

    private static func parent(of path: String) -> String? { path.lastIndex(of: "/").map { String(path[..<$0]) } }
}
