import Core
import Networking

extension Host {
    /// Says what others have that keeps the ports of an endpoint from being reached.
    package func warnOfObstacles(to endpoint: Endpoint, on network: NetworkDefinition) {
        guard endpoint.publishes, let driver = try? drivers.of(network) else { return }
        for obstacle in driver.obstacles(to: network, portsOf: endpoint) { warn(obstacle.warning) }
    }
}

extension ContainerRun {
    /// Once in a run, and not of a network that was made for it: whoever makes one has said so.
    func warnOfObstacles() {
        if isRepeated { return }
        for endpoint in state.endpoints {
            guard let network = plan.networks.first(where: { $0.id == endpoint.networkID }),
                plan.isExisting || network.created < definition.created
            else { continue }
            host.warnOfObstacles(to: endpoint, on: network)
        }
    }
}
