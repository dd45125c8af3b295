import Core
import Linux

/// The container's file system as a list of steps. Everything is mounted in the container's own mount
/// namespace, so that nothing of it is left when the container's processes are gone.
package struct RootFilesystem: Sendable {
    /// Top one first.
    package var layers: [String]
    /// The container's directory; holds `upper` and `work`.
    package var directory: String
    package var isPrivileged = false
    package var isReadOnly = false
    /// Whether the network namespace wants `networkSettings` still.
    package var needsNetworkSettings = true
    package var hasTerminal = false
    /// The child is moved into version 1 cgroups while it works, and let go on then.
    package var awaitsCgroups = false
    package var workingDirectory: String?
    /// What comes on top of the image, in the order in which it was asked for.
    package var mounts: [ContainerMount] = []
    /// The host's, for a privileged container.
    package var hostDevices = HostDevices()
    /// Directories of /sys that tell how hot each processor is.
    package var thermalDirectories: [String] = []
    /// Whether nodes open devices wherever they lie; what keeps it from others is its device cgroup, if anything does.
    package var mayOpenNodes = false
    package var sharedMemory = SharedMemory.own(size: KernelSettings.usualSharedMemory)
    package var hasCgroupNamespace = true
    /// Values by their paths below /proc/sys, in order.
    package var sysctls: [(path: String, value: String)] = []

    package init(layers: [String], directory: String) {
        self.layers = layers
        self.directory = directory
    }

    /// A node that lies in any of its file systems opens no device, unless it is privileged.
    private var noDevices: MountFlags { mayOpenNodes ? [] : .noDevices }

    /// Where /dev/shm comes from.
    package enum SharedMemory: Equatable, Sendable {
        /// Bytes.
        case own(size: Int64)
        /// A detached mount, whose descriptor the caller keeps open.
        case attached(descriptor: Int32)
        case none
    }

    /// The kernel takes one page of mount options (PAGE_SIZE in fs/namespace.c).
    private static let optionLimit = 4095
    /// What of that is left for the layers.
    private static let lowerLimit = optionLimit - 64
    /// The directory of the layers' links.
    private static let layerLinks = "l"

    package func steps() throws(OperationError) -> [LaunchStep] {
        var steps = try rootSteps()
        // Ours first: a volume that an image's link leads to /dev or /proc then comes on top of what we have done.
        steps += kernelSteps
        if !isPrivileged { steps += Self.protectionSteps + thermalDirectories.map { .mask($0) } }
        if hasTerminal { steps.append(.terminal) }
        steps += ContainerMount.byDepth(mounts).map(\.step)
        if let workingDirectory, workingDirectory != "/" { steps.append(.directory(workingDirectory)) }
        if isReadOnly { steps.append(remountStep) }
        return steps
    }

    /// What others than the container's program look at: the same without what is the kernel's.
    /// - Parameter isWritable: nobody else may have the upper layer then. Else a container may run on it.
    package func steps(isWritable: Bool) throws(OperationError) -> [LaunchStep] {
        var steps = isWritable ? try rootSteps() : try overlaySteps("lowerdir=upper:\(lower)")
        steps += ContainerMount.byDepth(mounts).map(\.step)
        if isReadOnly { steps.append(remountStep) }
        return steps
    }

    private var remountStep: LaunchStep {
        .mount(nil, at: "/", flags: [.remount, .bind, .readOnly, noDevices])
    }

    private func rootSteps() throws(OperationError) -> [LaunchStep] {
        // volatile: unmounting need not sync the disk (kernel-costs: 10 to 300 ms on a busy one).
        try overlaySteps("lowerdir=\(lower),upperdir=upper,workdir=work,volatile")
    }

    private var lower: String { layers.map(\.overlayEscaped).joined(separator: ":") }

    /// Where the layers' paths are too long for one page, they go by short links in the container's directory, as Docker's go by
    /// those of its `l`: of all ways the one that every kernel has. (`lowerdir+` takes layers one by one since Linux 6.7; descriptors
    /// would have to be opened in the child's own mount namespace.) The links go with the directory, and are the same each time.
    /// An image may have no layers, and no overlay is without a lower directory: that of the links is an empty one then.
    package mutating func fitLayers() throws(OperationError) {
        guard !layers.isEmpty else {
            try Files.makeDirectory("\(directory)/\(Self.layerLinks)")
            layers = [Self.layerLinks]
            return
        }
        guard lower.utf8.count > Self.lowerLimit else { return }
        let far = layers
        // What lies beside the directory has a short name as it is.
        layers = far.map(nearPath)
        if lower.utf8.count <= Self.lowerLimit { return }
        layers = far
        try Files.makeDirectory("\(directory)/\(Self.layerLinks)")
        var short: [String] = []
        for (number, layer) in layers.enumerated() {
            let link = "\(Self.layerLinks)/\(number)"
            _ = try Files.makeSymbolicLink("\(directory)/\(link)", to: layer)
            short.append(link)
        }
        layers = short
    }

    /// As it is seen from the directory, where both lie in the same one.
    private func nearPath(_ layer: String) -> String {
        guard let slash = directory.utf8.lastIndex(of: UInt8(ascii: "/")) else { return layer }
        let parent = directory[...slash]
        return layer.hasPrefix(parent) ? "../" + layer.dropFirst(parent.count) : layer
    }

    /// The overlay is mounted over the container's own directory: no further mount point is needed.
    private func overlaySteps(_ options: String) throws(OperationError) -> [LaunchStep] {
        guard options.utf8.count <= Self.optionLimit else {
            throw OperationError(
                "mount image", reason: "it has too many layers (\(layers.count))",
                remedy: "flatten it: export the container and import the result")
        }
        return [
            .mount(nil, at: "/", flags: [.recursive, .slave]), .changeDirectory(directory),
            .mount("overlay", at: directory, type: "overlay", flags: noDevices, data: options),
            .pivot(to: directory),
        ]
    }

    private var kernelSteps: [LaunchStep] {
        let hardened = Self.hardened
        var steps: [LaunchStep] = [
            .standardDirectory("/proc"), .mount("proc", at: "/proc", type: "proc", flags: hardened),
            .standardDirectory("/dev"),
            .mount("tmpfs", at: "/dev", type: "tmpfs", flags: .noSetUserID, data: "mode=755,size=65536k"),
        ]
        steps += deviceSteps
        steps += Self.links.map { .symbolicLink("/dev/\($0.name)", to: $0.target) }
        steps += [
            .directory("/dev/pts"),
            .mount(
                "devpts", at: "/dev/pts", type: "devpts", flags: [.noSetUserID, .noExecute],
                data: "newinstance,ptmxmode=0666,mode=0620,gid=5"),
        ]
        steps += sharedMemorySteps
        steps.append(.directory("/dev/mqueue"))
        steps += mounts.compactMap(Self.textStep)
        steps += [
            .mount("mqueue", at: "/dev/mqueue", type: "mqueue", flags: hardened),
            .standardDirectory("/sys"),
            .mount("sysfs", at: "/sys", type: "sysfs", flags: isPrivileged ? hardened : [.readOnly, hardened]),
        ]
        // The cgroups that it is in when it makes the namespace are the roots that it sees.
        if awaitsCgroups { steps.append(.await) }
        if hasCgroupNamespace { steps.append(.cgroupNamespace) }
        steps.append(
            .mount(
                "cgroup", at: "/sys/fs/cgroup", type: "cgroup2",
                flags: isPrivileged ? hardened : [.readOnly, hardened],
                optional: true))
        if needsNetworkSettings { steps += Self.networkSteps }
        // Before /proc/sys becomes read-only.
        steps += sysctls.map { .write($0.value, to: $0.path, optional: false) }
        return steps
    }

    /// In a directory that is out of sight in a moment.
    private static func textStep(_ mount: ContainerMount) -> LaunchStep? {
        guard case .text(let text, _, let number) = mount.kind else { return nil }
        return .text(text, at: "/dev/mqueue/\(number)", number: number)
    }

    private static let hardened: MountFlags = [.noSetUserID, .noDevices, .noExecute]

    private var sharedMemorySteps: [LaunchStep] {
        switch sharedMemory {
        case .own(let size):
            [
                .directory("/dev/shm"),
                .mount("shm", at: "/dev/shm", type: "tmpfs", flags: Self.hardened, data: "mode=1777,size=\(size)"),
            ]
        case .attached(let descriptor): [.attach(descriptor, at: "/dev/shm", isDirectory: true)]
        case .none: []
        }
    }

    /// Settings of the container's own network namespace.
    package static let networkSettings: [NetworkNamespace.Setting] = [
        // Networks are IPv4 only. That is all interfaces and those to come. A write waits, spinning, for whoever changes any
        // link, so it is best done before the supervisor begins to.
        .init("ipv6/conf/all/disable_ipv6", "1"),
        // ping after --cap-drop NET_RAW, where it can: every group may open ICMP sockets (icmp(7)).
        .init("ipv4/ping_group_range", "0 2147483647"),
        // Ports below 1024 are nobody's but the container's: any user may have them, as in Docker.
        .init("ipv4/ip_unprivileged_port_start", "0"),
    ]

    /// Where the host's /proc/sys is read-only: that of the container is not yet.
    private static let networkSteps: [LaunchStep] =
        networkSettings.map { .write($0.value, to: "/proc/sys/net/\($0.key)", optional: true) }

    /// The nodes are the container's own, not the host's, so that a change of mode stays inside. Each is then bound to
    /// itself: these mounts open devices, while the one of all /dev no longer does. So what somebody makes there with MKNOD
    /// is of no use.
    private var deviceSteps: [LaunchStep] {
        let nodes = Self.devices.map { LaunchStep.device(.standard($0.major, $0.minor), at: "/dev/\($0.name)") }
        if isPrivileged { return nodes + hostDeviceSteps }
        return nodes
            + Self.devices.map { .mount("/dev/\($0.name)", at: "/dev/\($0.name)", flags: .bind) }
            + [.mount(nil, at: "/dev", flags: [.remount, .bind, .noSetUserID, noDevices])]
    }

    private var hostDeviceSteps: [LaunchStep] {
        let present = Set(Self.devices.map(\.name))
        return hostDevices.directories.map { .directory("/dev/\($0)") }
            + hostDevices.nodes.filter { !present.contains($0.path) }.map { .device($0.node, at: "/dev/\($0.path)") }
    }

    private static let devices: [(name: String, major: UInt32, minor: UInt32)] = [
        ("null", 1, 3), ("zero", 1, 5), ("full", 1, 7), ("random", 1, 8), ("urandom", 1, 9), ("tty", 5, 0),
    ]
    private static let links: [(name: String, target: String)] = [
        ("fd", "/proc/self/fd"), ("stdin", "/proc/self/fd/0"), ("stdout", "/proc/self/fd/1"),
        ("stderr", "/proc/self/fd/2"), ("ptmx", "pts/ptmx"),
    ]
    /// Docker's lists of what of the host's kernel a container neither reads nor writes.
    private static let protectionSteps: [LaunchStep] =
        ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"].map { .makeReadOnly($0) }
        + [
            "/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys", "/proc/latency_stats",
            "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi", "/sys/firmware",
            "/sys/devices/virtual/powercap",
        ].map { .mask($0) }
}

extension String {
    /// `lowerdir` is split at colons, options at commas (fs/overlayfs/params.c).
    fileprivate var overlayEscaped: String {
        utf8.contains(where: { $0 == UInt8(ascii: ":") || $0 == UInt8(ascii: ",") || $0 == UInt8(ascii: "\\") })
            ? reduce(into: "") { text, character in
                if ":,\\".contains(character) { text.append("\\") }
                text.append(character)
            } : self
    }
}
