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
            var listing = try names.isEmpty ? networks() : networks(called: names)
            if let firewall { listing = moved(listing, to: firewall) }
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

    private func moved(
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

    /// The old rules go first, and with them the bridge, which is made again with the new ones: whoever is killed in between leaves
    /// a network that has nothing, as after a reboot.
    private func move(
        _ network: NetworkDefinition, to firewall: FirewallBackend
    ) throws(OperationError) -> NetworkDefinition {
        if network.firewall == firewall { return network }
        let driver = try host.drivers.of(network)
        guard !driver.isBesideHost else {
            throw OperationError(
                "network \(network.name)", reason: "networks of driver \(network.driver) have no firewall",
                kind: .unsupported)
        }
        try refuse(network, usedBy: host.members(of: network).map(\.id), "moved to another firewall")
        var moved = network
        moved.firewall = firewall
        try driver.delete(network)
        try networkStore.replace(moved)
        try driver.create(moved)
        return moved
    }

    func networks(called names: [String]) throws(OperationError) -> Listing<NetworkDefinition> {
        var listing = Listing<NetworkDefinition>(elements: [], failures: [])
        for name in names {
            do throws(OperationError) {
                guard let network = try networkStore.find(name) else {
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
