import Core
import Linux
import Netlink

/// What an endpoint is made of on a bridge, as requests.
extension Endpoint {
    /// - Parameters:
    ///   - bridge: its index.
    ///   - mtu: the bridge's.
    func veth(on bridge: Int32, mtu: Int?, in namespace: NetworkNamespaceReference) -> VethRequest {
        var request = VethRequest(
            name: hostInterface, bridge: bridge, mtu: mtu, peerName: interface, peerMAC: mac, peerNamespace: namespace)
        // The bridge keeps its own.
        if mode == NetworkOptions.unmanaged { request.mac = mac.greatest }
        return request
    }

    /// - Parameters:
    ///   - index: of the end inside, where it is known.
    ///   - families: of which what is for elsewhere goes by it.
    ///   - gatewayMAC: the gateway's, where it is known.
    func inside(
        _ index: Int32?, leading families: Set<AddressFamily>, _ gatewayMAC: MACAddress? = nil
    ) -> ContainerNetworkRequest {
        var request = ContainerNetworkRequest(
            interface: interface, index: index, addresses: subnets,
            gateways: gateways.filter { families.contains($0.family) },
            gatewayMAC: isGatewayOfHost ? gatewayMAC : nil)
        request.others = linkLocal
        request.routesByLink = routesByParent
        return request
    }

    /// Returns when neighbours on its network that ask for its address of IPv6 are heard. Nobody asks where the host routes what is
    /// for a member.
    /// - Parameter inside: an rtnetlink socket that was opened in the container's namespace.
    package func settleAddress(_ inside: inout RouteSocket) throws(OperationError) {
        guard let address6, !routesByParent else { return }
        try inside.settle(address6.address, on: interface)
    }

    private var routesByParent: Bool {
        SublinkRequest.Kind(driver: driver, mode: mode)?.routesByParent ?? false
    }

    /// What its port lets in, on this host.
    func port(_ index: Int32) -> PortRequest { port(index, hostHasIPv6: Files.exists("/proc/sys/net/ipv6")) }

    /// - Parameter index: the link's.
    func port(_ index: Int32, hostHasIPv6: Bool) -> PortRequest {
        PortRequest(
            name: hostInterface, index: index, source: source, hairpin: !ports.isEmpty,
            // A link whose packets are too small for it has none (RFC 8200, section 5).
            hostHasIPv6: mtu ?? 1500 >= 1280 && hostHasIPv6)
    }

    private var source: OwnSource {
        OwnSource(
            mac: mac, addresses: (address.map { [$0.address] } ?? []) + linkLocal, address6: address6?.address,
            onlyPeer: (onlyPeer ?? onlyPeer6).map {
                OwnSource.Peer(mac: MACAddress(for: $0), address: onlyPeer, address6: onlyPeer6)
            })
    }
}

extension NetworkDefinition {
    /// That of a link which is the network's.
    var ownMAC: MACAddress { gateways.first.map { MACAddress(for: $0.address) } ?? id.mac }
}

extension RouteSocket {
    /// From inside, where a link could not be made as there is one of its name: is it the program's own?
    mutating func refuseTaken(_ endpoint: Endpoint) throws(OperationError) {
        guard try link(.named(endpoint.interface)) != nil else { return }
        throw OperationError(
            "network \(endpoint.network)",
            reason: "the container has an interface \"\(endpoint.interface)\" of its own",
            remedy: "remove that, or name another one by --driver-opt com.docker.network.endpoint.ifname=NAME",
            kind: .conflict)
    }
}
