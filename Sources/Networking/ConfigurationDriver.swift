import Core
import Linux
import Netlink

/// Of networks that are there for others to be made like them (`--config-only`): nothing is made, and nobody is on one.
package struct ConfigurationDriver: BesideHostDriver, Sendable {
    /// Docker's.
    package static let name = "null"

    package static let refusal = OperationError(
        "cannot create endpoint on configuration-only network",
        remedy: "make a network with network create --config-from", kind: .invalid)

    package func create(_ network: NetworkDefinition) throws(OperationError) {}
    package func delete(_ network: NetworkDefinition) throws(OperationError) {}
    package func obstacles(to network: NetworkDefinition) -> [NetworkObstacle] { [] }
    package func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] { [] }
    package func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (_ shortID: String) -> Bool
    ) -> [(name: Name?, failure: OperationError)] { [] }

    package func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        leading families: Set<AddressFamily>, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> Endpoint { throw Self.refusal }

    package func commands(
        for plan: NetworkPlan, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> [ShellCommand] { [] }

    package func routeAll(
        _ families: Set<AddressFamily>, by endpoint: Endpoint, _ inside: inout RouteSocket
    ) throws(OperationError) {}
    package func publishAnew(_ endpoint: Endpoint, isStale: (_ shortID: String) -> Bool) throws(OperationError) {}
    package func detach(_ endpoint: Endpoint) throws(OperationError) {}
    package func disconnect(_ endpoint: Endpoint) throws(OperationError) {}
    package func withdraw(_ endpoint: EndpointID) throws(OperationError) {}
}
