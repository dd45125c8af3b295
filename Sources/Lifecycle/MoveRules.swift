import Core
import Networking
import Records

/// Networks that move from one firewall to another while containers are on them. A network's definition says who has its rules; what an
/// endpoint says of that is from when its own were made. A move makes the new rules before the old ones go, and has
/// both firewalls in the definition meanwhile: so whoever takes rules away takes them away from both.
extension Host {
    /// Takes the rest of the rules away from where they were. The registry's lock must be held.
    func endMove(of network: NetworkDefinition) throws(OperationError) {
        guard let former = network.formerFirewall else { return }
        let endpoints = try members(of: network).map(\.endpoint.id)
        try drivers.of(network).leave(former, network, endpoints)
        var settled = network
        settled.formerFirewall = nil
        try networkStore.replace(settled)
    }

    /// Takes away what an endpoint publishes, wherever it has rules.
    func withdrawRules(of endpoint: Endpoint) throws(OperationError) {
        let driver = try drivers.of(endpoint)
        for backend in backends(of: endpoint) {
            var endpoint = endpoint
            endpoint.firewall = backend
            try driver.disconnect(endpoint)
        }
    }

    /// All of them where it is not known.
    private func backends(of endpoint: Endpoint) -> [FirewallBackend] {
        if !endpoint.publishes { return [endpoint.firewall] }
        do throws(OperationError) {
            let others = try networkStore.definition(of: endpoint)?.firewalls ?? []
            return [endpoint.firewall] + others.filter { $0 != endpoint.firewall }
        } catch {
            return FirewallBackend.allCases
        }
    }

    /// Who has the rules of the endpoint's network now, where that is not whom the endpoint says.
    func firewallMovedTo(by endpoint: Endpoint) -> FirewallBackend? {
        let network = (try? networkStore.definition(of: endpoint)) ?? nil
        return network.flatMap { $0.firewall == endpoint.firewall ? nil : $0.firewall }
    }
}

extension ContainerRun {
    /// Before an endpoint publishes something.
    func noteFirewall(of index: Int) {
        guard state.endpoints[index].publishes else { return }
        if let backend = host.firewallMovedTo(by: state.endpoints[index]) { state.endpoints[index].firewall = backend }
    }

    /// Once the container is on record as running: a move that did not find it there was on record itself before that.
    func followMoves() throws(OperationError) {
        for index in state.endpoints.indices where state.endpoints[index].publishes {
            while let backend = host.firewallMovedTo(by: state.endpoints[index]) {
                let driver = try host.drivers.of(state.endpoints[index])
                let former = state.endpoints[index].firewall
                state.endpoints[index].firewall = backend
                try driver.publishAnew(state.endpoints[index], isStale: host.isStale)
                try driver.leave(former, nil, [state.endpoints[index].id])
                try host.containerStore.write(state, of: id)
            }
        }
    }
}
