import Core
import Netlink

extension PacketTableScope {
    /// What the owners of a change have, and what leads there.
    init(_ scope: RuleScope, _ table: FirewallTable) {
        var chains = Set(scope.chains.filter { $0.table == table }.map(\.name))
        // An endpoint is told by its comment, and whoever has the same port by his: that is in no key, so these maps are read whole.
        var maps: Set<String> = []
        let ofEndpoints = table.name == "nat" ? IntentRules.publish : IntentRules.forward
        for ownership in scope.ownerships {
            switch ownership.owner {
            case .endpoint:
                chains.insert(ofEndpoints)
                if ofEndpoints == IntentRules.publish { maps = Set(PublishingMaps.all.map(\.name)) }
            case .network:
                chains.formUnion(NetworkBranches.chains(of: table))
                chains.formUnion(NetworkBranches.branches(of: ownership.owner, in: table))
                // Whether it asks its maps is looked at with the other chains.
                if scope.isMended { chains.insert(ofEndpoints) }
            }
        }
        let frame = NFTablesTable.frame(table)
        self.init(
            chains: chains, chainsWithoutRules: frame.subtracting(chains), elements: Self.elements(scope, table),
            maps: maps)
    }

    private static func elements(_ scope: RuleScope, _ table: FirewallTable) -> [String: Set<PacketElement.Key>] {
        var elements: [String: Set<PacketElement.Key>] = [:]
        for ownership in scope.ownerships {
            for rule in NetworkBranches.arranged(ownership.rules) where rule.table == table {
                guard let (map, key) = NetworkBranches.element(rule) else { continue }
                elements[map.name, default: []].insert(key)
            }
            guard case .network(let bridge) = ownership.owner else { continue }
            for map in NetworkBranches.chains(of: table).flatMap(NetworkBranches.maps) where map.key != .source {
                elements[map.name, default: []].insert(.interface(bridge))
            }
        }
        return elements
    }
}
