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
            let leadsToPorts = try host.leadsToPorts(on: network)
            if leadsToPorts { wish.publish = portsTaken(by: wish, on: network) }
            let moved = leadsToPorts && state.endpoints.contains(where: \.publishes) ? wish.publish : []
            if !moved.isEmpty { wish.publish = [] }
            try join(network, wish)
            try connectLast(network, publishing: moved)
            if let endpoint = state.endpoints.last { host.announce(.of(endpoint, of: id, "connect")) }
        } catch {
            if !state.endpoints.contains(where: { $0.networkID == network.id }) {
                plan.networks.removeAll { $0.id == network.id }
            }
            try? host.noteLeaving(&plan.definition, network.name)
            throw error
        }
    }

    /// What goes by one more network: everything, where that leads elsewhere and outranks the others that do.
    private func portsTaken(by wish: EndpointWish, on network: NetworkDefinition) -> [PublishRequest] {
        guard let leading = state.endpoints.leading else {
            let isFirst = !state.endpoints.contains(where: \.publishes)
            if isFirst { return definition.publish }
            if network.firewall == .none { return [] }
            return network.leadsOut ? definition.publish : wish.publish
        }
        let outranks = state.endpoints[leading].gatewayPriority < wish.gatewayPriority
        return network.leadsOut && outranks ? definition.publish : []
    }

    /// - Parameter moved: what another endpoint publishes until now.
    private func connectLast(
        _ network: NetworkDefinition, publishing moved: [PublishRequest]
    ) throws(OperationError) {
        let index = state.endpoints.count - 1
        let led = state.endpoints.families(ledBy: index)
        let others = Set(state.endpoints.dropLast().flatMap(\.gateways).map(\.family))
        do throws(OperationError) {
            // On record before anything names it.
            try writeState()
            try makeLink(index, leading: led.subtracting(others))
            try writeState()
            if namespace != nil { try followMoves() }
            try routeAll(led, by: state.endpoints[index])
            if !moved.isEmpty { try movePorts(moved, to: index) }
            try settleAddresses(of: state.endpoints[index...])
        } catch {
            let endpoint = state.endpoints[index]
            try? leave(endpoint, network)
            try? takeOver(endpoint)
            throw error
        }
    }

    /// They are one endpoint's: its rules go before the other one's come. Ports of this host that are taken already stay so, where the
    /// endpoint is reached by such; at its own addresses it needs none.
    private func movePorts(_ requests: [PublishRequest], to index: Int) throws(OperationError) {
        guard let network = plan.networks.first(where: { $0.id == state.endpoints[index].networkID }) else { return }
        let reservation = try host.reservePorts(requests, on: network, keeping: ports?.held() ?? [])
        let mappings = reservation.mappings
        let formers = state.endpoints.indices.filter { state.endpoints[$0].publishes && $0 != index }
        try whileNobodyRestores { () throws(OperationError) in
            for former in formers {
                try host.withdrawRules(of: state.endpoints[former])
                (state.endpoints[former].ports, state.endpoints[former].openPorts) = ([], [])
            }
            state.endpoints[index].ports = mappings
            state.endpoints[index].openPorts = network.openPorts(requests)
            try writeState()
        }
        ports = consume reservation
        try publish(index)
        if namespace == nil { return }
        // No answer of theirs comes back to their own port of the bridge any more.
        for former in formers {
            try host.drivers.of(state.endpoints[former]).publishAnew(state.endpoints[former], isStale: host.isStale)
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
        // Before anything goes: where there is no room for records it stays on the network, whole.
        try writeState()
        try noteLeaving(network) { () throws(OperationError) in try leave(endpoint, network) }
        plan.networks.removeAll { $0.id == network.id }
        do throws(OperationError) {
            try takeOver(endpoint)
        } catch {
            // It is left all the same.
            host.warn("network \(name) is left, and what went by it is not taken over: \(error)")
        }
        try writeState()
    }

    /// - Parameter body: of which the endpoint is left, or nothing is: what fails before it is gone leaves it on record.
    private func noteLeaving(
        _ network: NetworkDefinition, _ body: () throws(OperationError) -> Void
    ) throws(OperationError) {
        let former = definition
        // A command that found no supervisor a moment ago may have noted that already.
        let isNoted = !currentDefinition.networkMode.wishes.contains { $0.network == network.name }
        if isNoted {
            plan.definition.leave(network.name)
        } else {
            try host.noteLeaving(&plan.definition, network.name)
        }
        do throws(OperationError) {
            try body()
        } catch {
            let isThere = state.endpoints.contains { $0.networkID == network.id }
            if isThere, !isNoted { try? host.noteNetworks(of: former, in: &plan.definition) }
            throw error
        }
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
        for family in gone.gateways.map(\.family) {
            guard let leading = state.endpoints.leading(family) else { continue }
            try routeAll([family], by: state.endpoints[leading])
        }
        let reachable = state.endpoints.indices.filter { !state.endpoints[$0].addresses.isEmpty }.max {
            (state.endpoints[$0].gatewayPriority, -$0) < (state.endpoints[$1].gatewayPriority, -$1)
        }
        guard let index = state.endpoints.leading ?? reachable, gone.publishes else { return }
        let endpoint = state.endpoints[index]
        if try host.drivers.of(endpoint).isBesideHost { return }
        try movePorts(definition.publish, to: index)
    }

    /// What an endpoint has only just got.
    private func publish(_ index: Int) throws(OperationError) {
        // The sockets are the supervisor's, too.
        try ports?.move(to: state.endpoints[index].bridge, state.endpoints[index].families)
        noteFirewall(of: index)
        try writeState()
        if namespace == nil { return }
        try host.drivers.of(state.endpoints[index]).publishAnew(state.endpoints[index], isStale: host.isStale)
        try followMoves()
    }

    /// Nothing while it rests.
    private func routeAll(_ families: Set<AddressFamily>, by endpoint: Endpoint) throws(OperationError) {
        guard let namespace, !families.isEmpty else { return }
        try host.drivers.of(endpoint).routeAll(families, by: endpoint, &namespace.inside)
    }
}
