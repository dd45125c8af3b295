import Core

/// One whose networks are beside this host: nothing of the host's is in their way.
package protocol BesideHostDriver: NetworkDriver {}

extension BesideHostDriver {
    package var isBesideHost: Bool { true }

    package func adopt(_ network: NetworkDefinition) throws(OperationError) -> [String] {
        throw OperationError(
            "adopt network \(network.name)", reason: "no other program makes networks of driver \(network.driver)",
            kind: .unsupported)
    }
    package func leave(
        _ firewall: FirewallBackend, _ network: NetworkDefinition?, _ endpoints: [EndpointID]
    ) throws(OperationError) {}
    package func hasUserRules(
        in firewall: FirewallBackend, of network: NetworkDefinition
    ) throws(OperationError) -> Bool { false }
    package func ports(of network: NetworkDefinition) throws(OperationError) -> [String] { [] }

    package func diagnose(
        _ network: NetworkDefinition, _ containers: [TracedContainer]
    ) throws(OperationError) -> [NetworkObstacle] { obstacles(to: network) }
}
