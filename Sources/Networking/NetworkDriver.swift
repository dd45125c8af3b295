import Core

/// How networks of one kind are made and joined: two pairs of steps. The second of a pair undoes the first
/// whether that was done whole, in part or not at all.
package protocol NetworkDriver: EndpointDriver {
    /// Whether its networks are beside this host, and not behind it: on a link that may be somebody else's, with addresses that may be
    /// those of this host's own subnets; no port of this host leads there, and no firewall of it is in the way.
    var isBesideHost: Bool { get }

    /// Makes what a network that was defined just now needs on the host. Nobody has anything of it there, but for a device that was made
    /// before.
    func create(_ network: NetworkDefinition) throws(OperationError)
    func delete(_ network: NetworkDefinition) throws(OperationError)
    /// The same as `create` where another program has made the network's device: that becomes ours, and rules of that program go.
    /// - Returns: these rules.
    func adopt(_ network: NetworkDefinition) throws(OperationError) -> [String]
    /// The links that are on the network's device, whoever has made that.
    func ports(of network: NetworkDefinition) throws(OperationError) -> [String]
    /// What there is on the host, and is nobody's business but its owner's, that keeps the network from working.
    func obstacles(to network: NetworkDefinition) -> [NetworkObstacle]
    /// The same to one that is not there yet, once `commands` have been carried out.
    func obstacles(toPlanned network: NetworkDefinition) -> [NetworkObstacle]
    /// The same to what a member publishes, as far as that is known in no time: it is asked whenever a container begins.
    func obstacles(to network: NetworkDefinition, portsOf endpoint: Endpoint) -> [NetworkObstacle]
    /// The same of several, and what has become of the host since they were made: routes, MTUs, rules of others. It takes longer, and
    /// the host is looked at once for all of them.
    /// - Parameter containers: those that run.
    func diagnose(
        _ networks: [NetworkDefinition], _ containers: [TracedContainer]
    ) throws(OperationError) -> [ContainerID: [NetworkObstacle]]

    /// Which of `networks` lack something on the host. A reader.
    func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition]
    /// Puts back whatever is missing of networks and of containers on them, and changes nothing else. Connections go on.
    /// Members that have ended meanwhile get nothing. `isStale` is as in `connect`.
    /// - Returns: the networks that could not be restored, and why; one without a name concerns all.
    func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (_ shortID: String) -> Bool
    ) -> [(name: Name?, failure: OperationError)]

    /// Takes what a network has moved away from a firewall: rules of the network, unless that is nil, and of endpoints on it.
    func leave(
        _ firewall: FirewallBackend, _ network: NetworkDefinition?, _ endpoints: [EndpointID]
    ) throws(OperationError)

    /// Whether a firewall that a network has moved away from has rules that users have put there for themselves: these stay. A reader.
    func hasUserRules(in firewall: FirewallBackend, of network: NetworkDefinition) throws(OperationError) -> Bool

    /// What a person would type to have made what a plan says. A reader.
    /// - Parameter isStale: as in `connect`.
    func commands(
        for plan: NetworkPlan, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> [ShellCommand]
}

extension NetworkDriver {
    package func obstacles(toPlanned network: NetworkDefinition) -> [NetworkObstacle] { obstacles(to: network) }
    package func obstacles(to network: NetworkDefinition, portsOf endpoint: Endpoint) -> [NetworkObstacle] { [] }
}
