import Containers
import Core
import Glibc
import Linux
import Networking
import Records

/// One run of one container, from the first effect to the last trace of it gone. Whoever holds this value
/// is the container's supervisor: it holds the container's lock, its ports and its streams.
///
/// A run has one round, or several when the container has a restart policy. Between two of them `rest` keeps the name,
/// the address, the ports, the log and the upper layer.
package final class ContainerRun {
    package let host: Host
    package private(set) var plan: ContainerPlan
    private var state: ContainerState
    /// Nil once another process has taken over.
    private var lock: Descriptor?
    /// Nil when the output is not kept.
    private var log: LogWriter?
    /// Held from the first round to the end.
    private var ports: PortReservation?
    /// How the last round ended.
    private var exitRecord: ContainerExit?
    private var isCleared = false

    /// Whether the caller's input goes to the program.
    package var readsInput: Bool { plan.definition.openStdin }
    package var user: UInt32 { plan.process.user }
    package var definition: ContainerDefinition { plan.definition }
    /// As it is on record by now; what cannot be read is as it was.
    package var currentDefinition: ContainerDefinition {
        ((try? host.containerStore.definition(id)) ?? nil) ?? plan.definition
    }
    /// When it begins again, as that is on record by now.
    package var restart: RestartPolicy {
        // One that removes itself has none, and never gets one.
        definition.autoRemove ? definition.restart : currentDefinition.restart
    }
    private var id: ContainerID { plan.definition.id }

    /// Takes the container's lock and name and writes its records: from here on a dead supervisor's container
    /// can be found and cleared away by anybody.
    package init(_ host: Host, _ plan: ContainerPlan) throws(OperationError) {
        let layout = host.layout
        let id = plan.definition.id
        let lock = try Self.makeLock(layout, id)
        var state = ContainerState(
            status: .creating, supervisor: getpid(), endpoint: nil, cgroups: plan.cgroup.directories)
        state.supervise()
        var plan = plan
        do throws(OperationError) {
            try host.reserveName(&plan)
            try host.containerStore.create(plan.definition)
            try RecordFile.write(state, to: layout.containerState(id))
        } catch {
            try? host.containerStore.remove(id, name: plan.definition.name)
            throw error
        }
        // Not its name, which may become another one.
        ProcessTitle.set("mydocker: supervisor of \(id.short)")
        self.host = host
        self.plan = plan
        self.state = state
        self.lock = Optional(lock)
    }

    /// Until it is held, somebody who clears away may take the directory for that of a dead one and remove it.
    private static func makeLock(_ layout: Layout, _ id: ContainerID) throws(OperationError) -> Descriptor {
        while true {
            try Files.makeDirectory(layout.containerRuntime(id))
            do throws(OperationError) {
                return try FileLock.acquire(layout.containerLock(id)).intoDescriptor()
            } catch {
                if error.errno == ENOENT { continue }
                try? Files.removeDirectory(layout.containerRuntime(id))
                throw error
            }
        }
    }
}

// MARK: - Start

extension ContainerRun {
    /// Makes the container and lets its program begin. Of what fails half way, `abandon` takes the rest away.
    package func start(_ streams: RunStreams) throws(OperationError) -> StartedContainer {
        if exitRecord != nil { try adoptChanges() }
        try joinNetwork()
        try CgroupDirectories.create(plan.cgroup)
        let mounts = DescriptorSet()
        let launch = try launchPlan(mounts)
        let unified = try CgroupDirectories.open(plan.cgroup.unified.map(plan.cgroup.home))
        var child = try LaunchedChild.start(launch, stdio: streams.inside, cgroup: unified)
        // The child is at work meanwhile.
        if definition.log.isKept, log == nil {
            log = try LogWriter(path: host.layout.log(id), limits: definition.log)
        }
        let terminal = try prepare(&child)
        try child.proceed()
        guard case .executed = try child.next() else { throw OperationError("start container process", errno: EPROTO) }
        streams.closeInside()
        try recordStart(child.pid)
        // Whoever changes something from now on finds the process on record; who did so before may not have.
        if exitRecord != nil { host.catchUp(definition, state) }
        withExtendedLifetime(mounts) {}
        return StartedContainer(child: child, terminal: terminal)
    }

    /// The child makes its file system meanwhile.
    private func prepare(_ child: inout LaunchedChild) throws(OperationError) -> Descriptor? {
        var terminal: Descriptor?
        if !plan.cgroup.version1.isEmpty {
            try CgroupDirectories.join(plan.cgroup, child.pid)
            try child.proceed()
        }
        while true {
            let message = try child.next()
            switch consume message {
            case .networkSocket(let socket):
                guard let endpoint = state.endpoint else {
                    try LoopbackNetwork.configure(inside: socket)
                    continue
                }
                state.endpoint = try host.driver.connect(
                    endpoint, of: id, process: child.pid, inside: socket, isStale: host.isStale)
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
        try RecordFile.write(state, to: host.layout.containerState(id))
    }

    private func recordStart(_ pid: Int32) throws(OperationError) {
        state.status = .running
        state.pid = pid
        state.pidStartTime = ProcessIdentity(of: pid)?.startTime
        state.started = .now()
        try RecordFile.write(state, to: host.layout.containerState(id))
    }

    /// Reserves ports and an address. Both are on record before anything names them.
    private func joinNetwork() throws(OperationError) {
        guard let network = plan.network else { return }
        try host.establish(network)
        if state.endpoint != nil { return }
        let ports = try host.reservePorts(plan.publish, device: network.device)
        let address = try host.lease(from: network, for: id, requested: plan.address)
        state.endpoint = Endpoint(
            network: network.name, networkID: network.id, address: CIDR(address, network.subnet.prefixLength),
            gateway: network.isInternal ? nil : network.gateway.address, mac: plan.mac ?? MACAddress(for: address),
            hostInterface: String(id.hex.prefix(5)), bridge: network.device, mtu: network.mtu, ports: ports.mappings)
        try RecordFile.write(state, to: host.layout.containerState(id))
        self.ports = consume ports
    }

    private func launchPlan(_ mounts: DescriptorSet) throws(OperationError) -> LaunchPlan {
        var namespaces: Namespaces = [.mount, .pid, .uts, .ipc]
        if definition.networkMode != .host { namespaces.insert(.network) }
        var root = RootFilesystem(layers: definition.layers, directory: host.layout.container(id))
        root.isPrivileged = definition.privileged
        root.isReadOnly = definition.readOnlyRoot
        root.hasOwnNetwork = definition.networkMode != .host
        root.hasTerminal = definition.terminal
        root.awaitsCgroups = !plan.cgroup.version1.isEmpty
        root.workingDirectory = definition.workingDirectory
        let host = try host.hostMounts(of: definition, endpoint: state.endpoint, into: mounts)
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
            namespaces: namespaces, hostname: definition.hostname, steps: try root.steps(), process: process)
    }
}

// MARK: - Output and end

extension ContainerRun {
    package func record(_ stream: LogStream, _ bytes: UnsafeRawBufferPointer) {
        log?.write(stream: stream, bytes: bytes)
    }

    /// Lets a program that is held still act on a signal.
    package func letAct() { Freezer.letAct(state.cgroups) }

    /// Notes how a round ended.
    package func end(_ end: ChildEnd) -> ContainerExit {
        log?.finish()
        let cgroups = host.cgroups(of: id, state)
        var exit = ContainerExit(
            exitCode: end.exitCode, started: state.started, finished: .now(),
            oomKilled: CgroupDirectories.sawOutOfMemory(cgroups))
        exit.restartCount = state.restartCount
        exit.signal = end.signal
        if exit.oomKilled { exit.memoryPeak = CgroupDirectories.memoryPeak(cgroups) }
        if definition.limits.pids != nil || host.hasChangedCgroups(id) {
            exit.refusedProcesses = CgroupDirectories.refusedProcesses(cgroups)
        }
        exitRecord = exit
        return exit
    }

    /// Takes away what was made for the round that has ended, and says on record that there will be another one.
    package func rest() {
        // Without a network: the address stays leased. The ports are refused meanwhile.
        var failures = host.tearDown(id, state, network: nil)
        state.status = .restarting
        state.supervise()
        state.pid = nil
        state.pidStartTime = nil
        // The old one goes when the kernel has taken down its namespace.
        state.endpoint?.hostInterface = String(id.hex.prefix(5))
        state.restartCount += 1
        state.lastExit = exitRecord
        do throws(OperationError) {
            try RecordFile.write(state, to: host.layout.containerState(id))
            // An overlay that was mounted as volatile has left a mark that keeps it from being mounted again.
            try Files.removeTree("\(host.layout.work(id))/work")
        } catch {
            failures.append(error)
        }
        for failure in failures { host.warn(failure.description) }
    }

    /// Records how the container ended and takes away all that must not outlive it.
    /// - Returns: whether that is done.
    @discardableResult package func finish() -> Bool { clearAway(remove: definition.autoRemove) }

    /// No round could begin, or none more. Nothing is left then; but a container that has run before is there as one that
    /// has ended.
    package func abandon(_ failure: OperationError) {
        if isCleared { return }
        exitRecord?.error = failure.description
        _ = clearAway(remove: exitRecord == nil || definition.autoRemove)
    }

    /// Another process, or nobody, is the supervisor from now on.
    package func letGo() {
        lock = nil
        log = nil
        ports = nil
    }

    /// What fails is tried once more: what stood in the way may be gone. What fails again stays on record, for whoever
    /// needs it next.
    private func clearAway(remove: Bool) -> Bool {
        isCleared = true
        // Its descriptor may be the one that is wanted now.
        log = nil
        exitRecord?.restartCount = state.restartCount
        publishExitCode()
        for _ in 0..<2 {
            do throws(OperationError) {
                try tearDown(remove: remove)
                return true
            } catch {
                host.warn(error.description)
            }
        }
        return false
    }

    private func tearDown(remove: Bool) throws(OperationError) {
        if let failure = host.tearDown(id, state, network: plan.network).first {
            // Whoever clears away later must not take it for one that was killed.
            if !remove, let exitRecord { try? RecordFile.write(exitRecord, to: host.layout.exit(id)) }
            throw failure
        }
        if remove {
            try host.containerStore.remove(id, name: definition.name)
        } else if let exitRecord {
            try host.recordEnd(of: id, exitRecord, state)
        }
    }

    /// Whoever waits has the lock's file open and reads the code from there, also when all else is removed.
    private func publishExitCode() {
        guard let exitRecord, lock != nil, (try? FaultPoint.pass("publish exit code")) != nil else { return }
        let line = Array("\(exitRecord.exitCode)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(lock.number, $0.baseAddress, $0.count) }
    }
}

/// A container whose program runs.
package struct StartedContainer: ~Copyable {
    package var child: LaunchedChild
    package var terminal: Descriptor?
}
