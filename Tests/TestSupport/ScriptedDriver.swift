import Core
import Linux
import Netlink
import Networking

/// A network driver that does nothing but remember, and fails where it is told to.
package final class ScriptedDriver: NetworkDriver, @unchecked Sendable {
    /// What it was asked, in order: `disconnect 0123456789ab`.
    package private(set) var calls: [String] = []
    /// Calls that begin so fail.
    package var failing: String?
    /// Where users have rules of their own.
    package var userRules: Set<FirewallBackend> = []
    /// The networks that it finds something missing of.
    package var deviating: Set<Name> = []
    /// Is asked in the middle of each call.
    package var meanwhile: (String) -> Void = { _ in }

    package var isBesideHost: Bool { false }

    private func note(_ call: String) throws(OperationError) {
        calls.append(call)
        meanwhile(call)
        if let failing, call.hasPrefix(failing) { throw OperationError(call, reason: "it was told to fail") }
    }

    /// Of most the usual one.
    private static func place(_ endpoint: Endpoint) -> String {
        endpoint.firewall == .iptables ? "" : " on \(endpoint.firewall.rawValue)"
    }

    package init() {}

    package func create(_ network: NetworkDefinition) throws(OperationError) { try note("create \(network.name)") }
    package func delete(_ network: NetworkDefinition) throws(OperationError) { try note("delete \(network.name)") }
    package func adopt(_ network: NetworkDefinition) throws(OperationError) -> [String] {
        try note("adopt \(network.name)")
        return []
    }
    package func ports(of network: NetworkDefinition) throws(OperationError) -> [String] { [] }
    package func obstacles(to network: NetworkDefinition) -> [NetworkObstacle] { [] }
    package func diagnose(
        _ networks: [NetworkDefinition], _ containers: [TracedContainer]
    ) throws(OperationError) -> [ContainerID: [NetworkObstacle]] { [:] }
    package func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        try note("deviants \(networks.map(\.name.text).sorted().joined(separator: " "))")
        return networks.filter { deviating.contains($0.name) }
    }
    package func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (String) -> Bool
    ) -> [(name: Name?, failure: OperationError)] {
        do throws(OperationError) {
            for network in networks { try note("restore \(network.name) on \(network.firewall.rawValue)") }
            return []
        } catch {
            return [(nil, error)]
        }
    }
    package func hasUserRules(
        in firewall: FirewallBackend, of network: NetworkDefinition
    ) throws(OperationError) -> Bool { userRules.contains(firewall) }
    package func leave(
        _ firewall: FirewallBackend, _ network: NetworkDefinition?, _ endpoints: [EndpointID]
    ) throws(OperationError) {
        try note("leave \(firewall.rawValue) \(network?.name.text ?? "-") \(endpoints.count)")
    }
    package func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        leading families: Set<AddressFamily>, isStale: (String) -> Bool
    ) throws(OperationError) -> Endpoint {
        try note("connect \(endpoint.network)")
        return endpoint
    }
    package func routeAll(
        _ families: Set<AddressFamily>, by endpoint: Endpoint, _ inside: inout RouteSocket
    ) throws(OperationError) {
        try note("route by \(endpoint.network)")
    }
    package func publishAnew(_ endpoint: Endpoint, isStale: (String) -> Bool) throws(OperationError) {
        try note("publish \(endpoint.network)" + Self.place(endpoint))
    }
    package func detach(_ endpoint: Endpoint) throws(OperationError) { try note("detach \(endpoint.network)") }
    package func disconnect(_ endpoint: Endpoint) throws(OperationError) {
        try note("disconnect \(endpoint.network)" + Self.place(endpoint))
    }
    package func withdraw(_ endpoint: EndpointID) throws(OperationError) { try note("withdraw") }
    package func commands(
        for plan: NetworkPlan, isStale: (String) -> Bool
    ) throws(OperationError) -> [ShellCommand] { [] }
}
