import Core
import Glibc
import Linux

/// The directories that lie between the root of a hierarchy and a container's own: `mydocker`, below what
/// `--cgroup-parent` names. The first is always ours, of the others those that a container's record names.
package enum CgroupParents {
    /// All of them above some directories of a container, the highest first.
    package static func above(_ directories: [String]) -> [String] {
        Set(directories.flatMap { levels(above: $0, from: CgroupHost.root).dropFirst() }).sorted()
    }

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
        return path.withKernelString { mkdir($0, 0o755) } == 0 ? 0 : errno
    }

    /// Removes the `mydocker` that `directory` lies in, unless another container is in there, or is about to be.
    static func removeOwn(above directory: String) throws(OperationError) {
        guard let path = parent(of: directory), path.hasSuffix("/" + CgroupParent.own) else { return }
        try FaultPoint.pass("remove cgroup", path)
        _ = Files.removeEmptyDirectory(path)
    }

    /// Removes those of a record, from the lowest up, that nobody is in any more.
    static func remove(_ paths: [String]) throws(OperationError) {
        for path in paths.sorted().reversed() where isBelowRoot(path) && Files.isDirectory(path) {
            try FaultPoint.pass("remove cgroup", path)
            _ = Files.removeEmptyDirectory(path)
        }
    }

    /// A damaged record must not lead elsewhere.
    private static func isBelowRoot(_ path: String) -> Bool {
        path.hasPrefix(CgroupHost.root + "/") && !path.split(separator: "/").contains("..")
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
