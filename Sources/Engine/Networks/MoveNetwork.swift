import Core
import Lifecycle
import Networking
import Records

/// `network reload --firewall`: the rules of networks, and of the containers on them, go to another firewall. The new ones are there
/// before the old ones go. The registry's lock is held.
extension Engine {
    func move(
        _ listing: Listing<NetworkDefinition>, to firewall: FirewallBackend
    ) -> Listing<NetworkDefinition> {
        var moved = Listing<NetworkDefinition>(elements: [], failures: listing.failures)
        for network in listing.elements {
            do throws(OperationError) {
                moved.elements.append(try move(network, to: firewall))
            } catch {
                moved.failures.append(error)
            }
        }
        return moved
    }

    /// On record first, with both firewalls: whoever is killed after that leaves what the next one who restores the network brings to
    /// its end.
    private func move(
        _ network: NetworkDefinition, to firewall: FirewallBackend
    ) throws(OperationError) -> NetworkDefinition {
        var network = network
        if network.formerFirewall != nil { network = try carriedOut(network) }
        if network.firewall == firewall { return network }
        try checkMove(of: network, to: firewall)
        let former = network
        network.formerFirewall = former.firewall
        network.firewall = firewall
        try networkStore.replace(network)
        do throws(OperationError) {
            return try carriedOut(network)
        } catch {
            try? goBack(to: former, from: network)
            throw error
        }
    }

    private func carriedOut(_ network: NetworkDefinition) throws(OperationError) -> NetworkDefinition {
        if let failure = host.restore([network]).first { throw failure.failure }
        return try networkStore.definition(at: network.key) ?? network
    }

    /// The other firewall will not have them.
    private func goBack(to former: NetworkDefinition, from moved: NetworkDefinition) throws(OperationError) {
        var network = former
        network.formerFirewall = moved.firewall
        try networkStore.replace(network)
        _ = try carriedOut(network)
    }

    private func checkMove(of network: NetworkDefinition, to firewall: FirewallBackend) throws(OperationError) {
        if try host.drivers.of(network).isBesideHost {
            throw OperationError(
                "network \(network.name)", reason: "networks of driver \(network.driver) have no firewall",
                kind: .unsupported)
        }
        let members = try host.members(of: network)
        guard firewall == .none else { return }
        if !network.options.membersMeet {
            throw OperationError(
                "network \(network.name)",
                reason: "members of a network are kept apart by its firewall, and it would have none", kind: .conflict)
        }
        guard let publisher = members.first(where: \.endpoint.publishes) else { return }
        throw OperationError(
            "network \(network.name)",
            reason: "container \(publisher.id.short) publishes ports, and without a firewall there are none",
            remedy: "stop or remove that container first", kind: .conflict)
    }
}
