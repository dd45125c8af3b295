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
            var wish = definition.networkMode.wishes.last ?? wish
            // What is published already stays reserved.
            let leadsToPorts = try !host.drivers.of(network).isBesideHost
            let takesPorts = ports != nil && !wish.publish.isEmpty && leadsToPorts
            if takesPorts { wish.publish = [] }
            try join(network, wish)
            try connectLast(network, takesPorts: takesPorts)
            if let endpoint = state.endpoints.last { host.announce(.of(endpoint, of: id, "connect")) }
        } catch {
            if !state.endpoints.contains(where: { $0.networkID == network.id }) {
                plan.networks.removeAll { $0.id == network.id }
            }
            try? host.noteLeaving(&plan.definition, network.name)
            throw error
        }
    }

    private func connectLast(_ network: NetworkDefinition, takesPorts: Bool) throws(OperationError) {
        let index = state.endpoints.count - 1
        let isLeading = state.endpoints.leading == index
        do throws(OperationError) {
            // On record before anything names it.
            try writeState()
            try makeLink(index, isDefaultRoute: isLeading && state.endpoints.count { $0.gateway != nil } == 1)
            try writeState()
            if namespace != nil { try followMoves() }
            if isLeading { try routeAll(by: state.endpoints[index]) }
            if takesPorts { try movePorts(to: index) }
        } catch {
            let endpoint = state.endpoints[index]
            try? leave(endpoint, network)
            try? takeOver(endpoint)
            throw error
        }
    }

    /// They are one endpoint's: its rules go before the other one's come.
    private func movePorts(to index: Int) throws(OperationError) {
        try whileNobodyRestores { () throws(OperationError) in
            for former in state.endpoints.indices where !state.endpoints[former].ports.isEmpty && former != index {
                try host.withdrawRules(of: state.endpoints[former])
                state.endpoints[index].ports += state.endpoints[former].ports
                state.endpoints[former].ports = []
            }
            try writeState()
        }
        try publish(index)
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
        try whileNobodyRestores { () throws(OperationError) in
            try host.withdrawRules(of: endpoint)
            if let namespace { try driver.detach(endpoint, &namespace.inside) }
            try host.withdrawAliases(of: endpoint, id, from: network)
            try host.release(endpoint.leases, from: network, of: id)
            state.endpoints.removeAll { $0.id == endpoint.id }
            try writeState()
        }
        host.announce(.of(endpoint, of: id, "disconnect"))
    }

    /// Whoever puts back what networks lack would put back what is on record still.
    private func whileNobodyRestores(
        _ body: () throws(OperationError) -> Void
    ) throws(OperationError) {
        try FileLock.holding(host.layout.registryLock) { () throws(OperationError) in try body() }
    }

    /// The endpoint that leads now takes over the default route and the ports of one that is gone.
    func takeOver(_ gone: Endpoint) throws(OperationError) {
        let leading = state.endpoints.leading
        if gone.gateway != nil, let leading { try routeAll(by: state.endpoints[leading]) }
        guard let index = leading ?? state.endpoints.indices.first, !gone.ports.isEmpty else { return }
        if try host.drivers.of(state.endpoints[index]).isBesideHost { return }
        state.endpoints[index].ports = gone.ports
        try publish(index)
    }

    /// What an endpoint has only just got.
    private func publish(_ index: Int) throws(OperationError) {
        // The sockets are the supervisor's, too.
        try ports?.move(to: state.endpoints[index].bridge)
        noteFirewall(of: index)
        try writeState()
        if namespace == nil { return }
        try host.drivers.of(state.endpoints[index]).publishAnew(state.endpoints[index], isStale: host.isStale)
        try followMoves()
    }

    /// Nothing while it rests.
    private func routeAll(by endpoint: Endpoint) throws(OperationError) {
        guard let namespace else { return }
        try host.drivers.of(endpoint).routeAll(by: endpoint, &namespace.inside)
    }
}
