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
        var networks: [NetworkGraph.Network] = []
        for network in listing.elements {
            var places: [NetworkGraph.Place] = []
            for (id, endpoint) in try host.members(of: network) where host.isSupervised(id) {
                let name = ((try? containerStore.definition(id)) ?? nil)?.name.text ?? id.short
                places.append(NetworkGraph.Place(container: name, endpoint))
            }
            networks.append(NetworkGraph.Network(network, places))
        }
        return (NetworkGraph(host: hostName(), networks), listing.failures)
    }
}
