import CLinux
import Core
import Glibc

/// What a mount does not do (MOUNT_ATTR_* of mount_setattr(2)).
package struct MountAttributes: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static let readOnly = MountAttributes(rawValue: UInt64(CLINUX_MOUNT_ATTR_RDONLY))
    package static let noSetUserID = MountAttributes(rawValue: UInt64(CLINUX_MOUNT_ATTR_NOSUID))
    package static let noDevices = MountAttributes(rawValue: UInt64(CLINUX_MOUNT_ATTR_NODEV))
    package static let noExecute = MountAttributes(rawValue: UInt64(CLINUX_MOUNT_ATTR_NOEXEC))
}

/// A copy of a mount that is attached nowhere yet. It goes with its last descriptor.
package struct DetachedMount: ~Copyable {
    package let descriptor: Descriptor
    /// What is mounted, whatever lies at that path by now.
    package let status: stat

    /// A bind of `path` with all that is mounted below it. What is mounted there later, on either side, stays there.
    /// - Parameter attributes: hold for all of it.
    package init(cloning path: String, _ attributes: MountAttributes) throws(OperationError) {
        try FaultPoint.pass("bind", path)
        let result = path.withKernelString { clinux_open_tree($0, 1) }
        guard result >= 0 else { throw OperationError("bind", path, errno: -result) }
        let tree = Descriptor(owning: result)
        let failure = clinux_mount_set_private(tree.number, attributes.rawValue)
        guard failure >= 0 else { throw OperationError("bind", path, errno: -failure) }
        var status = stat()
        guard fstat(tree.number, &status) == 0 else { throw OperationError("bind", path, errno: errno) }
        descriptor = tree
        self.status = status
    }

    package var isDirectory: Bool { status.st_mode & S_IFMT == S_IFDIR }

    package consuming func intoDescriptor() -> Descriptor { descriptor }
}
