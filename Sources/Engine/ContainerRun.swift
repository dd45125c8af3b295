import Containers
import Core
import Glibc
import Linux
import Networking
import Store

/// One run of one container, from the first effect to the last trace of it gone. Whoever holds this value
/// is the container's supervisor: it holds the container's lock, its ports and its streams.
///
/// A run has one round, or several when the container has a restart policy. Between two of them `rest` keeps the name,
/// the address, the ports, the log and the upper layer.
final class ContainerRun {
    let engine: Engine
    private(set) var plan: ContainerPlan
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
    /// What has been removed and is open still.
    let removed = DescriptorSet()
    /// Of the first round's network namespace.
    private var offer: NetworkNamespaceOffer?

    /// Whether the caller's input goes to the program.
    var readsInput: Bool { plan.definition.openStdin }
    var user: UInt32 { plan.process.user }
    var definition: ContainerDefinition { plan.definition }
    private var id: ContainerID { plan.definition.id }

    /// Takes the container's lock and name and writes its records: from here on a dead supervisor's container
    /// can be found and cleared away by anybody.
    /// - Parameter offer: of a network namespace; nil when the container has the host's.
    init(_ engine: Engine, _ plan: ContainerPlan, _ offer: NetworkNamespaceOffer?) throws(OperationError) {
        let layout = engine.layout
        let id = plan.definition.id
        let lock = try Self.makeLock(layout, id)
        var state = ContainerState(
            status: .creating, supervisor: getpid(), endpoint: nil, cgroups: plan.cgroup.directories)
        state.supervise()
        var plan = plan
        do throws(OperationError) {
            try engine.reserveName(&plan)
            try engine.containerStore.create(plan.definition)
            try RecordFile.write(state, to: layout.containerState(id))
        } catch {
            try? engine.containerStore.remove(id, name: plan.definition.name)
            throw error
        }
        ProcessTitle.set("mydocker: supervisor of \(plan.definition.name)")
        self.engine = engine
        self.plan = plan
        self.state = state
        self.lock = Optional(lock)
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
    func start(_ streams: RunStreams) throws(OperationError) -> StartedContainer {
        try joinNetwork()
        try CgroupDirectories.create(plan.cgroup)
        let mounts = DescriptorSet()
        let network = try makeNamespace()
        let launch = try launchPlan(mounts, network)
        let unified = try CgroupDirectories.open(plan.cgroup.unified.map(plan.cgroup.home))
        var child = try LaunchedChild.start(launch, stdio: streams.inside, cgroup: unified, network: network)
        // The child makes its file system meanwhile.
        if definition.log.isKept, log == nil {
            log = try LogWriter(path: engine.layout.log(id), limits: definition.log)
        }
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
        withExtendedLifetime(mounts) {}
        return StartedContainer(child: child, terminal: terminal)
    }

    private func makeNamespace() throws(OperationError) -> NetworkNamespace? {
        if definition.networkMode == .host { return nil }
        guard let offer else { return try NetworkNamespace.create(RootFilesystem.networkSettings) }
        self.offer = nil
        return try offer.take()
    }

    private func connect(_ network: consuming NetworkNamespace?) throws(OperationError) {
        guard let network else { return }
        if let endpoint = state.endpoint {
            state.endpoint = try engine.driver.connect(endpoint, of: id, in: network, isStale: engine.isStale)
        } else {
            try LoopbackNetwork.configure(network)
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

    private func recordStart(_ pid: Int32) throws(OperationError) {
        state.status = .running
        state.pid = pid
        state.pidStartTime = ProcessIdentity(of: pid)?.startTime
        state.started = .now()
        try RecordFile.write(state, to: engine.layout.containerState(id))
    }

    /// Reserves ports and an address. Both are on record before anything names them.
    private func joinNetwork() throws(OperationError) {
        guard let network = plan.network else { return }
        try engine.establish(network)
        if state.endpoint != nil { return }
        let ports = try engine.reservePorts(plan.publish, device: network.device)
        let address = try engine.lease(from: network, for: id, requested: plan.address)
        state.endpoint = Endpoint(
            network: network.name, networkID: network.id, address: CIDR(address, network.subnet.prefixLength),
            gateway: network.isInternal ? nil : network.gateway.address, mac: plan.mac ?? MACAddress(for: address),
            hostInterface: String(id.hex.prefix(5)), bridge: network.device, mtu: network.mtu, ports: ports.mappings)
        try RecordFile.write(state, to: engine.layout.containerState(id))
        self.ports = consume ports
    }

    private func launchPlan(
        _ mounts: DescriptorSet, _ network: borrowing NetworkNamespace?
    ) throws(OperationError) -> LaunchPlan {
        var root = RootFilesystem(layers: definition.layers, directory: engine.layout.container(id))
        root.isPrivileged = definition.privileged
        root.isReadOnly = definition.readOnlyRoot
        root.needsNetworkSettings = !network.hasSettings
        root.hasTerminal = definition.terminal
        root.awaitsCgroups = !plan.cgroup.version1.isEmpty
        root.workingDirectory = definition.workingDirectory
        let host = try engine.hostMounts(of: definition, endpoint: state.endpoint, into: mounts)
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
    func record(_ stream: LogStream, _ bytes: UnsafeRawBufferPointer) { log?.write(stream: stream, bytes: bytes) }

    /// Notes how a round ended.
    func end(_ end: ChildEnd) -> ContainerExit {
        log?.finish()
        var exit = ContainerExit(
            exitCode: end.exitCode, started: state.started, finished: .now(),
            oomKilled: CgroupDirectories.sawOutOfMemory(state.cgroups))
        exit.restartCount = state.restartCount
        exit.signal = end.signal
        if exit.oomKilled { exit.memoryPeak = CgroupDirectories.memoryPeak(state.cgroups) }
        if definition.limits.pids != nil { exit.refusedProcesses = CgroupDirectories.refusedProcesses(state.cgroups) }
        exitRecord = exit
        return exit
    }

    /// Takes away what was made for the round that has ended, and says on record that there will be another one.
    func rest() {
        // Without a network: the address stays leased. The ports are refused meanwhile.
        var failures = engine.tearDown(id, state, network: nil)
        state.status = .restarting
        state.supervise()
        state.pid = nil
        state.pidStartTime = nil
        // The old one goes when the kernel has taken down its namespace.
        state.endpoint?.hostInterface = String(id.hex.prefix(5))
        state.restartCount += 1
        state.lastExit = exitRecord
        do throws(OperationError) {
            try RecordFile.write(state, to: engine.layout.containerState(id))
            // An overlay that was mounted as volatile has left a mark that keeps it from being mounted again.
            try Files.removeTree("\(engine.layout.work(id))/work")
        } catch {
            failures.append(error)
        }
        for failure in failures { engine.warn(failure.description) }
    }

    /// Records how the container ended and takes away all that must not outlive it.
    /// - Returns: whether that is done.
    @discardableResult func finish() -> Bool { clearAway(remove: definition.autoRemove) }

    /// No round could begin, or none more. Nothing is left then; but a container that has run before is there as one that
    /// has ended.
    func abandon(_ failure: OperationError) {
        if isCleared { return }
        exitRecord?.error = failure.description
        _ = clearAway(remove: exitRecord == nil || definition.autoRemove)
    }

    /// Another process, or nobody, is the supervisor from now on.
    func letGo() {
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
                engine.warn(error.description)
            }
        }
        return false
    }

    private func tearDown(remove: Bool) throws(OperationError) {
        if let failure = engine.tearDown(id, state, network: plan.network).first {
            // Whoever clears away later must not take it for one that was killed.
            if !remove, let exitRecord { try? RecordFile.write(exitRecord, to: engine.layout.exit(id)) }
            throw failure
        }
        if remove {
            try engine.containerStore.remove(id, name: definition.name, keeping: removed)
        } else if let exitRecord {
            try engine.recordEnd(of: id, exitRecord, state)
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
struct StartedContainer: ~Copyable {
    var child: LaunchedChild
    var terminal: Descriptor?
}
