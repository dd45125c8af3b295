import Core
import Glibc
import Lifecycle
import Linux
import Records
import Supervisor

extension Engine {
    /// Puts a container on one more network: at once when it runs.
    package func connect(_ container: String, to choice: NetworkChoice) throws(OperationError) {
        try host.prepare()
        let id = try containerStore.find(container)
        let network = try joinable(choice.network)
        let wish = EndpointWish(network: network.name, address: choice.address, mac: choice.mac)
        if try ask(id, "connect", ("wish", wish.json)) { return }
        var definition = try definition(id, container)
        try host.noteJoining(&definition, wish)
        // The container may have begun meanwhile, without that network.
        guard try hasSupervisor(id), let state = try containerStore.state(id),
            !state.endpoints.contains(where: { $0.networkID == network.id })
        else { return }
        try host.noteLeaving(&definition, network.name)
        _ = try ask(id, "connect", ("wish", wish.json))
    }

    private static let hostNetwork = OperationError(
        "container cannot be disconnected from host network or connected to host network", kind: .conflict)

    /// Seconds: a supervisor may have to wait for the registry and for the xtables lock, for a minute each.
    private static let patience: Int64 = 150

    private func joinable(_ name: String) throws(OperationError) -> NetworkDefinition {
        if name == "host" {
            throw Self.hostNetwork
        }
        if name == "none" {
            throw OperationError(
                "container cannot be connected to multiple networks with one of the networks in private (none) mode",
                kind: .conflict)
        }
        guard let name = Name(name) else { throw OperationError("network \(name) not found", kind: .notFound) }
        return try network(called: name)
    }

    package func disconnect(_ container: String, from network: String) throws(OperationError) {
        try host.prepare()
        let id = try containerStore.find(container)
        var definition = try definition(id, container)
        if network == "host" { throw Self.hostNetwork }
        let name = try joined(network, by: definition)
        if try ask(id, "disconnect", ("network", .string(name.text))) { return }
        try host.noteLeaving(&definition, name)
    }

    /// A network that is gone can be left all the same.
    private func joined(_ text: String, by definition: ContainerDefinition) throws(OperationError) -> Name {
        if text == "none", definition.networkMode == .none, let name = Name(text) { return name }
        if let network = try networkStore.find(text) { return network.name }
        guard let wish = definition.networkMode.wishes.first(where: { $0.network.text == text }) else {
            throw OperationError("network \(text) not found", kind: .notFound)
        }
        return wish.network
    }

    /// Has the container's supervisor do something.
    /// - Returns: false when there is none, nor one that is just clearing up.
    private func ask(
        _ id: ContainerID, _ verb: String, _ member: (key: String, value: JSON)
    ) throws(OperationError) -> Bool {
        while try hasSupervisor(id) {
            do throws(OperationError) {
                _ = try host.ask(id, verb, [member], within: Self.patience)
                return true
            } catch {
                // The container has ended between the look and the question.
                guard error.kind == .notRunning else { throw error }
                usleep(1000)
            }
        }
        return false
    }

    /// A container that is just being made is waited for; of a dead one the rest is cleared away.
    private func hasSupervisor(_ id: ContainerID) throws(OperationError) -> Bool {
        if try host.started(id, within: 60) != nil { return true }
        if try host.isRestarting(id) { return true }
        try host.reclaim(id)
        return false
    }

    private func definition(_ id: ContainerID, _ name: String) throws(OperationError) -> ContainerDefinition {
        guard let definition = try containerStore.definition(id) else {
            throw OperationError.noContainer(name)
        }
        return definition
    }
}
