import Containers
import Core
import Glibc
import Linux
import Records

extension ContainerRun {
    /// Makes the container and lets its program begin. Of what fails half way, `abandon` takes the rest away.
    /// - Parameter meanwhile: is done while the child is at work.
    package func start(
        _ streams: RunStreams, meanwhile: () throws(OperationError) -> Void = {}
    ) throws(OperationError) -> StartedContainer {
        try openForwarder()
        if isRepeated { try adoptChanges() } else { try host.prepareVolumes(of: definition, isNew: !plan.isExisting) }
        let others = try OtherContainers(host, definition, readOnly: definition.readOnlyRoot)
        try joinNetworks()
        try CgroupDirectories.create(plan.cgroup)
        let mounts = DescriptorSet()
        let network = try makeNamespace()
        let launch = try launchPlan(mounts, network, others)
        let unified = try CgroupDirectories.open(plan.cgroup.unified.map(plan.cgroup.home))
        var child = try LaunchedChild.start(launch, stdio: streams.inside, cgroup: unified, network: network)
        // The child makes its file system meanwhile.
        if definition.log.isKept, log == nil {
            log = try LogWriter(path: host.layout.log(id), limits: definition.log, forwarder: forwarder)
        }
        try meanwhile()
        if !plan.cgroup.version1.isEmpty {
            try CgroupDirectories.join(plan.cgroup, child.pid)
            try child.proceed()
        }
        try connect(network)
        warnOfObstacles()
        let terminal = try awaitSetUp(of: &child)
        // The kernel had the child's set-up for it: mostly nothing is waited for here.
        try settleAddresses(of: state.endpoints)
        try child.proceed()
        guard case .executed = try child.next() else { throw OperationError("start container process", errno: EPROTO) }
        streams.closeInside()
        try recordStart(child.pid)
        try followMoves()
        // Whoever changes something from now on finds the process on record; who did so before may not have.
        if isRepeated { host.catchUp(definition, state) }
        withExtendedLifetime((mounts, others)) {}
        return StartedContainer(child: child, terminal: terminal, streams: streams)
    }

    /// Before there is anything that a receiver who is not there would be in the way of.
    private func openForwarder() throws(OperationError) {
        guard forwarder == nil, let receiver = try definition.log.receiver() else { return }
        let host = Files.line("/proc/sys/kernel/hostname") ?? "localhost"
        forwarder = try LogForwarder(receiver, of: definition, host: host)
    }

    private func makeNamespace() throws(OperationError) -> NetworkNamespace? {
        guard definition.networkMode.hasOwnNamespace else { return nil }
        guard let offer else { return try NetworkNamespace.create(RootFilesystem.networkSettings) }
        self.offer = nil
        return try offer.take()
    }

    /// - Returns: the master of its terminal.
    private func awaitSetUp(of child: inout LaunchedChild) throws(OperationError) -> Descriptor? {
        var terminal: Descriptor?
        while true {
            let message = try child.next()
            switch consume message {
            case .terminal(let master): terminal = Optional(master)
            case .waiting: return terminal
            case .started: continue
            case .executed: throw OperationError("start container process", reason: "it died during set-up")
            }
        }
    }

    /// What was changed on record since the last round began.
    private func adoptChanges() throws(OperationError) {
        guard let current = try? host.containerStore.definition(id) else { return }
        plan.definition.name = current.name
        plan.definition.restart = current.restart
        guard current.limits != definition.limits else { return }
        plan.cgroup = try CgroupHost(below: definition.cgroupParent).plan(
            for: id, limits: current.limits, limitsDevices: definition.needsDeviceCgroup)
        plan.definition.limits = current.limits
        state.cgroups = plan.cgroup.directories
        try host.record(&state, of: definition)
    }

    private func recordStart(_ pid: Int32) throws(OperationError) {
        state.status = .running
        state.pid = pid
        state.pidStartTime = ProcessIdentity(of: pid)?.startTime
        state.started = .now()
        try host.containerStore.write(state, of: id)
        if plan.isExisting, exitRecord == nil { try host.containerStore.noteBeginning(of: id) }
        if let file = definition.pidFile { try Files.replace(file, Array("\(pid)\n".utf8)) }
        if !isRepeated { noteNetworks("connect") }
        note("start")
        announceNoted()
    }

    private func launchPlan(
        _ mounts: DescriptorSet, _ network: borrowing NetworkNamespace?, _ others: OtherContainers
    ) throws(OperationError) -> LaunchPlan {
        var root = rootFilesystem(others)
        try root.fitLayers()
        root.needsNetworkSettings = !network.hasSettings
        let host = try host.hostMounts(of: definition, endpoints: state.endpoints, into: mounts, sharing: others.files)
        root.mounts = host.mounts
        if definition.privileged {
            root.hostDevices = HostDevices(below: "/dev", leavingOut: HostDevices.ownOfEachHost)
        } else {
            root.thermalDirectories = ThermalDirectories.present()
        }
        if let directory = plan.cgroup.devices {
            let rules = definition.kernel.deviceRules.flatMap(DeviceRule.rules)
            try DeviceAccess(host.devices + rules).apply(
                to: directory, isUnified: directory == plan.cgroup.unified)
            try CgroupDirectories.createHome(plan.cgroup)
        }
        var process = plan.process
        let linked = self.host.linkVariables(of: definition).filter { variable in
            !process.environment.contains { $0.prefix { $0 != "=" } == variable.prefix { $0 != "=" } }
        }
        process.environment = linked + process.environment
        // What has run before is no image's name.
        if exitRecord != nil { process.notFound = nil }
        let isHostNamed = definition.namespaces.uts == .host
        var launch = LaunchPlan(
            namespaces: definition.ownNamespaces, hostname: isHostNamed ? nil : definition.hostname,
            steps: try root.steps(), process: process)
        launch.joined = others.joined
        return launch
    }

    private func rootFilesystem(_ others: OtherContainers) -> RootFilesystem {
        var root = RootFilesystem(layers: definition.layers, directory: host.layout.container(id))
        root.isPrivileged = definition.privileged
        root.mayOpenNodes = definition.mayOpenNodes
        root.isReadOnly = definition.readOnlyRoot
        root.hasTerminal = definition.terminal
        root.awaitsCgroups = !plan.cgroup.version1.isEmpty
        root.workingDirectory = definition.workingDirectory
        root.hasCgroupNamespace = definition.namespaces.cgroup == .own
        root.sysctls = definition.sysctlPaths
        if let descriptor = others.sharedMemory {
            root.sharedMemory = .attached(descriptor: descriptor)
        } else if definition.namespaces.ipcSharing == .none || definition.namespaces.ipc != .own {
            root.sharedMemory = .none
        } else {
            root.sharedMemory = .own(size: definition.kernel.sharedMemory ?? KernelSettings.usualSharedMemory)
        }
        return root
    }
}

extension ContainerDefinition {
    /// Those that are made for it, but for its network and cgroups, which come later.
    fileprivate var ownNamespaces: Namespaces {
        var own: Namespaces = [.mount]
        if namespaces.pid == .own { own.insert(.pid) }
        if namespaces.ipc == .own { own.insert(.ipc) }
        if namespaces.uts == .own { own.insert(.uts) }
        return own
    }

    /// A domain is a setting of the kernel's, too.
    fileprivate var sysctlPaths: [(path: String, value: String)] {
        var all: [(path: String, value: String)] = []
        for (name, value) in kernel.sysctls.sorted(by: { $0.key < $1.key }) {
            all.append((SysctlScope.path(of: name), value))
        }
        if !names.domain.isEmpty { all.append((SysctlScope.path(of: "kernel.domainname"), names.domain)) }
        return all
    }
}

/// A container whose program runs.
package struct StartedContainer: ~Copyable {
    package var child: LaunchedChild
    package var terminal: Descriptor?
    package let streams: RunStreams

    package init(child: consuming LaunchedChild, terminal: consuming Descriptor?, streams: RunStreams) {
        self.child = child
        self.terminal = terminal
        self.streams = streams
    }
}
