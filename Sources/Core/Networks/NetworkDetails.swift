/// One network as `inspect` tells it.
package enum NetworkDetails: Equatable, Sendable {
    /// `host` or `none`: nothing was made for it.
    case predefined(String)
    case defined(NetworkDefinition, users: [NetworkUser])
}

/// A container that is on a network now.
package struct NetworkUser: Equatable, Sendable {
    package let id: ContainerID
    /// Its short id where its record cannot be read.
    package let name: String
    package let endpoint: Endpoint

    package init(id: ContainerID, name: String, endpoint: Endpoint) {
        self.id = id
        self.name = name
        self.endpoint = endpoint
    }
}
