import Core
import Lifecycle
import Linux
import Records
import Supervisor

extension Engine {
    /// Puts a container on one more network: at once when it runs.
    package func connect(_ container: String, to choice: NetworkChoice) throws(OperationError) {
        let (id, network) = try find(container, choice.network)
        let wish = EndpointWish(network: network.name, address: choice.address, mac: choice.mac)
        if try isSupervised(id) {
            _ = try host.ask(id, "connect", [("wish", wish.json)])
            return
        }
        var definition = try definition(id, container)
        _ = try host.network(of: wish, for: definition)
        try host.redefine(&definition) { $0.networkMode.add(wish) }
    }

    package func disconnect(_ container: String, from network: String) throws(OperationError) {
        let (id, network) = try find(container, network)
        if try isSupervised(id) {
            _ = try host.ask(id, "disconnect", [("network", .string(network.name.text))])
            return
        }
        var definition = try definition(id, container)
        guard definition.networkMode.wishes.contains(where: { $0.network == network.name }) else {
            throw host.notConnected(definition, network.name)
        }
        try host.redefine(&definition) { $0.networkMode.remove(network.name) }
    }

    private func find(
        _ container: String, _ network: String
    ) throws(OperationError) -> (ContainerID, NetworkDefinition) {
        try host.prepare()
        guard let network = try networkStore.find(network) else {
            throw OperationError("network \(network) not found", kind: .notFound)
        }
        return (try containerStore.find(container), network)
    }

    /// A container that is just being made is waited for; of a dead one the rest is cleared away.
    private func isSupervised(_ id: ContainerID) throws(OperationError) -> Bool {
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
