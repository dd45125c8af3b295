import Core
import Glibc
import IPAM
import Images
import Lifecycle
import Linux
import Networking
import Records

/// All records as they were at one moment, as plain values. Nothing in it is locked.
struct RecordSnapshot: Sendable {
    struct Container: Sendable {
        var hasDirectory = false
        /// Whether the definition's file is there, whatever is in it.
        var hasRecord = false
        var hasExit = false
        /// It has never begun.
        var isCreated = false
        var hasRuntime = false
        /// Its supervisor holds the lock: it may have anything.
        var isAlive = false
        /// Nil where there is none, or where it is damaged.
        var definition: ContainerDefinition?
        var state: ContainerState?
        /// Its first process runs: it must have everything.
        var isRunning = false
        var logs: [String] = []
    }

    struct Volumes: Sendable {
        /// Paths.
        var unfinished: [String] = []
        var unexplained: [String] = []
        var halfCopied: [Name] = []
    }

    struct Damage: Equatable, Sendable {
        let path: String
        let why: String
        /// The network whose pool it is.
        var pool: NetworkDefinition?
    }

    var containers: [ContainerID: Container] = [:]
    var networks: [NetworkDefinition] = []
    /// Whether every definition of a network could be read.
    var knowsAllNetworks = true
    var names: [(name: Name, owner: ContainerID)] = []
    var networkNames: [(name: Name, owner: ContainerID)] = []
    var leases: [(network: NetworkDefinition, lease: AddressLease)] = []
    /// Directories in which a network's pool and lock are, by what they are called: `NetworkDefinition.key`.
    var networkRuntimes: [String] = []
    /// Half-written files of processes that are gone.
    var temporaries: [String] = []
    /// Of imports and commits that are gone.
    var workspaces: [String] = []
    /// Scopes that nobody ends any more.
    var deadScopes: [Name] = []
    var volumes = Volumes()
    var damages: [Damage] = []

    var living: Set<ContainerID> { Set(containers.filter { $0.value.isAlive }.keys) }
    /// Of living containers.
    var livingEndpoints: Set<EndpointID> {
        Set(containers.values.filter(\.isAlive).flatMap { $0.state?.endpoints ?? [] }.map(\.id))
    }

    init() {}
}

// MARK: - Reading

extension RecordSnapshot {
    init(_ engine: Engine) throws(OperationError) {
        let layout = engine.layout
        // Before the runtime: a container has a runtime directory before it has anything else.
        names = try engine.containerStore.names.all()
        networkNames = try engine.networkStore.names.all()
        for id in try engine.containerStore.ids() { containers[id, default: Container()].hasDirectory = true }
        if layout.isOfThisBoot {
            for id in try engine.containerStore.runtimeIDs() { containers[id, default: Container()].hasRuntime = true }
            networkRuntimes = try Files.names(in: layout.runtimeNetworks)
        }
        for id in containers.keys { read(id, engine) }
        try readNetworks(engine)
        for network in networks where networkRuntimes.contains(network.key) { readPool(of: network, engine.host) }
        readImages(engine.imageStore)
        let scopes = try Files.names(in: layout.scopes).compactMap { Name($0) }
        deadScopes = scopes.filter { !FileLock.isHeld(layout.scopeLock($0)) }
        readVolumes(engine.volumeStore)
        temporaries = Self.temporaries(layout, containers.keys)
    }

    private mutating func read(_ id: ContainerID, _ engine: Engine) {
        guard var container = containers[id] else { return }
        let store = engine.containerStore
        let layout = engine.layout
        container.isAlive = container.hasRuntime && store.isHeld(id)
        container.hasRecord = Files.exists(layout.definition(id))
        container.hasExit = Files.exists(layout.exit(id))
        container.isCreated = store.isCreated(id)
        container.definition = readable { () throws(OperationError) in try store.definition(id) }
        _ = readable { () throws(OperationError) in try store.exit(id) }
        if container.hasRuntime {
            container.state = readable { () throws(OperationError) in try store.state(id) }
        }
        if container.isAlive, let state = container.state { container.isRunning = state.isRunning }
        container.logs = ((try? Files.names(in: layout.container(id))) ?? []).filter { $0.hasPrefix("log.json") }
        containers[id] = container
    }

    /// What cannot be read is a damage.
    private mutating func readable<Value>(_ body: () throws(OperationError) -> Value?) -> Value? {
        do throws(OperationError) {
            return try body()
        } catch {
            damages.append(Damage(path: error.subject ?? error.operation, why: error.explanation))
            return nil
        }
    }

    private mutating func readNetworks(_ engine: Engine) throws(OperationError) {
        let listing = try engine.networks()
        networks = listing.elements
        knowsAllNetworks = listing.failures.isEmpty
        for failure in listing.failures {
            damages.append(Damage(path: failure.subject ?? failure.operation, why: failure.explanation))
        }
    }

    private mutating func readPool(of network: NetworkDefinition, _ host: Host) {
        do throws(OperationError) {
            for lease in try host.leases(of: network) { leases.append((network, lease)) }
        } catch {
            let path = host.layout.addressPool(network)
            damages.append(Damage(path: path, why: error.explanation, pool: network))
        }
    }

    private mutating func readImages(_ store: ImageStore) {
        _ = readable { () throws(OperationError) in try store.list() }
        workspaces = store.deadWorkspaces()
        let program = Program.current.name
        let cached = store.cacheDamages()
        for part in (try? store.damages()) ?? [] where !damages.contains(where: { $0.path == part.damage.path }) {
            let isCached = cached.contains { $0.path == part.damage.path }
            let removal = "\(program) rmi -f \(part.image)"
            let remedy =
                part.isPulled
                ? "\(program) pull \(part.image) brings it again"
                : isCached ? "\(removal) and \(program) builder prune -af remove it" : "\(removal) removes it"
            damages.append(
                Damage(path: part.damage.path, why: "\(part.damage.why); of the image \(part.image): \(remedy)"))
        }
        for damage in cached where !damages.contains(where: { $0.path == damage.path }) {
            let remedy = "\(program) builder prune -af removes it"
            damages.append(Damage(path: damage.path, why: "\(damage.why); of the build cache: \(remedy)"))
        }
    }

    private mutating func readVolumes(_ store: VolumeStore) {
        for name in (try? store.names()) ?? [] {
            _ = readable { () throws(OperationError) in try store.definition(name) }
        }
        volumes.unfinished = (try? store.unfinished()) ?? []
        volumes.unexplained = (try? store.unexplained()) ?? []
        let half = (try? store.halfCopied()) ?? []
        volumes.halfCopied = half.filter { !FileLock.isHeld(store.layout.volume($0)) }
    }

    /// Files that `Files.replace` and the pool leave when their process is killed.
    private static func temporaries(_ layout: Layout, _ containers: some Sequence<ContainerID>) -> [String] {
        let networks = ((try? Files.names(in: layout.runtimeNetworks)) ?? []).map { "\(layout.runtimeNetworks)/\($0)" }
        let directories =
            [layout.state, layout.networks, layout.containers, layout.images, layout.seccompCache, layout.runtime]
            + networks + containers.flatMap { [layout.container($0), layout.containerRuntime($0)] }
        return directories.flatMap { directory in
            ((try? Files.names(in: directory)) ?? []).filter { isLeftOver($0, in: directory) }
                .map { "\(directory)/\($0)" }
        }.sorted()
    }

    private static func isLeftOver(_ name: String, in directory: String) -> Bool {
        if name == "pool.new" { return !FileLock.isHeld(directory + "/lock") }
        guard name.hasSuffix(".tmp") else { return false }
        let pid = name.dropLast(4).split(separator: ".").last.flatMap { pid_t($0) }
        return pid.map { !ProcessTable.isMydocker($0) } ?? true
    }
}

extension OperationError {
    /// The cause and what to do, without what the subject says.
    var explanation: String {
        let cause: String
        switch self.cause {
        case .errno(let number): cause = String(cString: strerror(number))
        case .reason(let reason): cause = reason
        case nil: cause = operation
        }
        return remedy.map { "\(cause) (\($0))" } ?? cause
    }
}
