import Core
import Lifecycle
import Networking
import Records

/// `network reload --firewall`: the rules of networks, and of the containers on them, go to another firewall. The new ones are there
/// before the old ones go. The registry's lock is held.
extension Engine {
    /// - Parameter areNamed: else they are all that there are, and those that have no firewall stay as they are.
    func move(
        _ listing: Listing<NetworkDefinition>, to firewall: FirewallBackend, areNamed: Bool
    ) -> Listing<NetworkDefinition> {
        var moved = Listing<NetworkDefinition>(elements: [], failures: listing.failures)
        var former: [NetworkDefinition] = []
        for network in listing.elements {
            do throws(OperationError) {
                guard try host.drivers.of(network).isBesideHost else {
                    moved.elements.append(try move(network, to: firewall))
                    former.append(network)
                    continue
                }
                if areNamed { throw Self.hasNone(network) }
                moved.elements.append(network)
            } catch {
                moved.failures.append(error)
            }
        }
        warnOfUserRules(of: former, movedTo: firewall)
        return moved
    }

    /// Each firewall has a chain of its own for the user. Said once of each that was left.
    private func warnOfUserRules(of former: [NetworkDefinition], movedTo firewall: FirewallBackend) {
        if firewall == .none { return }
        for backend in FirewallBackend.allCases where backend != firewall {
            let hasRules = former.contains { network in
                guard network.firewalls.contains(backend), let driver = try? host.drivers.of(network) else {
                    return false
                }
                return (try? driver.hasUserRules(in: backend, of: network)) ?? false
            }
            guard hasRules else { continue }
            warn(
                "the rules in MYDOCKER-USER of \(backend.rawValue) do not move: what they let in is for "
                    + "\(firewall.rawValue) to decide now; enter them in its MYDOCKER-USER, too")
        }
    }

    /// On record first, with both firewalls: whoever is killed after that leaves what the next one who restores the network brings to
    /// its end.
    private func move(
        _ network: NetworkDefinition, to firewall: FirewallBackend
    ) throws(OperationError) -> NetworkDefinition {
        var network = network
        if network.formerFirewall == firewall { return try turnedBack(network, to: firewall) }
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

    /// One whose move has not come to its end, back to where it came from: the other firewall need not take anything for that.
    private func turnedBack(
        _ network: NetworkDefinition, to firewall: FirewallBackend
    ) throws(OperationError) -> NetworkDefinition {
        try checkMove(of: network, to: firewall)
        var former = network
        former.firewall = firewall
        former.formerFirewall = network.firewall
        try networkStore.replace(former)
        return try carriedOut(former)
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

    private static func hasNone(_ network: NetworkDefinition) -> OperationError {
        let place = network.isConfigOnly ? "there for others to be made like it" : "beside this host"
        return OperationError("network \(network.name) is \(place) and has no firewall", kind: .unsupported)
    }

    private func checkMove(of network: NetworkDefinition, to firewall: FirewallBackend) throws(OperationError) {
        let members = try host.members(of: network)
        guard firewall == .none else { return }
        if let need = network.options.needOfFirewall(isInternal: network.isInternal) {
            throw OperationError(
                "network \(network.name)", reason: "\(need.sentence), and it would have none", kind: .conflict)
        }
        guard let publisher = members.first(where: \.endpoint.publishes) else { return }
        throw OperationError(
            "network \(network.name)",
            reason: "container \(publisher.id.short) publishes ports, and without a firewall there are none",
            remedy: "stop or remove that container first", kind: .conflict)
    }
}
