import Core

/// The drivers that networks may have, by their names.
package struct NetworkDrivers: Sendable {
    private let drivers: [String: any NetworkDriver]

    package static let standard = NetworkDrivers([
        BridgeDriver.name: BridgeDriver(), "macvlan": MacvlanDriver("macvlan"), "ipvlan": MacvlanDriver("ipvlan"),
    ])

    package init(_ drivers: [String: any NetworkDriver]) { self.drivers = drivers }

    package var all: [any NetworkDriver] { names.compactMap { drivers[$0] } }
    private var names: [String] { drivers.keys.sorted() }

    /// - Parameter mode: `NetworkOptions.mode`.
    /// - Throws: for a name that is none, as in a record of another version.
    package func named(_ name: String, mode: String?) throws(OperationError) -> any NetworkDriver {
        if name == BridgeDriver.name, mode == NetworkOptions.unmanaged { return UnmanagedBridgeDriver() }
        if let driver = drivers[name] { return driver }
        if name == ConfigurationDriver.name { return ConfigurationDriver() }
        throw OperationError(
            "unknown network driver \"\(name)\" (have: \(names.joined(separator: ", ")))", kind: .unsupported)
    }

    package func of(_ network: NetworkDefinition) throws(OperationError) -> any NetworkDriver {
        try named(network.driver, mode: network.options.mode)
    }
    package func of(_ endpoint: Endpoint) throws(OperationError) -> any NetworkDriver {
        try named(endpoint.driver, mode: endpoint.mode)
    }

    /// Those of `networks` of which something is missing on the host.
    package func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        var deviants: [NetworkDefinition] = []
        for networks in byDriver(networks) { deviants += try of(networks[0]).deviants(among: networks) }
        return deviants
    }

    /// What `NetworkDriver.diagnose` finds, with those of every driver.
    package func diagnose(
        _ networks: [NetworkDefinition], _ containers: [TracedContainer]
    ) throws(OperationError) -> [ContainerID: [NetworkObstacle]] {
        var found: [ContainerID: [NetworkObstacle]] = [:]
        for networks in byDriver(networks) {
            found.merge(try of(networks[0]).diagnose(networks, containers)) { first, _ in first }
        }
        return found
    }

    /// What `NetworkDriver.restore` does, with those of every driver.
    package func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (_ shortID: String) -> Bool
    ) -> [(name: Name?, failure: OperationError)] {
        var failures: [(name: Name?, failure: OperationError)] = []
        for networks in byDriver(networks) {
            do throws(OperationError) {
                let ids = Set(networks.map(\.id))
                let members = members.filter { ids.contains($0.endpoint.networkID) }
                failures += try of(networks[0]).restore(networks, members: members, isStale: isStale)
            } catch {
                for network in networks { failures.append((network.name, error)) }
            }
        }
        return failures
    }

    /// What `NetworkDriver.commands` gives, of every driver.
    package func commands(
        for plan: NetworkPlan, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        var commands: [ShellCommand] = []
        for networks in byDriver(plan.networks + plan.endpoints.map(\.network)) {
            let part = plan.of { Kind($0) == Kind(networks[0]) }
            commands += try of(networks[0]).commands(for: part, isStale: isStale)
        }
        return commands
    }

    /// In the order of the first network of each.
    private func byDriver(_ networks: [NetworkDefinition]) -> [[NetworkDefinition]] {
        var groups: [[NetworkDefinition]] = []
        for network in networks {
            if let index = groups.firstIndex(where: { Kind($0[0]) == Kind(network) }) {
                groups[index].append(network)
            } else {
                groups.append([network])
            }
        }
        return groups
    }
}

/// By which a driver is chosen.
private struct Kind: Equatable {
    let driver: String
    let isUnmanaged: Bool

    init(_ network: NetworkDefinition) { (driver, isUnmanaged) = (network.driver, network.options.isUnmanaged) }
}
