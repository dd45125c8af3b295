import Core
import Linux
import Netlink

extension BridgeDriver {
    package func diagnose(
        _ network: NetworkDefinition, _ containers: [TracedContainer]
    ) throws(OperationError) -> [NetworkObstacle] {
        var netlink = try RouteSocket()
        guard let bridge = try netlink.link(.named(network.device)) else { return [] }
        guard network.owns(bridge) else { return [Self.foreignBridge(of: network)] }
        // Its maker was killed half way.
        guard bridge.alias == network.alias else { return [] }
        let found = try netlink.links()
        let links = Dictionary(found.map { ($0.index, $0.name) }) { first, _ in first }
        let routes = try netlink.routes(of: .ipv4) + (network.gateway6 == nil ? [] : netlink.routes(of: .ipv6))
        let policies = ForwardPolicy.obstacles(to: network)
        // A chain that drops by its policy is found by both.
        let rules = try policies.isEmpty ? RuleObstacles.find(to: network, containers) : []
        let openings = try IsolationObstacles.find(to: network, found, &netlink)
        return try LinkObstacles.find(to: network, containers, found) + policies + rules + openings
            + InputObstacles.find(to: network, containers)
            + RouteObstacles.find(to: network, routes, bridge: bridge.index, links: links)
            + ForwardingObstacles.find(to: network, routes, found, isRouting: HostRouting.families.contains(.ipv4))
            + SizeObstacles.find(to: network, bridge: bridge.mtu, outside: netlink.defaultRouteMTU())
    }

    private static func foreignBridge(of network: NetworkDefinition) -> NetworkObstacle {
        NetworkObstacle(
            .foreign, "the interface \"\(network.device)\"",
            "is not \(Program.current.name)'s, and has the name of the network's bridge", remedy: network.foreignRemedy)
    }
}
