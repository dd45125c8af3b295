import Core
import Netlink

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
        _ networks: [NetworkDefinition], _ containers: [TracedContainer]
    ) throws(OperationError) -> [ContainerID: [NetworkObstacle]] {
        Dictionary(networks.map { ($0.id, obstacles(to: $0)) }) { first, _ in first }
    }

    /// About the link that members are on.
    /// - Parameters:
    ///   - link: nil: it is not there.
    ///   - what: that it is.
    func obstacles(_ link: LinkInfo?, _ what: String, called device: String) -> [NetworkObstacle] {
        let what = "\(what) \(JSON.quoted(device))"
        guard let link else {
            return [NetworkObstacle(.foreign, what, "is not there", remedy: "make it, or remove the network")]
        }
        if link.isUp { return [] }
        return [
            NetworkObstacle(
                .foreign, what, "is down: nothing is sent by it", remedy: "bring it up: ip link set \(device) up")
        ]
    }
}
