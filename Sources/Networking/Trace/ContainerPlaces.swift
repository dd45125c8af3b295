import Core

/// Where containers are, by their addresses.
struct ContainerPlaces: Sendable {
    typealias Place = (container: TracedContainer, endpoint: Endpoint)

    private var places: [IPAddress: Place] = [:]
    /// Bridges that they are on.
    private(set) var bridges: Set<String> = []

    init(_ containers: [TracedContainer]) {
        for container in containers {
            for endpoint in container.endpoints {
                bridges.insert(endpoint.bridge)
                for address in endpoint.addresses where places[address] == nil {
                    places[address] = (container, endpoint)
                }
            }
        }
    }

    func place(of address: IPAddress) -> Place? { places[address] }
}
