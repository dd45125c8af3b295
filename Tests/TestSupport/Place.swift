import Core
import Foundation
import Lifecycle
import Linux
import Networking
import Records

/// A directory with records, and a host whose networks are scripted. Goes with this value.
package final class Place {
    package let directory: URL
    package let host: Lifecycle.Host
    package let driver = ScriptedDriver()
    private let talk = Talk()
    package let dead: EndedProcess

    package init(
        allocators: @escaping Lifecycle.Host.AddressAllocators = Lifecycle.Host.addressPoolFiles
    ) throws {
        directory = FileManager.default.temporaryDirectory.appendingPathComponent("place-\(UUID().uuidString)")
        let layout = Layout(state: directory.path + "/state", runtime: directory.path + "/run")
        dead = try EndedProcess()
        host = Lifecycle.Host(layout: layout, drivers: NetworkDrivers(["bridge": driver]), allocators: allocators) {
            [talk] in talk.add($0)
        }
        try host.prepare()
    }

    deinit { try? FileManager.default.removeItem(at: directory) }

    /// What was warned of, in order.
    package var warnings: [String] { talk.lines }
    package var layout: Layout { host.layout }
    package var store: ContainerStore { host.containerStore }

    package func network(_ name: String, _ gateway: String) throws -> NetworkDefinition {
        let network = NetworkDefinition(
            id: .random(), name: try wanted(Name(name)), driver: "bridge", gateway: try wanted(Subnet(gateway)),
            device: "br-\(name)", mtu: nil, isInternal: false, labels: [:], created: .now())
        try host.networkStore.create(network)
        return network
    }

    package func definition(_ name: String, on networks: [NetworkDefinition] = []) throws -> ContainerDefinition {
        ContainerDefinition(
            id: .random(), name: try wanted(Name(name)), created: .now(), image: "busybox", imageID: nil, layers: [],
            arguments: ["true"], environment: [], workingDirectory: "/", user: "", hostname: "box",
            networkMode: networks.isEmpty ? .none : .networks(networks.map { EndpointWish(network: $0.name) }))
    }

    /// A container as a run makes it.
    @discardableResult
    package func make(_ definition: ContainerDefinition, created: Bool = false) throws -> ContainerID {
        try store.create(definition)
        guard try store.names.reserve(definition.name, for: definition.id) else {
            throw OperationError("reserve name", definition.name.text, reason: "it is taken", kind: .conflict)
        }
        if created { try store.markCreated(definition.id) }
        return definition.id
    }

    /// A state whose supervisor and program are dead.
    package func deadState(_ status: ContainerState.Status, started: Timestamp? = nil) -> ContainerState {
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
    package func leave(_ state: ContainerState?, of id: ContainerID) throws {
        try Files.makeDirectory(layout.containerRuntime(id))
        try Files.create(layout.containerLock(id), [])
        if let state { try store.write(state, of: id) }
    }

    /// Returns when nobody has a container's lock. A child that another test has just forked has it for a moment longer than
    /// whoever has let go of it.
    package func waitUntilFree(_ id: ContainerID) { while store.isHeld(id) { usleep(500) } }

    /// - Parameter isFirst: a further one has an id of its own.
    package func endpoint(
        _ address: String, of id: ContainerID, on network: NetworkDefinition, isFirst: Bool = true
    ) throws -> Endpoint {
        let address = try wanted(IPAddress(address))
        _ = try host.lease(from: network, for: id, requested: address)
        return Endpoint(
            id: isFirst ? id : .random(), network: network.name, networkID: network.id,
            address: network.subnet.map { Subnet(address, $0.prefixLength) },
            gateway: network.gateway?.address, mac: MACAddress(for: address), interface: "eth0", bridge: network.device,
            mtu: nil, ports: [])
    }

    /// As a word for tables: `gone`, `created`, `exited 137`, `lost`, with `, run left` while its run's directory is there.
    package func outcome(_ id: ContainerID, _ name: String) throws -> String {
        let rest = Files.exists(layout.containerRuntime(id)) ? ", run left" : ""
        guard let definition = try store.definition(id) else {
            let isNamed = Name(name).flatMap(store.names.owner) != nil
            return (isNamed ? "gone, name left" : "gone") + rest
        }
        switch try host.phase(of: definition).phase {
        case .exited(let code, _): return "exited \(code)" + rest
        case .some(let phase): return "\(phase)" + rest
        case .none: return "to be removed" + rest
        }
    }
}

/// Warnings, as they come.
private final class Talk: @unchecked Sendable {
    private let lock = NSLock()
    private var all: [String] = []

    var lines: [String] { lock.withLock { all } }
    func add(_ line: String) { lock.withLock { all.append(line) } }
}

/// `value`, which the set-up of a test cannot do without.
package func wanted<Value>(_ value: Value?) throws -> Value {
    guard let value else { throw OperationError("set up a test", reason: "\(Value.self) is missing") }
    return value
}
