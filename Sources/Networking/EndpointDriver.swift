import Core
import Linux
import Netlink

/// The pair that is about one container's place on a network.
package protocol EndpointDriver: Sendable {
    /// Gives a container its interface, address, route and published ports.
    /// - Parameters:
    ///   - namespace: the container's.
    ///   - inside: an rtnetlink socket that was opened there.
    ///   - families: of which what is for elsewhere goes by this network.
    ///   - isStale: whether the endpoint with this short id, whose rule publishes the same port, is of a dead container.
    /// - Returns: the endpoint as it is: the host's interface may have got another name.
    func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        leading families: Set<AddressFamily>, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> Endpoint
    /// Has what is for elsewhere, of some families, go by this network from now on.
    func routeAll(
        _ families: Set<AddressFamily>, by endpoint: Endpoint, _ inside: inout RouteSocket
    ) throws(OperationError)
    /// Publishes ports that an endpoint has only just got.
    func publishAnew(_ endpoint: Endpoint, isStale: (_ shortID: String) -> Bool) throws(OperationError)
    /// Takes the interface away from a container that goes on: by the host's end of it, where there is one, or from inside.
    func detach(_ endpoint: Endpoint) throws(OperationError)
    func detach(_ endpoint: Endpoint, _ inside: inout RouteSocket) throws(OperationError)
    /// The interfaces go with the container's network namespace; the rest goes here.
    func disconnect(_ endpoint: Endpoint) throws(OperationError)
    /// The same when nothing but its id is known of the endpoint.
    func withdraw(_ endpoint: EndpointID) throws(OperationError)
}

extension EndpointDriver {
    package func detach(_ endpoint: Endpoint, _ inside: inout RouteSocket) throws(OperationError) {
        try detach(endpoint)
    }
}
