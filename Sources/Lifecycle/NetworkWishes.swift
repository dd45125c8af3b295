import Core
import Linux
import Records

extension Host {
    /// The network that a wish names, if the container can join it.
    package func network(
        of wish: EndpointWish, for definition: ContainerDefinition
    ) throws(OperationError) -> NetworkDefinition {
        guard let network = try networkStore.definition(wish.network) else {
            throw OperationError("network \(wish.network) not found", kind: .notFound)
        }
        switch definition.networkMode {
        case .host:
            throw OperationError(
                "container sharing network namespace with another container or host cannot be connected to any other network",
                kind: .conflict)
        case .none:
            throw OperationError(
                "container cannot be connected to multiple networks with one of the networks in private (none) mode",
                kind: .conflict)
        case .networks(let wishes):
            guard !wishes.contains(where: { $0.network == network.name }) else {
                throw OperationError(
                    "endpoint with name \(definition.name) already exists in network \(network.name)", kind: .conflict)
            }
        }
        return network
    }

    package func notConnected(_ definition: ContainerDefinition, _ network: Name) -> OperationError {
        OperationError("container \(definition.id) is not connected to network \(network)", kind: .conflict)
    }

    /// Changes a definition, and what is on record of it, which others may have changed otherwise.
    package func redefine(
        _ definition: inout ContainerDefinition, _ change: (inout ContainerDefinition) -> Void
    ) throws(OperationError) {
        var editor = try DefinitionEditor(definition.id, in: containerStore, named: definition.name.text)
        var changed = editor.definition
        change(&changed)
        try editor.write(changed)
        change(&definition)
    }
}

extension NetworkMode {
    package mutating func add(_ wish: EndpointWish) { self = .networks(wishes + [wish]) }

    /// What it published goes by the next network.
    package mutating func remove(_ network: Name) {
        var wishes = wishes
        guard let index = wishes.firstIndex(where: { $0.network == network }) else { return }
        let gone = wishes.remove(at: index)
        if !gone.publish.isEmpty, !wishes.isEmpty { wishes[0].publish += gone.publish }
        self = .networks(wishes)
    }
}
