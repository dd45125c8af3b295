import Core
import Linux
import Netlink

/// Networks on a bridge of this host that is somebody else's (`-o mode=unmanaged`): it is there before, and neither it nor its addresses
/// are ever changed or removed. Members get links on it and addresses; what they reach by it is up to whoever has made it. Nothing is
/// translated, published or filtered but what a member may send as its own.
package struct UnmanagedBridgeDriver: BesideHostDriver, Sendable {
    package init() {}

    // MARK: A network

    package func create(_ network: NetworkDefinition) throws(OperationError) {
        var netlink = try RouteSocket()
        _ = try bridge(network.device, &netlink)
    }

    package func delete(_ network: NetworkDefinition) throws(OperationError) {}

    package func obstacles(to network: NetworkDefinition) -> [NetworkObstacle] {
        guard var netlink = try? RouteSocket() else { return [] }
        let link = (try? netlink.link(.named(network.device))) ?? nil
        return obstacles(link?.kind == "bridge" ? link : nil, "the bridge", called: network.device)
    }

    package func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        var netlink = try RouteSocket()
        var deviants: [NetworkDefinition] = []
        for network in networks where try netlink.link(.named(network.device))?.kind != "bridge" {
            deviants.append(network)
        }
        return deviants
    }

    /// Members' links are put back on the bridge; of one that is gone that is said.
    package func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (_ shortID: String) -> Bool
    ) -> [(name: Name?, failure: OperationError)] {
        networks.compactMap { network in
            do throws(OperationError) {
                try create(network)
                var netlink = try RouteSocket()
                for difference in try differences(of: network, members, &netlink) {
                    try netlink.putLinkRight(difference.remedy)
                }
                return nil
            } catch {
                return (network.name, error)
            }
        }
    }

    /// What members lack of their links, on bridges that are there. A reader.
    package func differences(
        of networks: [NetworkDefinition], _ members: [NetworkMember]
    ) throws(OperationError) -> [BridgeDifference] {
        var netlink = try RouteSocket()
        var all: [BridgeDifference] = []
        for network in networks { all += try differences(of: network, members, &netlink) }
        return all
    }

    private func differences(
        of network: NetworkDefinition, _ members: [NetworkMember], _ netlink: inout RouteSocket
    ) throws(OperationError) -> [BridgeDifference] {
        guard let bridge = try netlink.link(.named(network.device)), bridge.kind == "bridge" else { return [] }
        var observed = ObservedBridges()
        let own = members.filter { $0.endpoint.networkID == network.id }
        observed.links = try netlink.observe(own, on: bridge)
        return WantedBridges.Network(definition: network, members: own, isNeeded: true)
            .memberDifferences(on: bridge, observed)
    }

    package func commands(
        for plan: NetworkPlan, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        var netlink = try RouteSocket()
        for network in plan.networks { _ = try bridge(network.device, &netlink) }
        var commands: [ShellCommand] = []
        for member in plan.endpoints {
            commands += member.commandsOfVeth(mtu: try bridge(member.endpoint.bridge, &netlink).mtu)
        }
        return commands
    }

    /// The addresses of a bridge in their subnets, but for those that are of its link alone and those that stand alone.
    package func places(of device: String) throws(OperationError) -> [Subnet] {
        var netlink = try RouteSocket()
        let index = try bridge(device, &netlink).index
        let places = try netlink.addresses(of: Set(AddressFamily.allCases), on: index).map(\.address)
        return places.filter { place in
            let isOfLink = place.address.isLinkLocal || place.address.isMappedOrOfLink
            return !isOfLink && place.prefixLength < place.family.bits - 1
        }
    }

    private func bridge(_ device: String, _ netlink: inout RouteSocket) throws(OperationError) -> LinkInfo {
        guard let link = try netlink.link(.named(device)) else {
            throw OperationError(
                "bridge", device, reason: "this host has none of that name",
                remedy: "make it, or leave mode=unmanaged away", kind: .notFound)
        }
        guard link.kind == "bridge" else {
            throw OperationError("bridge", device, reason: "the interface of that name is no bridge", kind: .invalid)
        }
        guard !link.isOwnBridge else {
            throw OperationError(
                "bridge", device, reason: "it is another network's, and goes with that", kind: .conflict)
        }
        return link
    }

    // MARK: An endpoint

    package func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        leading families: Set<AddressFamily>, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> Endpoint {
        var endpoint = endpoint
        var host = try RouteSocket()
        let bridge = try bridge(endpoint.bridge, &host)
        endpoint.mtu = bridge.mtu
        let veth = try host.createVeth(of: &endpoint, on: bridge, in: namespace.descriptor, &inside)
        if endpoint.address6 != nil { try InterfaceSettings.admitIPv6(to: endpoint.interface, in: namespace) }
        try host.guardPort(endpoint.port(veth.index))
        try inside.configureContainer(endpoint.inside(veth.peerIndex, leading: families))
        try inside.settle([veth.peerIndex])
        if bridge.isUp { try host.settle([veth.index]) }
        return endpoint
    }

    package func routeAll(
        _ families: Set<AddressFamily>, by endpoint: Endpoint, _ inside: inout RouteSocket
    ) throws(OperationError) {
        try inside.routeAll(by: endpoint.inside(nil, leading: families))
    }

    package func detach(_ endpoint: Endpoint) throws(OperationError) {
        var host = try RouteSocket()
        try host.deleteVeth(of: endpoint)
    }

    package func detach(_ endpoint: Endpoint, _ inside: inout RouteSocket) throws(OperationError) {
        try detach(endpoint)
        try inside.deletePeer(of: endpoint)
    }

    package func publishAnew(_ endpoint: Endpoint, isStale: (_ shortID: String) -> Bool) throws(OperationError) {}
    package func disconnect(_ endpoint: Endpoint) throws(OperationError) {}
    package func withdraw(_ endpoint: EndpointID) throws(OperationError) {}
}
