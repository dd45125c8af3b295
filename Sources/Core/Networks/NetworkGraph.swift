/// Who is on which network of a host, and how it is reached: what a drawing shows.
package struct NetworkGraph: Equatable, Sendable {
    /// A container's place on a network.
    package struct Place: Equatable, Sendable {
        package let container: String
        /// Inside.
        package let interface: String
        /// Of each family that it has one of.
        package let addresses: [Subnet]
        package let mac: MACAddress
        package let ports: [PortMapping]

        package init(container: String, _ endpoint: Endpoint) {
            self.container = container
            interface = endpoint.interface
            addresses = endpoint.subnets
            mac = endpoint.mac
            ports = endpoint.ports.sorted()
        }

        /// Those without an address come first.
        fileprivate var order: (IPAddress, String) { (addresses.first?.address ?? .anyIPv4, container) }
    }

    package struct Network: Equatable, Sendable {
        package let definition: NetworkDefinition
        /// By address.
        package let places: [Place]

        package init(_ definition: NetworkDefinition, _ places: [Place]) {
            self.definition = definition
            self.places = places.sorted { $0.order < $1.order }
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
