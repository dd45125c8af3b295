import Core
import Linux
import Networking
import Store

extension Engine {
    /// Puts back what somebody has taken from networks and from the containers on them: rules that were flushed,
    /// a bridge that was deleted, a sysctl that was changed. What is right is not touched.
    /// - Parameter names: none for all networks.
    /// - Returns: the names of the networks that are whole now, and why others are not.
    package func reloadNetworks(_ names: [String]) throws(OperationError) -> Listing<String> {
        try prepare()
        return try FileLock.holding(layout.registryLock) { () throws(OperationError) in
            var listing = try names.isEmpty ? networks() : networks(called: names)
            let failures = restore(listing.elements)
            listing.elements.removeAll { network in
                failures.contains { $0.name == nil || $0.name == network.name }
            }
            for obstacle in listing.elements.flatMap(driver.obstacles) { warn(obstacle) }
            return Listing(
                elements: listing.elements.map(\.name.text), failures: listing.failures + failures.map(\.failure))
        }
    }

    private func networks(called names: [String]) throws(OperationError) -> Listing<NetworkDefinition> {
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

    /// Makes sure of a network that a container is about to join, and of those that other containers are on: after
    /// a reboot there is nothing of it but its definition, and somebody may have flushed the rules of all.
    func establish(_ network: NetworkDefinition) throws(OperationError) {
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
    private func usedNetworks(besides own: NetworkDefinition) -> [NetworkDefinition] {
        let names = (try? Files.names(in: layout.runtimeNetworks)) ?? []
        return names.compactMap(Name.init).filter { $0 != own.name }
            .compactMap { (try? networkStore.definition($0)) ?? nil }
    }

    private func isAnyUsed(_ networks: [NetworkDefinition]) -> Bool {
        let ids = Set(networks.map(\.id))
        return bridgeMembers().contains { ids.contains($0.endpoint.networkID) }
    }

    /// The registry's lock must be held, so that no network is removed meanwhile.
    private func restore(_ networks: [NetworkDefinition]) -> [(name: Name?, failure: OperationError)] {
        // Oldest first: the order in which the rules of all were made.
        driver.restore(
            networks.sorted { $0.created < $1.created }, members: bridgeMembers(), isStale: isStale)
    }

    /// The running containers that are on networks, oldest first. One whose record cannot be read is left out.
    func bridgeMembers() -> [BridgeMember] {
        let states = ((try? containerStore.runtimeIDs()) ?? []).compactMap { id in
            ((try? containerStore.state(id)) ?? nil).map { (id: id, state: $0) }
        }
        let running = states.filter { $0.state.status == .running && containerStore.isAlive($0.id) }
        // One without a time, which is of nobody's making, counts as the oldest: an order needs fixed values.
        func start(_ state: ContainerState) -> Timestamp { state.started ?? Timestamp(nanoseconds: 0) }
        return running.sorted { (start($0.state), $0.id) < (start($1.state), $1.id) }
            .compactMap { id, state in
                guard let endpoint = state.endpoint, let pid = state.pid, let startTime = state.pidStartTime else {
                    return nil
                }
                return BridgeMember(
                    id: id, endpoint: endpoint, process: ProcessIdentity(pid: pid, startTime: startTime))
            }
    }
}
