import Core
import Netlink

extension BridgeDriver {
    package func diagnose(_ network: NetworkDefinition) throws(OperationError) -> [NetworkObstacle] {
        var netlink = try RouteSocket()
        guard let bridge = try netlink.link(.named(network.device)), bridge.alias == network.alias else { return [] }
        let links = Dictionary(try netlink.links().map { ($0.index, $0.name) }) { first, _ in first }
        let routes = try netlink.routes(of: network.subnet.family)
        return obstacles(to: network)
            + RouteObstacles.find(to: network, routes, bridge: bridge.index, links: links)
            + SizeObstacles.find(to: network, bridge: bridge.mtu, outside: try netlink.defaultRouteMTU())
    }
}
