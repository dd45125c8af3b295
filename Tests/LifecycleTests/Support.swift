import Containers
import Core
import Foundation
import Lifecycle
import Linux
import Netlink
import Networking
import Records
import Testing

/// A network driver that does nothing but remember, and fails where it is told to.
final class ScriptedDriver: NetworkDriver, @unchecked Sendable {
    /// What it was asked, in order: `disconnect 0123456789ab`.
    private(set) var calls: [String] = []
    /// Calls that begin so fail.
    var failing: String?
    /// Is asked in the middle of each call.
    var meanwhile: (String) -> Void = { _ in }

    private func note(_ call: String) throws(OperationError) {
        calls.append(call)
        meanwhile(call)
        if let failing, call.hasPrefix(failing) { throw OperationError(call, reason: "it was told to fail") }
    }

    func create(_ network: NetworkDefinition) throws(OperationError) { try note("create \(network.name)") }
    func delete(_ network: NetworkDefinition) throws(OperationError) { try note("delete \(network.name)") }
    func obstacles(to network: NetworkDefinition) -> [String] { [] }
    func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        try note("deviants \(networks.map(\.name.text).sorted().joined(separator: " "))")
        return []
    }
    func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (String) -> Bool
    ) -> [(name: Name?, failure: OperationError)] { [] }
    func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        isDefaultRoute: Bool, isStale: (String) -> Bool
    ) throws(OperationError) -> Endpoint {
        try note("connect \(endpoint.network)")
        return endpoint
    }
    func routeAll(by endpoint: Endpoint, _ inside: inout RouteSocket) throws(OperationError) {
        try note("route by \(endpoint.network)")
    }
    func publishAnew(_ endpoint: Endpoint, isStale: (String) -> Bool) throws(OperationError) {
        try note("publish \(endpoint.network)")
    }
    func detach(_ endpoint: Endpoint) throws(OperationError) { try note("detach \(endpoint.network)") }
    func disconnect(_ endpoint: Endpoint) throws(OperationError) { try note("disconnect \(endpoint.network)") }
    func withdraw(_ endpoint: EndpointID) throws(OperationError) { try note("withdraw") }
}

/// A process that has ended, as a dead supervisor is on record.
struct EndedProcess {
    let pid: pid_t
    let startTime: UInt64

    init() throws {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/true"), nil]
        defer { free(arguments[0]) }
        try #require(posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil) == 0)
        // It is on record in /proc until it is waited for.
        startTime = try #require(ProcessIdentity(of: pid)?.startTime)
        waitpid(pid, nil, 0)
        self.pid = pid
    }
}

/// A directory with records, and a host whose networks are scripted. Goes with this value.
final class Place {
    let directory: URL
    let host: Lifecycle.Host
    let driver = ScriptedDriver()
    private(set) var warnings: [String] = []
    let dead: EndedProcess

    init(allocators: @escaping Lifecycle.Host.AddressAllocators = Lifecycle.Host.addressPoolFiles) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("lifecycle-\(UUID().uuidString)")
        let layout = Layout(state: directory.path + "/state", runtime: directory.path + "/run")
        dead = try EndedProcess()
        host = Lifecycle.Host(layout: layout, drivers: NetworkDrivers(["bridge": driver]), allocators: allocators) {
            _ in
        }
        try host.prepare()
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    var layout: Layout { host.layout }
    var store: ContainerStore { host.containerStore }

    func network(_ name: String, _ gateway: String) throws -> NetworkDefinition {
        let network = NetworkDefinition(
            id: .random(), name: try #require(Name(name)), driver: "bridge", gateway: try #require(Subnet(gateway)),
            device: "br-\(name)", mtu: nil, isInternal: false, labels: [:], created: .now())
        try host.networkStore.create(network)
        return network
    }

    func definition(_ name: String, on networks: [NetworkDefinition] = []) throws -> ContainerDefinition {
        ContainerDefinition(
            id: .random(), name: try #require(Name(name)), created: .now(), image: "busybox", imageID: nil, layers: [],
            arguments: ["true"], environment: [], workingDirectory: "/", user: "", hostname: "box",
            networkMode: networks.isEmpty ? .none : .networks(networks.map { EndpointWish(network: $0.name) }))
    }

    /// A container as a run makes it.
    @discardableResult
    func make(_ definition: ContainerDefinition, created: Bool = false) throws -> ContainerID {
        try store.create(definition)
        #expect(try store.reserve(definition.name, for: definition.id))
        if created { try store.markCreated(definition.id) }
        return definition.id
    }

    /// A state whose supervisor and program are dead.
    func deadState(_ status: ContainerState.Status, started: Timestamp? = nil) -> ContainerState {
        var state = ContainerState(status: status, supervisor: dead.pid, cgroups: [])
        state.supervisorStartTime = dead.startTime
        if status == .running {
            state.pid = dead.pid
            state.pidStartTime = dead.startTime
        }
        state.started = started
        return state
    }

    /// Puts a run's files there, as one whose supervisor was killed leaves them.
    func leave(_ state: ContainerState?, of id: ContainerID) throws {
        try Files.makeDirectory(layout.containerRuntime(id))
        try Files.create(layout.containerLock(id), [])
        if let state { try RecordFile.write(state, to: layout.containerState(id)) }
    }

    /// - Parameter isFirst: a further one has an id of its own.
    func endpoint(
        _ address: String, of id: ContainerID, on network: NetworkDefinition, isFirst: Bool = true
    ) throws -> Endpoint {
        let address = try #require(IPAddress(address))
        _ = try host.lease(from: network, for: id, requested: address)
        return Endpoint(
            id: isFirst ? id : .random(), network: network.name, networkID: network.id,
            address: Subnet(address, network.subnet.prefixLength),
            gateway: network.gateway.address, mac: MACAddress(for: address), interface: "eth0", bridge: network.device,
            mtu: nil, ports: [])
    }

    /// As a word for tables: `gone`, `created`, `exited 137`, `lost`, with `, run left` while its run's directory is there.
    func outcome(_ id: ContainerID, _ name: String) throws -> String {
        let rest = Files.exists(layout.containerRuntime(id)) ? ", run left" : ""
        guard let definition = try store.definition(id) else {
            let isNamed = Name(name).flatMap(store.owner) != nil
            return (isNamed ? "gone, name left" : "gone") + rest
        }
        switch try host.phase(of: definition).phase {
        case .exited(let code, _): return "exited \(code)" + rest
        case .some(let phase): return "\(phase)" + rest
        case .none: return "to be removed" + rest
        }
    }
}
