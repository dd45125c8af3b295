import Core
import Firewall
import Netlink

/// Chains that are not ours and drop what is forwarded unless a rule of theirs lets it pass: Docker's on a
/// host whose iptables is that of nftables, or an administrator's own. What our tables accept is dropped there all the same.
enum ForwardPolicy {
    /// One for each chain that has no rule about a network's bridge. Nothing where nftables cannot be asked.
    static func obstacles(to network: NetworkDefinition) -> [NetworkObstacle] {
        guard !network.isInternal else { return [] }
        var obstacles = legacyObstacles(to: network)
        guard var tables = try? NFTablesSocket(), let chains = try? tables.baseChains() else { return obstacles }
        for chain in chains where chain.isForward && chain.drops {
            guard let family = chain.family, (try? tables.mentions(network.device, in: chain)) != true else { continue }
            obstacles.append(obstacle("\(family) \(chain.table) \(chain.name)", network.device))
        }
        return obstacles
    }

    /// The rules of a network that has its own in the legacy tables let it pass there.
    private static func legacyObstacles(to network: NetworkDefinition) -> [NetworkObstacle] {
        let device = network.device
        guard network.firewall != .iptables, FirewallBackend.legacyTablesDrop(forwardedBy: device) else { return [] }
        let rules = ["-i", "-o"].map { "iptables-legacy -I FORWARD \($0) \(device) -j ACCEPT" }
        return [obstacle("the legacy iptables chain \"FORWARD\"", device, rules)]
    }

    /// - Parameter chain: as `nft` calls it.
    static func obstacle(_ chain: String, _ device: String) -> NetworkObstacle {
        let rules =
            chain == "ip filter FORWARD"  // the chain that iptables calls FORWARD
            ? ["-i", "-o"].map { "iptables-nft -I FORWARD \($0) \(device) -j ACCEPT" }
            : ["iifname", "oifname"].map { "nft insert rule \(chain) \($0) \(device) accept" }
        return obstacle("the nftables chain \"\(chain)\"", device, rules)
    }

    private static func obstacle(_ chain: String, _ device: String, _ rules: [String]) -> NetworkObstacle {
        NetworkObstacle(
            .foreign, chain, "drops what \"\(device)\" exchanges with the outside",
            remedy: "let it pass: " + rules.joined(separator: "; "))
    }
}
