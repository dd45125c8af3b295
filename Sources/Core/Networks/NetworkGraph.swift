/// Who is on which network of a host, and how it is reached: what a drawing shows.
package struct NetworkGraph: Equatable, Sendable {
    /// A container's place on a network.
    package struct Place: Equatable, Sendable {
        package let container: String
        /// Inside.
        package let interface: String
        package let address: Subnet
        package let mac: MACAddress
        package let ports: [PortMapping]

        package init(container: String, _ endpoint: Endpoint) {
            self.container = container
            interface = endpoint.interface
            address = endpoint.address
            mac = endpoint.mac
            ports = endpoint.ports.sorted()
        }
    }

    package struct Network: Equatable, Sendable {
        package let definition: NetworkDefinition
        /// By address.
        package let places: [Place]

        package init(_ definition: NetworkDefinition, _ places: [Place]) {
            self.definition = definition
            self.places = places.sorted { $0.address.address < $1.address.address }
        }
    }

    /// The host's name.
    package let host: String
    package let networks: [Network]

    package init(host: String, _ networks: [Network]) {
        self.host = host
        self.networks = networks
    }
}
