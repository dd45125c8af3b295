import Core
import Linux
import Netlink

/// How networks of one kind are made and joined: two pairs of steps. The second of a pair undoes the first
/// whether that was done whole, in part or not at all.
package protocol NetworkDriver: Sendable {
    /// Makes what the network needs on the host; what is there already and is right stays.
    func create(_ network: NetworkDefinition) throws(OperationError)
    func delete(_ network: NetworkDefinition) throws(OperationError)
    /// The same as `create` where another program has made the network's device: that becomes ours, and rules of that program go.
    /// - Returns: these rules.
    func adopt(_ network: NetworkDefinition) throws(OperationError) -> [String]
    /// The links that are on the network's device, whoever has made that.
    func ports(of network: NetworkDefinition) throws(OperationError) -> [String]
    /// What there is on the host, and is nobody's business but its owner's, that keeps the network from working.
    func obstacles(to network: NetworkDefinition) -> [NetworkObstacle]
    /// The same, and what has become of the host since the network was made: routes, MTUs, rules of others. It takes longer.
    /// - Parameter containers: those that run.
    func diagnose(
        _ network: NetworkDefinition, _ containers: [TracedContainer]
    ) throws(OperationError) -> [NetworkObstacle]

    /// Which of `networks` lack something on the host. A reader.
    func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition]
    /// Puts back whatever is missing of networks and of containers on them, and changes nothing else. Connections go on.
    /// Members that have ended meanwhile get nothing.
    /// - Parameter isStale: as in `connect`.
    /// - Returns: the networks that could not be restored, and why; they do not hinder the others. One without a name
    ///   concerns all.
    func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (_ shortID: String) -> Bool
    ) -> [(name: Name?, failure: OperationError)]

    /// Gives a container its interface, address, route and published ports.
    /// - Parameters:
    ///   - namespace: the container's.
    ///   - inside: an rtnetlink socket that was opened there.
    ///   - isDefaultRoute: whether what is for elsewhere goes by this network.
    ///   - isStale: whether the endpoint with this short id, whose rule publishes the same port, is of a dead container.
    /// - Returns: the endpoint as it is: the host's interface may have got another name.
    func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        isDefaultRoute: Bool,
        isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> Endpoint
    /// Has what is for elsewhere go by this network from now on.
    func routeAll(by endpoint: Endpoint, _ inside: inout RouteSocket) throws(OperationError)
    /// Publishes ports that an endpoint has only just got.
    func publishAnew(_ endpoint: Endpoint, isStale: (_ shortID: String) -> Bool) throws(OperationError)
    /// Takes the interface away from a container that goes on.
    func detach(_ endpoint: Endpoint) throws(OperationError)
    /// The interfaces go with the container's network namespace; the rest goes here.
    func disconnect(_ endpoint: Endpoint) throws(OperationError)
    /// `disconnect` when nothing but its id is known of the endpoint.
    func withdraw(_ endpoint: EndpointID) throws(OperationError)

    /// What a person would type to have made what a plan says. A reader.
    /// - Parameter isStale: as in `connect`.
    func commands(
        for plan: NetworkPlan, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> [ShellCommand]
}
