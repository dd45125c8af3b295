import CLinux
import Core

/// A copy of a mount that is attached nowhere yet. It goes with its last descriptor.
package struct DetachedMount: ~Copyable {
    package let descriptor: Descriptor

    /// A bind of `path` with all that is mounted below it. What is mounted there later, on either side, stays there.
    package init(cloning path: String, readOnly: Bool) throws(OperationError) {
        try FaultPoint.pass("bind", path)
        let result = path.withKernelString { clinux_open_tree($0, 1) }
        guard result >= 0 else { throw OperationError("bind", path, errno: -result) }
        let tree = Descriptor(owning: result)
        let status = clinux_mount_set_private(tree.number, readOnly ? UInt64(CLINUX_MOUNT_ATTR_RDONLY) : 0)
        guard status >= 0 else { throw OperationError("bind", path, errno: -status) }
        descriptor = tree
    }

    package consuming func intoDescriptor() -> Descriptor { descriptor }
}
