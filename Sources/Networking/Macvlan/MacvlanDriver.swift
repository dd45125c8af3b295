import Core
import Glibc
import Linux
import Netlink

/// Networks beside this host, and not behind it: each member has a link of its own on a link of the host's, the parent, with its
/// own MAC address (macvlan) or the parent's (ipvlan). The host itself does not reach its members by the parent: the kernel
/// keeps them apart. Nothing is translated, published or filtered.
package struct MacvlanDriver: BesideHostDriver, Sendable {
    package let name: String

    package init(_ name: String) { self.name = name }

    // MARK: A network

    package func create(_ network: NetworkDefinition) throws(OperationError) {
        var netlink = try RouteSocket()
        try checkKernel(&netlink)
        try restore(network, &netlink)
    }

    /// A parent that is somebody else's stays.
    package func delete(_ network: NetworkDefinition) throws(OperationError) {
        var netlink = try RouteSocket()
        guard let link = try netlink.link(.named(network.device)), network.ownsParent(link) else { return }
        try link.remove()
    }

    package func obstacles(to network: NetworkDefinition) -> [NetworkObstacle] {
        guard var netlink = try? RouteSocket() else { return [] }
        let link = (try? netlink.link(.named(network.device))) ?? nil
        // One of the network's own is made when it is used.
        if link == nil, network.options.parent == nil { return [] }
        if let link, let objection = Self.objection(to: link, above: (try? ownBridge(below: link, &netlink)) ?? nil) {
            return [
                NetworkObstacle(
                    .foreign, "the parent interface \(JSON.quoted(link.name))",
                    "\(objection): no container gets on this one", remedy: Self.remedy(network.name))
            ]
        }
        return obstacles(link, "the parent interface", called: network.device)
            + unreachableGateways(of: network, on: link, &netlink)
    }

    /// Whom nobody named is the first of the subnet, which the parent may have itself: no member reaches this host by it.
    private func unreachableGateways(
        of network: NetworkDefinition, on link: LinkInfo?, _ netlink: inout RouteSocket
    ) -> [NetworkObstacle] {
        // In l3 modes of ipvlan there is none.
        guard let link, !network.isInternal, !["l3", "l3s"].contains(network.options.mode) else { return [] }
        var obstacles: [NetworkObstacle] = []
        for gateway in network.gateways {
            let held = (try? netlink.addresses(of: gateway.family)) ?? []
            guard held.contains(where: { $0.link == link.index && $0.address.address == gateway.address }) else {
                continue
            }
            obstacles.append(
                NetworkObstacle(
                    .route, "the gateway \(gateway.address)",
                    "is this host's address on \(JSON.quoted(link.name)), which no member reaches: nothing gets elsewhere by it",
                    remedy: "make the network anew with the router's address: --gateway"))
        }
        return obstacles
    }

    package func deviants(among networks: [NetworkDefinition]) throws(OperationError) -> [NetworkDefinition] {
        var netlink = try RouteSocket()
        var deviants: [NetworkDefinition] = []
        for network in networks {
            let link = try netlink.link(.named(network.device))
            if ParentState(of: link, for: network) != .whole { deviants.append(network) }
        }
        return deviants
    }

    package func restore(
        _ networks: [NetworkDefinition], members: [NetworkMember], isStale: (_ shortID: String) -> Bool
    ) -> [(name: Name?, failure: OperationError)] {
        networks.compactMap { network in
            do throws(OperationError) {
                var netlink = try RouteSocket()
                try restore(network, &netlink)
                return nil
            } catch {
                return (network.name, error)
            }
        }
    }

    // MARK: An endpoint

    package func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        leading families: Set<AddressFamily>, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> Endpoint {
        var endpoint = endpoint
        var host = try RouteSocket()
        guard let parent = try host.link(.named(endpoint.bridge)) else {
            throw OperationError(
                "network \(endpoint.network)", reason: "its parent interface \(endpoint.bridge) is gone")
        }
        try check(parent, above: ownBridge(below: parent, &host), for: endpoint)
        endpoint.mtu = min(endpoint.mtu ?? parent.mtu, parent.mtu)
        let request = SublinkRequest(
            name: endpoint.interface, parent: parent.index, kind: try kind(of: endpoint), mac: endpoint.mac,
            mtu: endpoint.mtu, namespace: .descriptor(namespace.descriptor.number))
        do throws(OperationError) {
            try host.createSublink(request)
        } catch {
            if error.errno == EEXIST { try inside.refuseTaken(endpoint) }
            // What has no MAC address can be no parent at all.
            guard error.errno == EINVAL, name == "macvlan", parent.mac != nil else { throw error }
            throw Self.parentIsTaken(endpoint)
        }
        guard let link = try inside.link(.named(endpoint.interface)) else {
            throw OperationError("look up link", endpoint.interface, errno: ENODEV)
        }
        // In some modes it has the parent's, whatever was asked for.
        endpoint.mac = link.mac ?? endpoint.mac
        if endpoint.address6 != nil { try InterfaceSettings.admitIPv6(to: endpoint.interface, in: namespace) }
        try bringUp(endpoint, link.index, &inside)
        try inside.configureContainer(endpoint.inside(link.index, leading: families))
        if parent.isUp { try inside.settle([link.index]) }
        return endpoint
    }

    /// All else that the kernel finds wrong has been looked at before (macvlan_common_newlink).
    static func parentIsTaken(_ endpoint: Endpoint) -> OperationError {
        let isAlone = endpoint.mode == "passthru"
        return OperationError(
            "network \(endpoint.network)",
            reason: isAlone
                ? "mode passthru takes \"\(endpoint.bridge)\" for itself, and another macvlan link is on it"
                : "a macvlan link of mode passthru has \"\(endpoint.bridge)\" for itself",
            remedy: "end the container that has it, or use another parent interface", kind: .conflict)
    }

    /// A container that ends takes its link away. That of one whose supervisor was killed may have the MAC address still: until its
    /// namespace goes, which a packet keeps that waits for its receiver's (three requests, a second each: arp(7)).
    private func bringUp(
        _ endpoint: Endpoint, _ index: Int32, _ inside: inout RouteSocket
    ) throws(OperationError) {
        let end = Deadline(seconds: 5)
        while true {
            do throws(OperationError) {
                return try inside.setUp(.index(index))
            } catch {
                guard error.errno == EADDRINUSE else { throw error }
                guard end.millisecondsLeft > 0 else { throw Self.addressIsTaken(endpoint) }
                try Interruption.check("bring up", endpoint.interface)
                usleep(2000)
            }
        }
    }

    /// The kernel has one link of each MAC address on a parent (macvlan_addr_busy).
    static func addressIsTaken(_ endpoint: Endpoint) -> OperationError {
        OperationError(
            "network \(endpoint.network)",
            reason:
                "\"\(endpoint.bridge)\", or another link on it, has the MAC address \(endpoint.mac) already: it may be that of "
                + "a container whose supervisor was killed, and whose last packets are under way",
            remedy: "try again in a minute, or name another one: --mac-address", kind: .conflict)
    }

    package func routeAll(
        _ families: Set<AddressFamily>, by endpoint: Endpoint, _ inside: inout RouteSocket
    ) throws(OperationError) {
        try inside.routeAll(by: endpoint.inside(nil, leading: families))
    }

    /// There is nothing of it on the host's side.
    package func detach(_ endpoint: Endpoint, _ inside: inout RouteSocket) throws(OperationError) {
        let links = try inside.links()
        var addresses: [AddressInfo] = []
        for family in endpoint.families { addresses += try inside.addresses(of: family) }
        for link in own(endpoint, among: links, addresses) { try inside.deleteLink(.index(link.index)) }
    }

    /// It is known by kind and MAC address, whatever it is called by now. Those of ipvlan all have the parent's MAC address: of them by its
    /// own address, and where the program has taken that away, by its name.
    func own(_ endpoint: Endpoint, among links: [LinkInfo], _ addresses: [AddressInfo]) -> [LinkInfo] {
        let alike = links.filter { $0.kind == name && $0.mac == endpoint.mac }
        guard name == "ipvlan" else { return alike }
        let holders = addresses.filter { endpoint.addresses.contains($0.address.address) }.map(\.link)
        let own = alike.filter { holders.contains($0.index) }
        return own.isEmpty ? alike.filter { $0.name == endpoint.interface } : own
    }

    package func publishAnew(_ endpoint: Endpoint, isStale: (_ shortID: String) -> Bool) throws(OperationError) {}
    package func detach(_ endpoint: Endpoint) throws(OperationError) {}
    package func disconnect(_ endpoint: Endpoint) throws(OperationError) {}
    package func withdraw(_ endpoint: EndpointID) throws(OperationError) {}

    func kind(of endpoint: Endpoint) throws(OperationError) -> SublinkRequest.Kind {
        guard let kind = SublinkRequest.Kind(driver: name, mode: endpoint.mode) else {
            throw OperationError("driver \(name) has no mode \(JSON.quoted(endpoint.mode ?? ""))", kind: .unsupported)
        }
        return kind
    }
}
