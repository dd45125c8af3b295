import Core
import Netlink

/// How the rules of networks stand in a table of nftables. A packet asks a map for the network that it goes to or comes from, and meets
/// the rules of that one alone, however many networks there are.
///
/// A rule that one interface or subnet decides is an element of a map itself (`-i bd0 -j ACCEPT`); all others of a network are in
/// chains of its own (`MYDOCKER-TO-bd0`), to which an element leads. The legacy tables have no maps: there all stand in one list.
enum NetworkBranches {
    /// What of a packet says which network it is about, as maps are called by it.
    fileprivate enum Key: String {
        case input = "iifname"
        case output = "oifname"
        case source = "saddr"

        var ofPackets: PacketMap.Key {
            switch self {
            case .input: .input
            case .output: .output
            case .source: .source
            }
        }
    }

    private struct Trunk {
        let branchPrefix: String
        let keys: [Key]
    }

    /// The chains that have maps, which are asked in this order. A branch's name has 31 bytes at most, with any name of a bridge
    /// (CIPTABLES_CHAIN).
    private static let trunks: [String: Trunk] = [
        IntentRules.isolate: Trunk(branchPrefix: "MYDOCKER-APART-", keys: [.output, .input]),
        IntentRules.forward: Trunk(branchPrefix: "MYDOCKER-TO-", keys: [.output]),
        IntentRules.egress: Trunk(branchPrefix: "MYDOCKER-FROM-", keys: [.input]),
        IntentRules.input: Trunk(branchPrefix: "MYDOCKER-HOST-", keys: [.input]),
        IntentRules.postrouting: Trunk(branchPrefix: "MYDOCKER-NAT-", keys: [.output, .source]),
    ]

    /// By which packets leave a chain for the branches, behind its other rules.
    static func maps(of chain: String) -> [PacketMap] { (trunks[chain]?.keys ?? []).map { map($0, of: chain) } }

    private static func map(_ key: Key, of chain: String) -> PacketMap {
        PacketMap("\(chain)-\(key.rawValue)", key.ofPackets)
    }

    /// Those of a table that have maps.
    static func chains(of table: FirewallTable) -> [String] {
        IntentRules.layout(of: table.family).chains.filter { $0.table == table && trunks[$0.name] != nil }.map(\.name)
    }

    /// The chains of a network's own; none of an endpoint.
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] {
        guard case .network(let bridge) = owner else { return [] }
        return chains(of: table).compactMap { branch(of: $0, bridge) }
    }

    static func isBranch(_ chain: String) -> Bool { trunks.values.contains { chain.hasPrefix($0.branchPrefix) } }

    private static func branch(of chain: String, _ bridge: String) -> String? {
        trunks[chain].map { $0.branchPrefix + NFTablesName.written(bridge) }
    }

    // MARK: Arrangement

    private struct Group: Hashable {
        let table: FirewallTable
        let chain: String
        let key: Key
        let bridge: String
    }

    /// The same rules where they stand, with those that lead to them.
    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] {
        var groups: [Group: [FirewallRule]] = [:]
        var order: [Group] = []
        var arranged: [FirewallRule] = []
        for rule in rules {
            guard let group = group(of: rule) else {
                arranged.append(rule)
                continue
            }
            if groups[group] == nil { order.append(group) }
            groups[group, default: []].append(rule)
        }
        // Within a chain as its maps are asked.
        for place in 0..<2 {
            for group in order where trunks[group.chain]?.keys.firstIndex(of: group.key) == place {
                arranged += branched(groups[group] ?? [], of: group)
            }
        }
        return arranged
    }

    private static func branched(_ rules: [FirewallRule], of group: Group) -> [FirewallRule] {
        if let rule = rules.first, rules.count == 1, rule.isDecided(by: group.key) { return rules }
        guard let branch = branch(of: group.chain, group.bridge) else { return rules }
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

    private static func key(of rule: FirewallRule) -> Key? {
        trunks[rule.chain]?.keys.first { rule.elementKey($0) != nil }
    }

    // MARK: Elements

    /// Nil of a rule that stands as one. What such a one asks besides, the rules of the branch ask again.
    static func element(_ rule: FirewallRule) -> (map: PacketMap, key: PacketElement.Key)? {
        guard rule.comment == nil else { return nil }
        for key in trunks[rule.chain]?.keys ?? [] {
            guard let element = rule.elementKey(key) else { continue }
            let found = (map: map(key, of: rule.chain), key: element)
            if case .jump = rule.target { return found }
            return rule.isDecided(by: key) ? found : nil
        }
        return nil
    }
}

extension FirewallRule {
    fileprivate func elementKey(_ key: NetworkBranches.Key) -> PacketElement.Key? {
        switch key {
        case .input: input.flatMap { $0.isNegated ? nil : .interface($0.value) }
        case .output: output.flatMap { $0.isNegated ? nil : .interface($0.value) }
        case .source: source.flatMap { $0.isNegated ? nil : .subnet($0.value) }
        }
    }

    /// Whether it is a verdict, and asks for nothing else.
    fileprivate func isDecided(by key: NetworkBranches.Key) -> Bool {
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

/// Parts of names of chains, as nft(8) reads them: letters, digits, "_", ".", "-" and "/".
enum NFTablesName {
    /// Of at most 15 bytes, as the interface's, which has no "/": one with bytes that nft does not take is told by a number.
    static func written(_ interface: String) -> String {
        let isPlain = interface.utf8.allSatisfy { $0.isASCIILetter || $0.isDigit || "_.-".utf8.contains($0) }
        return isPlain ? interface : "/" + String(number(interface) >> 8, radix: 16)
    }

    /// FNV-1a, of 64 bits (RFC 9923).
    private static func number(_ text: String) -> UInt64 {
        text.utf8.reduce(0xcbf2_9ce4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    }
}
