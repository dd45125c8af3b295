import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// Removes every container that does not run.
    /// - Returns: which, with how many bytes each had on disk, and why others are still there.
    package func pruneContainers() throws(OperationError) -> Listing<(id: ContainerID, bytes: Int64)> {
        try prepare()
        let found = try containers(all: true)
        var pruned = Listing<(id: ContainerID, bytes: Int64)>(elements: [], failures: found.failures)
        for container in found.elements where !containerStore.isHeld(container.id) {
            do throws(OperationError) {
                let bytes = Files.diskUsage(below: layout.container(container.id))
                try remove(container.id.hex, force: false)
                pruned.elements.append((container.id, bytes))
            } catch {
                pruned.failures.append(error)
            }
        }
        return pruned
    }
}
