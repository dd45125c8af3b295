import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// Removes the containers that do not run.
    package func pruneContainers(_ selection: PruneSelection) throws(OperationError) -> Listing<PrunedObject> {
        try prepare()
        let found = try containers(all: true, external: true)
        var pruned = Listing<PrunedObject>(elements: [], failures: found.failures)
        for container in found.elements where !containerStore.isHeld(container.id) {
            guard selection(container.labels, container.created) else { continue }
            do throws(OperationError) {
                let bytes = Files.diskUsage(below: layout.container(container.id))
                try remove(container.id.hex, force: false)
                pruned.elements.append(PrunedObject(lines: [container.id.hex], bytes: bytes))
            } catch {
                pruned.failures.append(error)
            }
        }
        return pruned
    }
}
