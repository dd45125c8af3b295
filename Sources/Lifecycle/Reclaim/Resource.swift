import Containers
import Core
import Linux
import Netlink
import Records

/// A thing that a container has on this host and that goes neither with its last process nor with its supervisor's descriptors. This
/// list of them is the only one: every teardown goes through it, from the last to the first.
enum Resource: Equatable {
    /// An address of its own on a network.
    case lease(Endpoint, of: NetworkDefinition)
    /// Further names on a network.
    case aliases(Endpoint, of: NetworkDefinition)
    case cgroups
    /// The firewall's rules for an endpoint.
    case rules(Endpoint)
    /// The same of the one whose state cannot be read.
    case rulesOfEachDriver

    /// In the order in which a start makes them. An address comes first, so that it is given back when no rule names it any more.
    /// - Parameters:
    ///   - state: nil when it cannot be read.
    ///   - networks: those whose addresses are the container's no longer, once this is taken away.
    static func list(_ state: ContainerState?, on networks: [NetworkDefinition]) -> [Resource] {
        guard let state else { return [.cgroups, .rulesOfEachDriver] }
        let places = state.endpoints.compactMap { endpoint in
            networks.first { $0.id == endpoint.networkID }.map { (endpoint, $0) }
        }
        let named = places.filter { !$0.0.aliases.isEmpty }
        return places.map(Resource.lease) + named.map(Resource.aliases) + [.cgroups]
            + state.endpoints.map(Resource.rules)
    }
}

extension Host {
    /// Undoes what a run made and the kernel does not clear up by itself. It needs nothing but the records,
    /// does no harm when done twice, and goes on past errors. An address whose rules stay stays leased.
    /// - Parameters:
    ///   - state: nil when it cannot be read.
    ///   - networks: those whose addresses are given back.
    func tearDown(
        _ id: ContainerID, _ state: ContainerState?, releasing networks: [NetworkDefinition]
    ) -> [OperationError] {
        var failures: [OperationError] = []
        var named: [EndpointID] = []
        for resource in Resource.list(state, on: networks).reversed() {
            if case .lease(let endpoint, _) = resource, named.contains(endpoint.id) { continue }
            do throws(OperationError) {
                try undo(resource, of: id, state)
            } catch {
                failures.append(error)
                if case .rules(let endpoint) = resource { named.append(endpoint.id) }
            }
        }
        return failures
    }

    private func undo(
        _ resource: Resource, of id: ContainerID, _ state: ContainerState?
    ) throws(OperationError) {
        switch resource {
        case .lease(let endpoint, let network): try release(endpoint.leases, from: network, of: id)
        case .aliases(let endpoint, let network): try withdrawAliases(of: endpoint, id, from: network)
        case .cgroups: try removeCgroups(of: id, state)
        case .rules(let endpoint):
            try withdrawRules(of: endpoint)
            if Files.exists(layout.containerJoined(id)) { try detach(endpoint, of: id) }
        case .rulesOfEachDriver: for driver in drivers.all { try driver.withdraw(id) }
        }
    }
}

// MARK: - A namespace that others keep

extension Host {
    /// Another container has the network namespace, and its links would keep the address. Where nothing of the link is on the host's
    /// side, it is taken away from inside, by way of that container.
    private func detach(_ endpoint: Endpoint, of id: ContainerID) throws(OperationError) {
        let driver = try drivers.of(endpoint)
        guard driver.isBesideHost else { return try driver.detach(endpoint) }
        for other in try containerStore.runtimeIDs() where other != id {
            guard try containerStore.definition(other)?.networkMode == .container(id), let holder = try running(other),
                let pid = holder.state.pid
            else { continue }
            return try NetworkNamespace.visit(of: pid) { () throws(OperationError) in
                var inside = try RouteSocket()
                try driver.detach(endpoint, &inside)
            }
        }
    }
}
