import Core
import Networking

extension Host {
    /// The endpoints that a container would get. Nothing is leased; ports are taken and given back at once, which shows whether
    /// they are free.
    package func plannedEndpoints(
        of id: ContainerID, _ wishes: [EndpointWish], on networks: [NetworkDefinition]
    ) throws(OperationError) -> [Endpoint] {
        var endpoints: [Endpoint] = []
        for (wish, network) in zip(networks.settlePorts(of: wishes), networks) {
            let publish = try leadsToPorts(on: network) ? wish.publish : []
            let ports = try reservePorts(publish, on: network, device: "lo").mappings
            let addresses = try nextAddresses(of: network, wish)
            let name = Endpoint.interface(network.options.interfacePrefix, beside: endpoints, wishes)
            var endpoint = Endpoint(
                endpoints.isEmpty ? id : .random(), on: network, wish, at: addresses, interface: name, ports: ports,
                aliases: [])
            endpoint.openPorts = network.openPorts(publish)
            endpoints.append(endpoint)
        }
        return endpoints
    }
}
