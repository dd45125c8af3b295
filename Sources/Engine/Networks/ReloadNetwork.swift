import Core
import Lifecycle
import Linux
import Networking
import Records

extension Engine {
    /// Puts back what somebody has taken from networks and from the containers on them: rules that were flushed,
    /// a bridge that was deleted, a sysctl that was changed. What is right is not touched.
    /// - Parameters:
    ///   - names: none for all networks.
    ///   - firewall: who is to have their rules from now on; nil: whoever has them.
    /// - Returns: the names of the networks that are whole now, and why others are not.
    package func reloadNetworks(
        _ names: [String], movingTo firewall: FirewallBackend? = nil
    ) throws(OperationError) -> Listing<String> {
        try prepare()
        return try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            try networkStore.removeUnfinished()
            var listing = try names.isEmpty ? networks() : networks(called: names)
            // There is nothing of them that could be put back.
            if names.isEmpty { listing.elements.removeAll(where: \.isConfigOnly) }
            try removeUnmade(from: &listing)
            if let firewall { listing = move(listing, to: firewall, areNamed: !names.isEmpty) }
            let failures = host.restore(listing.elements)
            listing.elements.removeAll { network in
                failures.contains { $0.name == nil || $0.name == network.name }
            }
            for network in listing.elements {
                for obstacle in try host.drivers.of(network).obstacles(to: network) { warn(obstacle.warning) }
            }
            return Listing(
                elements: listing.elements.map(\.name.text), failures: listing.failures + failures.map(\.failure))
        }
    }

    /// The predefined one has nothing on this host before it is used.
    private func removeUnmade(from listing: inout Listing<NetworkDefinition>) throws(OperationError) {
        for network in listing.elements {
            if try networkStore.isDefined(network) { continue }
            listing.elements.removeAll { $0.id == network.id }
            warn("network \(network.name): it is made when it is first used")
        }
    }

    func networks(called names: [String]) throws(OperationError) -> Listing<NetworkDefinition> {
        var listing = Listing<NetworkDefinition>(elements: [], failures: [])
        for name in names {
            do throws(OperationError) {
                guard let network = try definedNetwork(name) else {
                    throw OperationError("network \(name) not found", kind: .notFound)
                }
                if !listing.elements.contains(network) { listing.elements.append(network) }
            } catch {
                listing.failures.append(error)
            }
        }
        return listing
    }
}
