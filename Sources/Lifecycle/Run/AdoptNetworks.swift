import Core
import Linux
import Networking
import Records

/// Changes of a container's networks that another process than its supervisor makes. What came of one is in the records.
extension ContainerRun {
    package var endpoints: [Endpoint] { state.endpoints }

    /// The sockets of its published ports.
    package var portSockets: DescriptorSet? { ports?.sockets }

    /// Said to those who want something of a container that has just ended.
    package var hasEnded: OperationError { host.notRunning(id) }

    /// What a copy of this process needs for a change, and for being waited for by whoever clears away.
    package var descriptorsOfNetworks: [Int32] {
        var numbers = ports?.sockets.numbers ?? []
        if lock != nil { numbers.append(lock.number) }
        if let namespace { numbers += [namespace.namespace.descriptor.number, namespace.inside.number] }
        return numbers
    }

    /// In such a copy: answers to another one's requests may still wait in the socket that they share.
    package func renewRequests() { namespace?.inside.renewRequests() }

    /// Takes over what a change has put on record.
    /// - Parameters:
    ///   - isComplete: whether the process that made it has come to its end, and was not killed.
    ///   - sockets: those of ports that it has reserved.
    package func adoptNetworks(isComplete: Bool, _ sockets: DescriptorSet) {
        hasHalfChange = !isComplete
        guard let current = (try? host.containerStore.state(id)) ?? nil else { return }
        state.endpoints = current.endpoints
        plan.definition.adoptNetworks(of: currentDefinition)
        let known = plan.networks
        plan.networks = state.endpoints.compactMap { endpoint in
            known.first { $0.id == endpoint.networkID } ?? ((try? host.networkStore.definition(of: endpoint)) ?? nil)
        }
        do throws(OperationError) { try answerNames() } catch { host.warn(error.description) }
        let published = state.endpoints.flatMap(\.ports)
        if sockets.count > 0 { ports = PortReservation(sockets, of: published) }
        // Of half a change they may still get their endpoint.
        if isComplete, published.isEmpty { ports = nil }
    }

    /// Whether the container has an endpoint on each of the networks that it is to be on.
    package var hasItsNetworks: Bool { networksWithoutEndpoint.isEmpty }

    private var networksWithoutEndpoint: [EndpointWish] {
        plan.definition.networkMode.wishes.filter { wish in !state.endpoints.contains { $0.network == wish.network } }
    }

    /// Undoes half a connection, and does the rest of half a disconnection.
    /// - Parameter former: the endpoints before.
    package func mendNetworks(since former: [Endpoint]) throws(OperationError) {
        try host.containerStore.removeUnfinishedState(of: id)
        let wishes = plan.definition.networkMode.wishes
        for endpoint in state.endpoints
        where !former.contains(where: { $0.id == endpoint.id })
            || !wishes.contains(where: { $0.network == endpoint.network })
        {
            try disconnect(endpoint.network)
        }
        for wish in networksWithoutEndpoint {
            try host.releaseLeases(of: id, .networks([wish]))
            try host.noteLeaving(&plan.definition, wish.network)
        }
        for gone in former where !state.endpoints.contains(where: { $0.id == gone.id }) { try takeOver(gone) }
    }
}
