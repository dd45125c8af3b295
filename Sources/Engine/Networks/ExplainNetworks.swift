import Containers
import Core
import Lifecycle
import Networking
import Records

extension Engine {
    /// What a person would type to have what there is of networks and of containers that run, on a host that has nothing of it.
    /// - Parameter names: of networks first, else of containers.
    package func commands(behind names: [String]) throws(OperationError) -> [ShellCommand] {
        var networks: [NetworkDefinition] = []
        var joined: [JoinedContainer] = []
        for name in names {
            if let network = try definedNetwork(name) {
                if !networks.contains(network) { networks.append(network) }
            } else {
                let container = try joinedContainer(name)
                if !joined.contains(where: { $0.name == container.name }) { joined.append(container) }
            }
        }
        let commands = try commands(making: networks, joined, upon: .nothing)
        if commands.isEmpty { for network in networks { warn("network \(network.name): \(network.absence)") } }
        return commands
    }

    /// - Parameter ground: where a network that is right already needs nothing, those of the containers are seen to as well.
    func commands(
        making networks: [NetworkDefinition], _ joined: [JoinedContainer], upon ground: NetworkPlan.Ground
    ) throws(OperationError) -> [ShellCommand] {
        var members: [NetworkPlan.Member] = []
        for container in joined {
            let endpoints = container.endpoints.map(\.endpoint)
            members += container.endpoints.enumerated().map { index, place in
                NetworkPlan.Member(
                    place.endpoint, on: place.network, in: container.name.text,
                    leading: endpoints.families(ledBy: index))
            }
        }
        let plan = NetworkPlan(networks, members, upon: ground)
        return try joined.flatMap(\.namespaceCommands) + host.drivers.commands(for: plan, isStale: host.isStale)
    }

    /// Nil where there is none of that name.
    func definedNetwork(_ name: String) throws(OperationError) -> NetworkDefinition? {
        if let builtIn = try builtInNetwork(name) { return builtIn }
        return try networkStore.find(name)
    }

    /// That which every host has, as it is or will be like; nil of one that is none of those.
    private func builtInNetwork(_ text: String) throws(OperationError) -> NetworkDefinition? {
        guard let name = try networkStore.builtInName(text) else { return nil }
        guard name.isOfPredefinedNetwork else {
            throw OperationError("network \(name)", reason: "nothing is made for it", kind: .unsupported)
        }
        return try plannedNetwork(called: name)
    }

    private func joinedContainer(_ name: String) throws(OperationError) -> JoinedContainer {
        let id: ContainerID
        do throws(OperationError) {
            id = try containerStore.find(name)
        } catch {
            guard error.kind == .notFound else { throw error }
            throw OperationError("no such network or container: \(name)", kind: .notFound)
        }
        guard let definition = try containerStore.definition(id) else { throw .noContainer(name) }
        guard definition.networkMode.hasOwnNamespace else {
            throw OperationError(
                "container \(definition.name)", reason: "it has no network of its own (\(definition.networkMode.text))",
                kind: .unsupported)
        }
        guard let state = try containerStore.state(id), state.isRunning else {
            throw OperationError("container \(id) is not running", kind: .notRunning)
        }
        var endpoints: [(endpoint: Endpoint, network: NetworkDefinition)] = []
        for endpoint in state.endpoints {
            guard let network = try networkStore.find(endpoint.networkID.hex) else {
                throw OperationError("network \(endpoint.network) not found", kind: .notFound)
            }
            endpoints.append((endpoint, network))
        }
        return JoinedContainer(name: definition.name, endpoints: endpoints)
    }
}

/// A container's places on networks.
struct JoinedContainer: Sendable {
    /// Its network namespace is called so, too.
    let name: Name
    let endpoints: [(endpoint: Endpoint, network: NetworkDefinition)]

    /// ip-netns(8) cannot make one without a name, as the container's is.
    var namespaceCommands: [ShellCommand] {
        let settings = RootFilesystem.networkSettings.map { setting in
            ShellCommand("sysctl -e -w", "net/\(setting.key)=\(setting.value)").inside(name.text)
        }
        // Of one on networks the first of those brings it up.
        let loopback = endpoints.isEmpty ? [ShellCommand("ip link set dev lo up").inside(name.text)] : []
        return [ShellCommand("ip netns add", name.text)] + settings + loopback
    }
}

extension NetworkDefinition {
    /// Why nothing is made of it.
    fileprivate var absence: String {
        if isConfigOnly { return "nothing is made of it: others are made like it (--config-from)" }
        return "nothing is made of it: \(device) is there without it, and each member gets a link of its own"
    }
}
