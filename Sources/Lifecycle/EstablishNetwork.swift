import Core
import Linux
import Networking
import Records

extension Host {
    /// Makes sure of a network that a container is about to join, and of those that other containers are on: after
    /// a reboot there is nothing of it but its definition, and somebody may have flushed the rules of all.
    package func establish(_ network: NetworkDefinition) throws(OperationError) {
        let deviants = try driver.deviants(among: [network] + usedNetworks(besides: network))
        if deviants.isEmpty { return }
        // One that nobody is on may be about to be removed; it is made when it is used.
        guard deviants.contains(network) || isAnyUsed(deviants) else { return }
        try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            try checkDefined(network)
            for (name, failure) in restore([network] + usedNetworks(besides: network)) {
                if name == network.name { throw failure }
                warn(failure.description)
                // What is wrong with another container's rules is no reason not to run this one.
                if name == nil { try driver.create(network) }
            }
        }
    }

    /// Those that were joined since the last reboot.
    package func usedNetworks(besides own: NetworkDefinition) -> [NetworkDefinition] {
        let names = (try? Files.names(in: layout.runtimeNetworks)) ?? []
        return names.compactMap(Name.init).filter { $0 != own.name }
            .compactMap { (try? networkStore.definition($0)) ?? nil }
    }

    private func isAnyUsed(_ networks: [NetworkDefinition]) -> Bool {
        let ids = Set(networks.map(\.id))
        return bridgeMembers().contains { ids.contains($0.endpoint.networkID) }
    }

    /// The registry's lock must be held, so that no network is removed meanwhile.
    package func restore(_ networks: [NetworkDefinition]) -> [(name: Name?, failure: OperationError)] {
        // Oldest first: the order in which the rules of all were made.
        driver.restore(
            networks.sorted { $0.created < $1.created }, members: bridgeMembers(), isStale: isStale)
    }
}
