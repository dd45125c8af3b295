import Core
import Glibc
import Linux
import Netlink
import Networking
import Records

/// Networks that a container joins and leaves while its supervisor lives: at once when it runs, with the next round when it
/// rests. What it is on is in its definition afterwards.
extension ContainerRun {
    package func connect(_ wish: EndpointWish) throws(OperationError) {
        guard let network = try host.networkStore.definition(named: wish.network) else {
            throw OperationError("network \(wish.network) not found", kind: .notFound)
        }
        // First: a supervisor that is killed with an address and no record of it has it on a network that it wanted.
        try host.noteJoining(&plan.definition, wish)
        // Also for the teardown, should the program end meanwhile.
        plan.networks.append(network)
        do throws(OperationError) {
            try host.establish([network])
            try join(network, definition.networkMode.wishes.last ?? wish)
            try connectLast(network)
            if let endpoint = state.endpoints.last { host.announce(.of(endpoint, of: id, "connect")) }
        } catch {
            if !state.endpoints.contains(where: { $0.networkID == network.id }) {
                plan.networks.removeAll { $0.id == network.id }
            }
            try? host.noteLeaving(&plan.definition, network.name)
            throw error
        }
    }

    private func connectLast(_ network: NetworkDefinition) throws(OperationError) {
        let index = state.endpoints.count - 1
        do throws(OperationError) {
            // On record before anything names it.
            try writeState()
            try makeLink(index, isDefaultRoute: !state.endpoints[..<index].contains { $0.gateway != nil })
            try writeState()
        } catch {
            try? leave(state.endpoints[index], network)
            throw error
        }
    }

    package func disconnect(_ name: Name) throws(OperationError) {
        if definition.networkMode == .none { return try host.noteLeaving(&plan.definition, name) }
        guard let endpoint = state.endpoints.first(where: { $0.network == name }),
            let network = plan.networks.first(where: { $0.id == endpoint.networkID })
        else {
            // It may be on record all the same.
            return try host.noteLeaving(&plan.definition, name)
        }
        try leave(endpoint, network)
        // A command that found no supervisor a moment ago may have noted that already.
        if currentDefinition.networkMode.wishes.contains(where: { $0.network == network.name }) {
            try host.noteLeaving(&plan.definition, network.name)
        } else {
            plan.definition.leave(network.name)
        }
        plan.networks.removeAll { $0.id == network.id }
        try takeOver(endpoint)
        try writeState()
    }

    private func writeState() throws(OperationError) {
        try host.containerStore.write(state, of: id)
    }

    /// Rules and link go first: an address is never free while one of them still has it. What fails leaves the endpoint on record,
    /// for whoever clears away.
    private func leave(_ endpoint: Endpoint, _ network: NetworkDefinition) throws(OperationError) {
        let driver = try host.drivers.of(endpoint)
        try driver.disconnect(endpoint)
        try driver.detach(endpoint)
        try host.withdrawAliases(of: endpoint, id, from: network)
        try host.release(endpoint.leases, from: network, of: id)
        state.endpoints.removeAll { $0.id == endpoint.id }
        try writeState()
        host.announce(.of(endpoint, of: id, "disconnect"))
    }

    /// The next endpoint takes over the default route and the ports of one that is gone.
    func takeOver(_ gone: Endpoint) throws(OperationError) {
        let leading = state.endpoints.firstIndex { $0.gateway != nil }
        guard let index = leading ?? state.endpoints.indices.first else { return }
        if gone.gateway != nil, leading != nil { try routeAll(by: state.endpoints[index]) }
        if gone.ports.isEmpty { return }
        // The sockets are the supervisor's, too.
        try ports?.move(to: state.endpoints[index].bridge)
        state.endpoints[index].ports = gone.ports
        try writeState()
        if namespace == nil { return }
        try host.drivers.of(state.endpoints[index]).publishAnew(state.endpoints[index], isStale: host.isStale)
    }

    private func routeAll(by endpoint: Endpoint) throws(OperationError) {
        guard let namespace else { return }
        do throws(OperationError) {
            try host.drivers.of(endpoint).routeAll(by: endpoint, &namespace.inside)
        } catch {
            // It went by this one already.
            guard error.errno == EEXIST else { throw error }
        }
    }
}
