import Core
import Records

extension Engine {
    /// The networks that were defined, by name.
    package func networks() throws(OperationError) -> Listing<NetworkDefinition> {
        let (networks, failures) = try networkStore.all()
        return Listing(elements: networks, failures: failures)
    }

    /// Those that a container is on now.
    package func usedNetworks() throws(OperationError) -> Set<ContainerID> {
        var used: Set<ContainerID> = []
        for id in try containerStore.runtimeIDs() {
            for endpoint in (try? containerStore.state(id))??.endpoints ?? [] { used.insert(endpoint.networkID) }
        }
        return used
    }
}
