import Core
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
        if try hasSupervisor(id) {
            _ = try host.ask(id, "connect", [("wish", wish.json)], within: Self.patience)
            return
        }
        var definition = try definition(id, container)
        try host.noteJoining(&definition, wish)
    }

    /// Seconds: a supervisor may have to wait for the registry and for the xtables lock, for a minute each.
    private static let patience: Int64 = 150

    private func joinable(_ name: String) throws(OperationError) -> NetworkDefinition {
        if name == "host" {
            throw OperationError(
                "container cannot be disconnected from host network or connected to host network", kind: .conflict)
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
        let name = try joined(network, by: definition)
        if try hasSupervisor(id) {
            _ = try host.ask(id, "disconnect", [("network", .string(name.text))], within: Self.patience)
            return
        }
        try host.noteLeaving(&definition, name)
    }

    /// A network that is gone can be left all the same.
    private func joined(_ text: String, by definition: ContainerDefinition) throws(OperationError) -> Name {
        if let network = try networkStore.find(text) { return network.name }
        guard let wish = definition.networkMode.wishes.first(where: { $0.network.text == text }) else {
            throw OperationError("network \(text) not found", kind: .notFound)
        }
        return wish.network
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
            throw OperationError("No such container: \(name)", kind: .notFound)
        }
        return definition
    }
}
