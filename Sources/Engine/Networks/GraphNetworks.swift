import Core
import Lifecycle
import Records

extension Engine {
    /// Networks with the containers that are on them now.
    /// - Parameter names: none for all networks.
    package func networkGraph(_ names: [String]) throws(OperationError) -> (
        graph: NetworkGraph, failures: [OperationError]
    ) {
        let listing = try names.isEmpty ? networks() : networks(called: names)
        let guests = guests()
        var networks: [NetworkGraph.Network] = []
        for network in listing.elements {
            var places: [NetworkGraph.Place] = []
            for (id, endpoint) in try host.members(of: network) where host.isSupervised(id) {
                let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
                places.append(NetworkGraph.Place(container: name, endpoint))
                var shared = endpoint
                shared.ports = []
                places += guests.filter { $0.owner == id }.map { NetworkGraph.Place(container: $0.name, shared) }
            }
            networks.append(NetworkGraph.Network(network, places))
        }
        return (NetworkGraph(host: hostName(), networks), listing.failures)
    }

    /// Containers that run in the network namespace of another one.
    private func guests() -> [(name: String, owner: ContainerID)] {
        ((try? containerStore.runtimeIDs()) ?? []).compactMap { id -> (name: String, owner: ContainerID)? in
            guard let definition = (try? containerStore.definition(id)) ?? nil,
                case .container = definition.networkMode, host.isSupervised(id),
                let owner = try? networkOwner(of: id)
            else { return nil }
            return (name: definition.name.text, owner: owner)
        }
    }
}
