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

    /// A bind of `path`.
    /// - Parameters:
    ///   - attributes: hold for all of it.
    ///   - propagation: likewise, of mounts that are made there later, on either side.
    ///   - recursive: with all that is mounted below it.
    package init(
        cloning path: String, _ attributes: MountAttributes, _ propagation: MountPropagation = .privateAll,
        recursive: Bool = true
    ) throws(OperationError) {
        try FaultPoint.pass("bind", path)
        let result = path.withKernelString { clinux_open_tree(AT_FDCWD, $0, recursive ? 1 : 0) }
        try self.init(result, path, attributes, propagation)
    }

    /// A bind of an open directory or file, private and with all that is mounted below it.
    /// - Parameter name: for errors.
    package init(
        of file: borrowing Descriptor, named name: String, _ attributes: MountAttributes
    ) throws(OperationError) {
        try FaultPoint.pass("bind", name)
        try self.init(clinux_open_tree(file.number, "", 1), name, attributes, .privateAll)
    }

    private init(
        _ result: Int32, _ path: String, _ attributes: MountAttributes, _ propagation: MountPropagation
    ) throws(OperationError) {
        guard result >= 0 else { throw OperationError("bind", path, errno: -result) }
        try self.init(Descriptor(owning: result), of: path, attributes, propagation)
    }

    /// One that another process has cloned (`ForeignMounts`).
    init(
        _ tree: consuming Descriptor, of path: String, _ attributes: MountAttributes,
        _ propagation: MountPropagation = .privateAll
    ) throws(OperationError) {
        let failure = clinux_mount_set(tree.number, attributes.rawValue, propagation.flag)
        guard failure >= 0 else { throw OperationError("bind", path, errno: -failure) }
        var status = stat()
        guard fstat(tree.number, &status) == 0 else { throw OperationError("bind", path, errno: errno) }
        descriptor = tree
        self.status = status
    }

    package var isDirectory: Bool { status.st_mode & S_IFMT == S_IFDIR }

    package consuming func intoDescriptor() -> Descriptor { descriptor }
}

extension MountPropagation {
    /// A copy of a shared mount is its peer already.
    fileprivate var flag: UInt64 {
        if isShared { return 0 }
        return UInt64(isPrivate ? CLINUX_MOUNT_PRIVATE : CLINUX_MOUNT_SLAVE)
    }
}
