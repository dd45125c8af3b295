import Core
import Records

extension Engine {
    /// The networks that were defined, by name.
    package func networks() throws(OperationError) -> Listing<NetworkDefinition> {
        let (networks, failures) = try networkStore.all()
        return Listing(elements: networks, failures: failures)
    }

    /// The same, with those that every host has.
    package func allNetworks() throws(OperationError) -> Listing<NetworkDefinition> {
        var listing = try networks()
        let known = Set(listing.elements.map(\.name))
        listing.elements += NetworkDefinition.builtIn.filter { !known.contains($0.name) }
        return listing
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
