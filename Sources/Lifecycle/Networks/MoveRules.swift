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

    /// Takes away what an endpoint publishes, wherever it has rules and whatever becomes of the others.
    /// - Throws: the first failure.
    func withdrawRules(of endpoint: Endpoint) throws(OperationError) {
        let driver = try drivers.of(endpoint)
        var failure: OperationError?
        for backend in backends(of: endpoint) {
            var endpoint = endpoint
            endpoint.firewall = backend
            do throws(OperationError) {
                try driver.disconnect(endpoint)
            } catch {
                failure = failure ?? error
            }
        }
        if let failure { throw failure }
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

    /// Publishes where the rules of the endpoint's network are now, and then takes away what is published where it says.
    /// - Returns: false when that is the same place.
    func follow(_ endpoint: inout Endpoint) throws(OperationError) -> Bool {
        guard let backend = firewallMovedTo(by: endpoint) else { return false }
        var moved = endpoint
        moved.firewall = backend
        let driver = try drivers.of(moved)
        try driver.publishAnew(moved, isStale: isStale)
        try driver.leave(endpoint.firewall, nil, [moved.id])
        // Not before: whoever clears away goes by what it says, and by the network's definition.
        endpoint.firewall = backend
        return true
    }
}
