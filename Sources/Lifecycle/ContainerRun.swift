import Containers
import Core
import Glibc
import Linux
import Netlink
import Networking
import Records

/// One run of one container, from the first effect to the last trace of it gone. Whoever holds this value
/// is the container's supervisor: it holds the container's lock, its ports and its streams.
///
/// A run has one round, or several when the container has a restart policy. Between two of them `rest` keeps the name,
/// the address, the ports, the log and the upper layer.
package final class ContainerRun {
    package let host: Host
    package var plan: ContainerPlan
    var state: ContainerState
    /// Nil once another process has taken over.
    private var lock: Descriptor?
    /// Nil when the output is not kept.
    private var log: LogWriter?
    /// Held from the first round to the end.
    var ports: PortReservation?
    /// How the last round ended.
    private var exitRecord: ContainerExit?
    private var isCleared = false
    /// What has been removed and is open still.
    package let removed = DescriptorSet()
    /// Of the first round's network namespace.
    private var offer: NetworkNamespaceOffer?

    /// Whether the caller's input goes to the program.
    package var readsInput: Bool { plan.definition.openStdin }
    package var user: UInt32 { plan.process.user }
    package var definition: ContainerDefinition { plan.definition }
    /// Its program has run before, in an earlier round.
    package var isRepeated: Bool { exitRecord != nil }
    /// As it is on record by now; what cannot be read is as it was.
    package var currentDefinition: ContainerDefinition {
        ((try? host.containerStore.definition(id)) ?? nil) ?? plan.definition
    }
    /// When it begins again, as that is on record by now.
    package var restart: RestartPolicy {
        // One that removes itself has none, and never gets one.
        definition.autoRemove ? definition.restart : currentDefinition.restart
    }
    var id: ContainerID { plan.definition.id }

    /// Takes the container's lock and, of a new one, the name, and writes its records: from here on a dead supervisor's
    /// container can be found and cleared away by anybody.
    /// - Parameter offer: of a network namespace; nil when the container has the host's.
    package init(
        _ host: Host, _ plan: ContainerPlan, _ offer: NetworkNamespaceOffer?
    ) throws(OperationError) {
        let id = plan.definition.id
        var state = ContainerState(status: .creating, supervisor: getpid(), cgroups: plan.cgroup.directories)
        state.supervise()
        var plan = plan
        switch plan.origin {
        case .new(let isNameGenerated):
            lock = Optional(try Self.makeLock(host.layout, id))
            do throws(OperationError) {
                try host.reserveName(&plan, isGenerated: isNameGenerated)
                try host.containerStore.create(plan.definition)
                try RecordFile.write(state, to: host.layout.containerState(id))
            } catch {
                _ = try? host.containerStore.remove(id, name: plan.definition.name, isOwn: true)
                throw error
            }
        case .existing(let claim):
            lock = claim.takeLock()
            do throws(OperationError) {
                try RecordFile.write(state, to: host.layout.containerState(id))
                try host.clearOverlayMark(of: id)
            } catch {
                try? host.containerStore.removeRuntime(id)
                throw error
            }
        }
        // Not its name, which may become another one.
        ProcessTitle.set("mydocker: supervisor of \(id.short)")
        self.host = host
        self.plan = plan
        self.state = state
        self.offer = offer
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

    /// Makes the links of all endpoints. What is for elsewhere goes by the first network that leads there.
    private func connect(_ network: consuming NetworkNamespace?) throws(OperationError) {
        guard var network else { return }
        var inside = try RouteSocket(of: &network)
        if state.endpoints.isEmpty { return try LoopbackNetwork.configure(&inside) }
        let first = state.endpoints.firstIndex { $0.gateway != nil }
        for index in state.endpoints.indices {
            state.endpoints[index] = try host.driver.connect(
                state.endpoints[index], in: network, &inside, isDefaultRoute: index == first, isStale: host.isStale)
        }
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
        try RecordFile.write(state, to: host.layout.containerState(id))
    }

    private func recordStart(_ pid: Int32) throws(OperationError) {
        state.status = .running
        state.pid = pid
        state.pidStartTime = ProcessIdentity(of: pid)?.startTime
        state.started = .now()
        try RecordFile.write(state, to: host.layout.containerState(id))
        if plan.isExisting, exitRecord == nil { try host.containerStore.noteBeginning(of: id) }
    }

    /// Reserves ports and addresses. All are on record before anything names them.
    private func joinNetworks() throws(OperationError) {
        if plan.networks.isEmpty { return }
        try host.establish(plan.networks)
        if !state.endpoints.isEmpty { return }
        for (wish, network) in zip(definition.networkMode.wishes, plan.networks) { try join(network, wish) }
        try RecordFile.write(state, to: host.layout.containerState(id))
    }

    func join(_ network: NetworkDefinition, _ wish: EndpointWish) throws(OperationError) {
        let reservation = try host.reservePorts(wish.publish, device: network.device)
        let address = try host.lease(from: network, for: id, requested: wish.address)
        let isTaken = { [state] name in state.endpoints.contains { $0.interface == name } }
        let interface = (0...state.endpoints.count).lazy.map { "eth\($0)" }.first { !isTaken($0) }
        state.endpoints.append(
            Endpoint(
                id: state.endpoints.contains { $0.id == id } ? .random() : id, network: network.name,
                networkID: network.id, address: CIDR(address, network.subnet.prefixLength),
                gateway: network.isInternal ? nil : network.gateway.address, mac: wish.mac ?? MACAddress(for: address),
                interface: interface ?? "eth0", bridge: network.device, mtu: network.mtu, ports: reservation.mappings))
        if !wish.publish.isEmpty { ports = consume reservation }
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
    /// - Parameter isAsked: somebody wants it to begin again, and not its policy.
    package func rest(isAsked: Bool = false) {
        // The addresses stay leased. The ports are refused meanwhile.
        var failures = host.tearDown(id, state, releasing: [])
        state.status = .restarting
        state.supervise()
        state.pid = nil
        state.pidStartTime = nil
        // The old one goes when the kernel has taken down its namespace.
        for index in state.endpoints.indices { state.endpoints[index].resetHostInterface() }
        state.restartCount = isAsked ? 0 : state.restartCount + 1
        state.lastExit = exitRecord
        do throws(OperationError) {
            try RecordFile.write(state, to: host.layout.containerState(id))
            try host.clearOverlayMark(of: id)
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
        let isNew = exitRecord == nil && !plan.isExisting
        if exitRecord == nil, plan.isExisting {
            exitRecord = ContainerExit(exitCode: failure.exitCode ?? 128, started: nil, finished: .now())
        }
        exitRecord?.error = failure.description
        _ = clearAway(remove: isNew || definition.autoRemove)
    }

    /// It is made, and does not begin yet.
    package func setAside() throws(OperationError) {
        do throws(OperationError) {
            try host.containerStore.markCreated(id)
            try host.containerStore.removeRuntime(id)
        } catch {
            _ = try? host.containerStore.remove(id, name: definition.name, isOwn: true)
            throw error
        }
        letGo()
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
        if let failure = host.tearDown(id, state, releasing: plan.networks).first {
            // Whoever clears away later must not take it for one that was killed.
            if !remove, let exitRecord { try? RecordFile.write(exitRecord, to: host.layout.exit(id)) }
            throw failure
        }
        // Before the records: who does not find the container any more finds its ports free.
        ports = nil
        if remove {
            try host.containerStore.remove(id, name: definition.name, isOwn: true, keeping: removed)
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
    package let streams: RunStreams
}
