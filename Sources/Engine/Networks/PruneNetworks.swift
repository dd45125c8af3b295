import Core
import Lifecycle
import Records

extension Engine {
    /// Removes the networks that somebody has made and no container is on.
    package func pruneNetworks(_ selection: PruneSelection) throws(OperationError) -> Listing<PrunedObject> {
        try prepare()
        let found = try networks()
        var pruned = Listing<PrunedObject>(elements: [], failures: found.failures)
        for network in found.elements where !network.isPredefined && !network.isConfigOnly {
            guard selection(network.labels, network.created) else { continue }
            do throws(OperationError) {
                try removeNetwork(network.id.hex)
                pruned.elements.append(PrunedObject(lines: [network.name.text], bytes: 0))
            } catch {
                // It is used, or somebody else has just removed it.
                if error.kind != .conflict, error.kind != .notFound { pruned.failures.append(error) }
            }
        }
        return pruned
    }
}
