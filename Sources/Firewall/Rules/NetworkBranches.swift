import Core
import Netlink

/// How the rules of networks stand in a table of nftables. A packet asks a map for the network that it goes to or comes from, and meets
/// the rules of that one alone, however many networks there are.
///
/// A rule that one interface or subnet decides is an element of a map itself (`-i bd0 -j ACCEPT`); all others of a network are in
/// chains of its own (`MYDOCKER-FORWARD-bd0`), to which an element leads. The legacy tables have no maps: there all stand in one list.
enum NetworkBranches {
    /// By which packets leave a chain for the branches, behind its other rules.
    static func maps(of chain: String) -> [VerdictMap] {
        (keys[chain] ?? []).map { VerdictMap(chain + suffix($0), $0) }
    }

    /// Of each chain that has any, in the order in which they are asked.
    private static let keys: [String: [VerdictMap.Key]] = [
        IntentRules.isolate: [.output, .input], IntentRules.forward: [.output], IntentRules.egress: [.input],
        IntentRules.input: [.input], IntentRules.postrouting: [.output, .source],
    ]

    private static func suffix(_ key: VerdictMap.Key) -> String {
        switch key {
        case .input: "-iifname"
        case .output: "-oifname"
        case .source: "-saddr"
        }
    }

    /// Those of a table that have maps.
    static func chains(of table: FirewallTable) -> [String] {
        IntentRules.layout(of: table.family).chains.filter { $0.table == table && keys[$0.name] != nil }.map(\.name)
    }

    /// The chains of a network's own; none of an endpoint.
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] {
        guard case .network(let bridge) = owner else { return [] }
        return chains(of: table).map { branch(of: $0, bridge) }
    }

    private static func branch(of chain: String, _ bridge: String) -> String {
        "\(chain)-\(NFTablesName.written(bridge))"
    }

    // MARK: Arrangement

    private struct Group: Hashable {
        let table: FirewallTable
        let chain: String
        let key: VerdictMap.Key
        let bridge: String
    }

    /// The same rules where they stand, with those that lead to them.
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] {
        var groups: [Group: [FirewallRule]] = [:]
        var arranged: [FirewallRule] = []
        for rule in rules {
            if let group = group(of: rule) { groups[group, default: []].append(rule) } else { arranged.append(rule) }
        }
        for chain in IntentRules.layout(of: .ipv4).chains.map(\.name) {
            for key in keys[chain] ?? [] {
                for group in groups.keys.filter({ $0.chain == chain && $0.key == key }).sorted(by: precedes) {
                    arranged += branched(groups[group] ?? [], of: group)
                }
            }
        }
        return arranged
    }

    private static func precedes(_ left: Group, _ right: Group) -> Bool {
        (left.table.description, left.bridge) < (right.table.description, right.bridge)
    }

    private static func branched(_ rules: [FirewallRule], of group: Group) -> [FirewallRule] {
        if let rule = rules.first, rules.count == 1, rule.isDecided(by: group.key) { return rules }
        let branch = branch(of: group.chain, group.bridge)
        return [jump(to: branch, for: rules[0], group)] + rules.map { $0.standing(in: branch) }
    }

    /// Its network is known by the interface also where the source decides.
    private static func jump(to branch: String, for rule: FirewallRule, _ group: Group) -> FirewallRule {
        switch group.key {
        case .output: FirewallRule(group.table, group.chain, output: rule.output, target: .jump(branch))
        case .input: FirewallRule(group.table, group.chain, input: rule.input, target: .jump(branch))
        case .source:
            FirewallRule(
                group.table, group.chain, source: rule.source, output: .not(group.bridge), target: .jump(branch))
        }
    }

    private static func group(of rule: FirewallRule) -> Group? {
        guard case .network(let bridge)? = rule.owner, let key = key(of: rule) else { return nil }
        return Group(table: rule.table, chain: rule.chain, key: key, bridge: bridge)
    }

    private static func key(of rule: FirewallRule) -> VerdictMap.Key? {
        let keys = keys[rule.chain] ?? []
        return keys.first { rule.elementKey($0) != nil }
    }

    // MARK: Elements

    /// Nil of a rule that stands as one. What such a one asks besides, the rules of the branch ask again.
    static func element(_ rule: FirewallRule) -> (map: VerdictMap, key: VerdictElement.Key)? {
        guard rule.comment == nil else { return nil }
        for map in maps(of: rule.chain) {
            guard let key = rule.elementKey(map.key) else { continue }
            if case .jump = rule.target { return (map, key) }
            return rule.isDecided(by: map.key) ? (map, key) : nil
        }
        return nil
    }
}

extension FirewallRule {
    fileprivate func elementKey(_ key: VerdictMap.Key) -> VerdictElement.Key? {
        switch key {
        case .input: input.flatMap { $0.isNegated ? nil : .interface($0.value) }
        case .output: output.flatMap { $0.isNegated ? nil : .interface($0.value) }
        case .source: source.flatMap { $0.isNegated ? nil : .subnet($0.value) }
        }
    }

    /// Whether it is a verdict, and asks for nothing else.
    fileprivate func isDecided(by key: VerdictMap.Key) -> Bool {
        switch target {
        case .accept, .drop, .return:
            self
                == FirewallRule(
                    table, chain, source: key == .source ? source : nil, input: key == .input ? input : nil,
                    output: key == .output ? output : nil, target: target)
        case .jump, .masquerade, .snat, .dnat: false
        }
    }
}

/// Names of chains, as nft(8) reads them: letters, digits, "_", "." and "-".
enum NFTablesName {
    /// Names of interfaces may have other bytes, but no "/", which nft takes: a byte is written as that and two digits.
    static func written(_ interface: String) -> String {
        interface.utf8.map { byte in
            let isPlain = byte.isASCIILetter || byte.isDigit || "_.-".utf8.contains(byte)
            return isPlain ? String(UnicodeScalar(byte)) : "/" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
    }
}
