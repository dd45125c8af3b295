import Core
import Linux
import Netlink

/// How networks of one kind are made and joined: two pairs of steps. The second of a pair undoes the first
/// whether that was done whole, in part or not at all.
package protocol NetworkDriver {
    /// Makes what the network needs on the host; what is there already and is right stays.
    func create(_ network: NetworkDefinition) throws(OperationError)
    func delete(_ network: NetworkDefinition) throws(OperationError)
    /// What there is on the host, and is nobody's business but its owner's, that keeps the network from working.
    func obstacles(to network: NetworkDefinition) -> [String]

    /// Gives a container its interface, address, route and published ports.
    /// - Parameters:
    ///   - namespace: the container's.
    ///   - isStale: whether the container with this short id, whose rule publishes the same port, is dead.
    /// - Returns: the endpoint as it is: the host's interface may have got another name.
    func connect(
        _ endpoint: Endpoint, of container: ContainerID, in namespace: consuming NetworkNamespace,
        isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> Endpoint
    /// The interfaces go with the container's network namespace; the rest goes here.
    func disconnect(_ endpoint: Endpoint, of container: ContainerID) throws(OperationError)
    /// `disconnect` when nothing is known of the endpoint.
    func withdraw(_ container: ContainerID) throws(OperationError)
}
