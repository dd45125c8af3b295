import Core
import Linux
import Netlink

extension BridgeDriver {
    package func diagnose(
        _ networks: [NetworkDefinition], _ containers: [TracedContainer]
    ) throws(OperationError) -> [ContainerID: [NetworkObstacle]] {
        var host = HostReading(containers)
        var found: [ContainerID: [NetworkObstacle]] = [:]
        for network in networks { found[network.id] = try diagnose(network, on: &host) }
        return found
    }

    private func diagnose(
        _ network: NetworkDefinition, on host: inout HostReading
    ) throws(OperationError) -> [NetworkObstacle] {
        let links = try host.links()
        guard let bridge = links.link(named: network.device) else { return [] }
        guard network.owns(bridge) else { return [Self.foreignBridge(of: network)] }
        // Its maker was killed half way.
        guard bridge.alias == network.alias else { return [] }
        let policies = ForwardPolicy.obstacles(to: network, &host)
        // A chain that drops by its policy is found by both.
        let rules = try policies.isEmpty ? RuleObstacles.find(to: network, &host) : []
        var found = LinkObstacles.find(to: network, host.members(of: network), links) + policies + rules
        found += try IsolationObstacles.find(to: network, &host)
        found += InputObstacles.find(to: network, &host)
        return try found + ways(of: network, on: bridge, &host)
    }

    /// What has become of the ways that lead to it and to elsewhere.
    private func ways(
        of network: NetworkDefinition, on bridge: LinkInfo, _ host: inout HostReading
    ) throws(OperationError) -> [NetworkObstacle] {
        var routes: [RouteInfo] = []
        for subnet in network.gateways.map(\.network) {
            routes += try host.routes(of: subnet.family).overlapping(subnet)
        }
        let (links, way) = (try host.links().names, try host.wayOut())
        return RouteObstacles.find(to: network, routes, bridge: bridge.index, links: links)
            + ForwardingObstacles.find(
                to: network, way.routes, way.links, isRouting: HostRouting.families.contains(.ipv4))
            + SizeObstacles.find(to: network, bridge: bridge.mtu, outside: way.mtu)
    }

    private static func foreignBridge(of network: NetworkDefinition) -> NetworkObstacle {
        NetworkObstacle(
            .foreign, "the interface \"\(network.device)\"",
            "is not \(Program.current.name)'s, and has the name of the network's bridge", remedy: network.foreignRemedy)
    }
}
