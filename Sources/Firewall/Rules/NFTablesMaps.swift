import Core
import Netlink

/// The maps of our tables of nftables, by which packets leave a chain behind its other rules: of published ports (`PublishingMaps`), and to
/// the chains of networks (`NetworkBranches`).
enum NFTablesMaps {
    /// In the order in which they are asked.
    static func maps(of chain: String) -> [PacketMap] {
        chain == IntentRules.publish ? PublishingMaps.all : NetworkBranches.maps(of: chain)
    }

    static func names(of table: FirewallTable) -> [String] {
        IntentRules.layout(of: table.family).chains.filter { $0.table == table }.flatMap { maps(of: $0.name) }.map(
            \.name)
    }

    /// Nil of a rule that stands as one.
    static func element(_ rule: FirewallRule) -> (map: PacketMap, key: PacketElement.Key)? {
        PublishingMaps.element(rule) ?? NetworkBranches.element(rule)
    }
}
