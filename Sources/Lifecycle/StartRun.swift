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
        if isRepeated { try adoptChanges() }
        try joinNetworks()
        try CgroupDirectories.create(plan.cgroup)
        let mounts = DescriptorSet()
        let network = try makeNamespace()
        let launch = try launchPlan(mounts, network)
        let unified = try CgroupDirectories.open(plan.cgroup.unified.map(plan.cgroup.home))
        var child = try LaunchedChild.start(launch, stdio: streams.inside, cgroup: unified, network: network)
        // The child makes its file system meanwhile.
        if definition.log.isKept, log == nil {
            log = try LogWriter(path: host.layout.log(id), limits: definition.log)
        }
        try meanwhile()
        if !plan.cgroup.version1.isEmpty {
            try CgroupDirectories.join(plan.cgroup, child.pid)
            try child.proceed()
        }
        try connect(network)
        let terminal = try awaitSetUp(of: &child)
        try child.proceed()
        guard case .executed = try child.next() else { throw OperationError("start container process", errno: EPROTO) }
        streams.closeInside()
        try recordStart(child.pid)
        // Whoever changes something from now on finds the process on record; who did so before may not have.
        if isRepeated { host.catchUp(definition, state) }
        withExtendedLifetime(mounts) {}
        return StartedContainer(child: child, terminal: terminal, streams: streams)
    }

    private func makeNamespace() throws(OperationError) -> NetworkNamespace? {
        if definition.networkMode == .host { return nil }
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
        plan.cgroup = try CgroupHost().plan(
            for: id, limits: current.limits, limitsDevices: definition.needsDeviceCgroup)
        plan.definition.limits = current.limits
        state.cgroups = plan.cgroup.directories
        try host.containerStore.write(state, of: id)
    }

    private func recordStart(_ pid: Int32) throws(OperationError) {
        state.status = .running
        state.pid = pid
        state.pidStartTime = ProcessIdentity(of: pid)?.startTime
        state.started = .now()
        try host.containerStore.write(state, of: id)
        if plan.isExisting, exitRecord == nil { try host.containerStore.noteBeginning(of: id) }
        if !isRepeated { noteNetworks("connect") }
        note("start")
        announceNoted()
    }

    private func launchPlan(
        _ mounts: DescriptorSet, _ network: borrowing NetworkNamespace?
    ) throws(OperationError) -> LaunchPlan {
        var root = RootFilesystem(layers: definition.layers, directory: host.layout.container(id))
        root.isPrivileged = definition.privileged
        root.isReadOnly = definition.readOnlyRoot
        root.needsNetworkSettings = !network.hasSettings
        root.hasTerminal = definition.terminal
        root.awaitsCgroups = !plan.cgroup.version1.isEmpty
        root.workingDirectory = definition.workingDirectory
        let host = try host.hostMounts(of: definition, endpoints: state.endpoints, into: mounts)
        root.mounts = host.mounts
        if definition.privileged {
            root.hostDevices = HostDevices(below: "/dev", leavingOut: HostDevices.ownOfEachHost)
        } else {
            root.thermalDirectories = ThermalDirectories.present()
        }
        if let directory = plan.cgroup.devices {
            try DeviceAccess(host.devices).apply(to: directory, isUnified: directory == plan.cgroup.unified)
            try CgroupDirectories.createHome(plan.cgroup)
        }
        var process = plan.process
        // What has run before is no image's name.
        if exitRecord != nil { process.notFound = nil }
        return LaunchPlan(
            namespaces: [.mount, .pid, .uts, .ipc], hostname: definition.hostname, steps: try root.steps(),
            process: process)
    }
}

/// A container whose program runs.
package struct StartedContainer: ~Copyable {
    package var child: LaunchedChild
    package var terminal: Descriptor?
    package let streams: RunStreams
}
