import Core
import Firewall
import Netlink

/// Chains that are not ours and drop what is forwarded unless a rule of theirs lets it pass: Docker's on a
/// host whose iptables is that of nftables, or an administrator's own. What our tables accept is dropped there all the same.
enum ForwardPolicy {
    /// What to tell whoever makes `network`, one line for each chain that has no rule about its bridge. Nothing where
    /// nftables cannot be asked.
    static func warnings(for network: NetworkDefinition) -> [String] {
        guard !network.isInternal else { return [] }
        var warnings = legacyWarnings(for: network)
        guard var tables = try? NFTablesSocket(), let chains = try? tables.baseChains() else { return warnings }
        for chain in chains where chain.isForward && chain.drops {
            guard let family = chain.family, (try? tables.mentions(network.device, in: chain)) != true else { continue }
            warnings.append(warning("\(family) \(chain.table) \(chain.name)", network.device))
        }
        return warnings
    }

    /// The rules of a network that has its own in the legacy tables let it pass there.
    private static func legacyWarnings(for network: NetworkDefinition) -> [String] {
        let device = network.device
        guard network.firewall != .iptables, FirewallBackend.legacyTablesDrop(forwardedBy: device) else { return [] }
        return [
            "the legacy iptables chain \"FORWARD\" drops what \"\(device)\" exchanges with the outside; let it pass: "
                + ["-i", "-o"].map { "iptables-legacy -I FORWARD \($0) \(device) -j ACCEPT" }.joined(separator: "; ")
        ]
    }

    /// - Parameter chain: as `nft` calls it.
    static func warning(_ chain: String, _ device: String) -> String {
        let rules =
            chain == "ip filter FORWARD"  // the chain that iptables calls FORWARD
            ? ["-i", "-o"].map { "iptables-nft -I FORWARD \($0) \(device) -j ACCEPT" }
            : ["iifname", "oifname"].map { "nft insert rule \(chain) \($0) \(device) accept" }
        return "the nftables chain \"\(chain)\" drops what \"\(device)\" exchanges with the outside; let it pass: "
            + rules.joined(separator: "; ")
    }
}
