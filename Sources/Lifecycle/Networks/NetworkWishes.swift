import Core
import Linux
import Records

extension Host {
    /// Puts a container on record as one that is on a network more. The sentences are Docker's.
    package func noteJoining(_ definition: inout ContainerDefinition, _ wish: EndpointWish) throws(OperationError) {
        try redefine(&definition) { definition throws(OperationError) in
            try checkJoining(definition, wish.network)
            definition.join(wish)
        }
    }

    private func checkJoining(_ definition: ContainerDefinition, _ network: Name) throws(OperationError) {
        switch definition.networkMode {
        case .host, .container, .namespace:
            throw OperationError(
                "container sharing network namespace with another container or host cannot be connected to any other network",
                kind: .conflict)
        case .none:
            throw OperationError(
                "container cannot be connected to multiple networks with one of the networks in private (none) mode",
                kind: .conflict)
        case .networks(let wishes):
            guard !wishes.contains(where: { $0.network == network }) else {
                throw OperationError(
                    "endpoint with name \(definition.name) already exists in network \(network)", kind: .conflict)
            }
        }
    }

    package func noteLeaving(_ definition: inout ContainerDefinition, _ network: Name) throws(OperationError) {
        try redefine(&definition) { definition throws(OperationError) in
            if definition.networkMode == .none, network.text == "none" { return definition.leaveNone() }
            guard definition.networkMode.wishes.contains(where: { $0.network == network }) else {
                throw notConnected(definition, network)
            }
            definition.leave(network)
        }
    }

    /// Takes back what was noted since: it is on the networks that it was on.
    package func noteNetworks(
        of former: ContainerDefinition, in definition: inout ContainerDefinition
    ) throws(OperationError) {
        try redefine(&definition) { definition throws(OperationError) in definition.adoptNetworks(of: former) }
    }

    package func notConnected(_ definition: ContainerDefinition, _ network: Name) -> OperationError {
        OperationError("container \(definition.id) is not connected to network \(network)", kind: .conflict)
    }

    /// Changes a definition, and what is on record of it, which others may have changed otherwise.
    private func redefine(
        _ definition: inout ContainerDefinition, _ change: (inout ContainerDefinition) throws(OperationError) -> Void
    ) throws(OperationError) {
        var editor = try DefinitionEditor(definition.id, in: containerStore, named: definition.name.text)
        var changed = editor.definition
        try change(&changed)
        try editor.write(changed)
        try change(&definition)
    }
}
