import Core
import Netlink

/// Routes that the host has got since a network was made, as by a VPN or from DHCP.
enum RouteObstacles {
    /// - Parameters:
    ///   - bridge: the network's, by its index.
    ///   - links: the names of the host's.
    static func find(
        to network: NetworkDefinition, _ routes: [RouteInfo], bridge: Int32, links: [Int32: String]
    ) -> [NetworkObstacle] {
        routes.compactMap { route in
            guard route.link != bridge, !route.isOfAddresses,
                let subnet = network.gateways.map(\.network).first(where: { route.destination.overlaps($0) }),
                // A default route, and the halves that VPNs have instead of one, say nothing.
                route.destination.prefixLength > 1
            else { return nil }
            let way = route.link.flatMap { links[$0] }.map { " dev \($0)" } ?? ""
            return NetworkObstacle(
                .route, "the route \(route.destination)\(way)", effect(of: route.destination, on: subnet),
                remedy: "make the network anew with another --subnet, or take the route away")
        }
    }

    private static func effect(of destination: Subnet, on subnet: Subnet) -> String {
        if destination.prefixLength > subnet.prefixLength {
            return "takes what is for these addresses of \(subnet) away from its containers"
        }
        if destination.prefixLength == subnet.prefixLength {
            return "is for the same addresses as the network: which way a packet goes is left to chance"
        }
        return "leads to hosts that cannot be reached from here where they have addresses of \(subnet)"
    }
}

/// Packets that are too large for the way out.
enum SizeObstacles {
    /// - Parameters:
    ///   - bridge: bytes.
    ///   - outside: bytes that fit on the way out; nil where there is none.
    static func find(to network: NetworkDefinition, bridge: Int, outside: Int?) -> [NetworkObstacle] {
        guard let outside, bridge > outside, !network.isInternal else { return [] }
        return [
            NetworkObstacle(
                .mtu, "the MTU \(bridge) of \"\(network.device)\"",
                "is more than the \(outside) bytes of the way out: what must not be broken up gets lost there",
                remedy: "make the network anew with -o mtu=\(outside)")
        ]
    }
}

/// The host's way to elsewhere, where it alone sends nothing on: what comes in there for others, such as answers, gets lost. (Of
/// IPv6 the kernel asks whether the host does, and no link.)
enum ForwardingObstacles {
    /// - Parameter isRouting: whether the host sends on what is of IPv4.
    static func find(
        to network: NetworkDefinition, _ routes: [RouteInfo], _ links: [LinkInfo], isRouting: Bool
    ) -> [NetworkObstacle] {
        guard isRouting, network.gateway != nil, !network.isInternal else { return [] }
        let ways = Set(routes.filter { $0.isDefault && $0.destination.address.family == .ipv4 }.compactMap(\.link))
        return links.filter { ways.contains($0.index) && HostRouting.isOff(.ipv4, in: $0.settings) }.map { link in
            let setting = HostRouting.setting(.ipv4, of: link.name)
            return NetworkObstacle(
                .route, "the setting \(setting)=0",
                "loses what comes in by \(link.name) for containers: answers, and what is for published ports",
                remedy: "run: sysctl -w \(setting)=1")
        }
    }
}
