import Containers
import Core
import Glibc
import Lifecycle
import Linux

extension Engine {
    /// What can be known before anything is made.
    func checkMounts(_ definition: ContainerDefinition) throws(OperationError) {
        let targets = definition.mountTargets.map(\.target)
        for (index, target) in targets.enumerated() where targets[..<index].contains(target) {
            throw OperationError("Duplicate mount point: \(target)")
        }
        let devices = Set(definition.devices.map(\.target))
        for target in targets where !devices.contains(target) { try checkPlace(target) }
        try checkBoundDirectories(definition.volumes)
        for bind in definition.binds where !bind.makesSource && Files.status(bind.source) == nil {
            throw missing(bind)
        }
        for bind in definition.binds where !bind.propagation.isPrivate { try checkPropagation(of: bind) }
        for device in definition.devices { try check(device, isPrivileged: definition.privileged) }
    }

    private func checkPlace(_ target: String) throws(OperationError) {
        let isKernels =
            target == "/dev" || MountTarget.lies(target, atOrBelow: "/proc")
            || MountTarget.lies(target, atOrBelow: "/sys")
        if isKernels { throw OperationError("bind", target, reason: "it lies inside a file system of the kernel's") }
    }

    private func check(_ device: DeviceMapping, isPrivileged: Bool) throws(OperationError) {
        let nodes = try device.nodes()
        for (_, target) in nodes { try checkPlace(target) }
        if device.reads, device.writes { return }
        if isPrivileged {
            throw OperationError(
                "conflicting options: --device \(device.source) with \"\(device.permissions)\", and --privileged",
                remedy: "a privileged container may do everything with every device")
        }
        for (path, _) in nodes where Files.status(path).flatMap(DeviceNumber.init).map(DeviceAccess.isStandard) ?? false
        {
            throw OperationError(
                "limit device", path, reason: "every container has it, for reading and writing")
        }
    }

    /// The kernel would say nothing, and nothing would be seen on the other side.
    private func checkPropagation(of bind: BindMount) throws(OperationError) {
        guard let mount = try Mounts.above(bind.source) else { throw missing(bind) }
        guard bind.propagation.isShared ? !mount.isShared : !(mount.isShared || mount.isSlave) else { return }
        let wanted = bind.propagation.isShared ? "shared" : "shared or slave"
        throw OperationError(
            "path \(bind.source) is mounted on \(mount.point) but it is not a \(wanted) mount",
            remedy: "mount --make-shared \(mount.point)")
    }

    private func missing(_ bind: BindMount) -> OperationError {
        OperationError("bind source path does not exist: \(bind.source)")
    }

    /// `-v` makes a directory where there is nothing, as in Docker. It stays, like the one of a later run.
    func makeBindSources(_ binds: [BindMount]) throws(OperationError) {
        for bind in binds where bind.makesSource && Files.status(bind.source) == nil {
            try makeDirectories(bind.source)
            // A link that leads nowhere.
            guard Files.status(bind.source) != nil else { throw missing(bind) }
            warn("there was no \"\(bind.source)\" for -v: made a directory")
        }
    }

    /// Open to everybody, whatever the caller's umask.
    private func makeDirectories(_ path: String) throws(OperationError) {
        if path.isEmpty || Files.isDirectory(path) { return }
        if let slash = path.lastIndex(of: "/") { try makeDirectories(String(path[..<slash])) }
        guard try Files.makeDirectory(path, mode: 0o755) else { return }
        try FaultPoint.pass("set mode of", path)
        guard path.withKernelString({ chmod($0, 0o755) }) == 0 else {
            throw OperationError("create directory", path, errno: errno)
        }
    }
}
