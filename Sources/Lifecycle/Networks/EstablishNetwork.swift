import Core
import Linux
import Networking
import Records

extension Host {
    /// Makes sure of the networks that a container is about to join, and of those that other containers are on: after
    /// a reboot there is nothing of it but its definition, and somebody may have flushed the rules of all.
    func establish(_ networks: [NetworkDefinition]) throws(OperationError) {
        if networks.isEmpty { return }
        let deviants = try deviants(among: networks)
        if deviants.isEmpty { return }
        // One that nobody is on may be about to be removed; it is made when it is used.
        guard deviants.contains(where: networks.contains) || isAnyUsed(deviants) else { return }
        try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            // Nobody moves one meanwhile.
            let networks = try current(networks)
            let all = networks + usedNetworks(besides: networks)
            let failures = putBack(all)
            // What another firewall has still is no reason not to run: the rules that count are there.
            for (_, failure) in endMoves(of: all, besides: failures) { warn(failure.description) }
            for (name, failure) in failures {
                if networks.contains(where: { $0.name == name }) { throw failure }
                warn(failure.description)
                // What is wrong with another container's rules is no reason not to run this one.
                guard name == nil else { continue }
                if let failure = restore(networks).first { throw failure.failure }
            }
        }
    }

    /// Of these and of those that others are on.
    private func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        let others = usedNetworks(besides: networks)
        do throws(OperationError) {
            return try drivers.deviants(among: networks + others)
        } catch {
            let own = try drivers.deviants(among: networks)
            // What cannot be read of others' is no reason not to run.
            warn(error.description)
            return own
        }
    }

    private func current(_ networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        var current: [NetworkDefinition] = []
        for network in networks {
            try checkDefined(network)
            current.append(try networkStore.definition(at: network.key) ?? network)
        }
        return current
    }

    /// Those that were joined since the last reboot.
    func usedNetworks(besides own: [NetworkDefinition]) -> [NetworkDefinition] {
        let keys = (try? Files.names(in: layout.runtimeNetworks)) ?? []
        return keys.filter { key in !own.contains { $0.key == key } }
            .compactMap { (try? networkStore.definition(at: $0)) ?? nil }
    }

    private func isAnyUsed(_ networks: [NetworkDefinition]) -> Bool {
        let ids = Set(networks.map(\.id))
        return networkMembers().contains { ids.contains($0.endpoint.networkID) }
    }

    /// The registry's lock must be held, so that no network is removed meanwhile.
    package func restore(_ networks: [NetworkDefinition]) -> [(name: Name?, failure: OperationError)] {
        let failures = putBack(networks)
        return failures + endMoves(of: networks, besides: failures)
    }

    private func putBack(_ networks: [NetworkDefinition]) -> [(name: Name?, failure: OperationError)] {
        // Oldest first: the order in which the rules of all were made.
        drivers.restore(networks.sorted { $0.created < $1.created }, members: networkMembers(), isStale: isStale)
    }

    /// - Parameter failures: of putting them back; where that has failed, the old rules may be all that there is.
    private func endMoves(
        of networks: [NetworkDefinition], besides failures: [(name: Name?, failure: OperationError)]
    ) -> [(name: Name?, failure: OperationError)] {
        var unended: [(name: Name?, failure: OperationError)] = []
        for network in networks where !failures.contains(where: { $0.name == nil || $0.name == network.name }) {
            do throws(OperationError) { try endMove(of: network) } catch { unended.append((network.name, error)) }
        }
        return unended
    }
}
