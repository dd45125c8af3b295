import Core
import Netlink

/// How a firewall's own tool is told to change a table.
protocol RuleSyntax: RuleArrangement {
    /// The chains of a table in which nobody has put anything.
    static func builtInChains(of table: FirewallTable) -> [String]
    /// Makes such a table where it is not there.
    static func making(_ table: FirewallTable) -> [ShellCommand]
    static func adding(_ chain: String, to table: FirewallTable) -> [ShellCommand]
    static func removing(_ chain: String, from table: FirewallTable) -> [ShellCommand]
    /// - Parameters:
    ///   - position: counted from 0; `count` is behind all others.
    ///   - count: of the rules that the chain has.
    static func inserting(_ rule: FirewallRule, at position: Int, of count: Int) throws(OperationError) -> ShellCommand
    /// - Parameter element: nil of a rule that stands in the chain's list.
    static func removing(_ element: FirewallRule?, _ place: RulePlace) throws(OperationError) -> ShellCommand
    /// Whether it is told beside the chain's list.
    static func isElement(_ rule: FirewallRule) -> Bool
}

extension RuleSyntax {
    static func isElement(_ rule: FirewallRule) -> Bool { false }
}

/// Where a rule stands.
struct RulePlace {
    let table: FirewallTable
    let chain: String
    /// From 0.
    let position: Int
    /// Nil where the tool counts.
    let handle: UInt64?
}

/// iptables(8) on the legacy tables.
enum IPTablesSyntax: RuleSyntax {
    static func builtInChains(of table: FirewallTable) -> [String] {
        switch table {
        case .filter, .filter6: ["INPUT", "FORWARD", "OUTPUT"]
        case .nat, .nat6: ["PREROUTING", "INPUT", "OUTPUT", "POSTROUTING"]
        }
    }

    static func making(_ table: FirewallTable) -> [ShellCommand] { [] }

    private static func command(_ table: FirewallTable, _ words: [String]) -> ShellCommand {
        ShellCommand([table.family == .ipv4 ? "iptables-legacy" : "ip6tables-legacy", "-t", table.name] + words)
    }

    static func adding(_ chain: String, to table: FirewallTable) -> [ShellCommand] { [command(table, ["-N", chain])] }
    static func removing(_ chain: String, from table: FirewallTable) -> [ShellCommand] {
        [command(table, ["-X", chain])]
    }

    static func inserting(_ rule: FirewallRule, at position: Int, of count: Int) -> ShellCommand {
        let place = position == count ? ["-A", rule.chain] : ["-I", rule.chain, "\(position + 1)"]
        return command(rule.table, place + rule.words)
    }

    static func removing(_ element: FirewallRule?, _ place: RulePlace) -> ShellCommand {
        command(place.table, ["-D", place.chain, "\(place.position + 1)"])
    }
}

/// nft(8). What it is told is one word of sh(1).
enum NFTablesSyntax: RuleSyntax {
    static func builtInChains(of table: FirewallTable) -> [String] { NFTablesTable.hooks(table).map(\.chain) }

    static func name(_ table: FirewallTable) -> String {
        "\(table.family == .ipv4 ? "ip" : "ip6") \(NFTablesTable.subject(table))"
    }

    static func making(_ table: FirewallTable) -> [ShellCommand] {
        [ShellCommand("nft", "add table \(name(table))")]
            + NFTablesTable.hooks(table).map { chain, hook in
                ShellCommand("nft", "add chain \(name(table)) \(chain) { \(hook) }")
            }
    }

    static func adding(_ chain: String, to table: FirewallTable) -> [ShellCommand] {
        [ShellCommand("nft", "add chain \(name(table)) \(chain)")]
            + asking(NFTablesMaps.maps(of: chain), in: chain, of: table)
    }

    static func waking(_ table: FirewallTable) -> ShellCommand {
        ShellCommand("nft", "add table \(name(table))")
    }

    static func replacing(_ chain: String, _ hook: PacketHook, of table: FirewallTable) -> [ShellCommand] {
        ["flush chain \(name(table)) \(chain)", "delete chain \(name(table)) \(chain)"].map { ShellCommand("nft", $0) }
            + [ShellCommand("nft", "add chain \(name(table)) \(chain) { \(hook) }")]
    }

    static func accepting(_ chain: String, of table: FirewallTable) -> ShellCommand {
        ShellCommand("nft", "add chain \(name(table)) \(chain) { policy accept; }")
    }

    /// Behind the chain's rules, or in the place of those that ask now.
    static func asking(
        _ maps: [PacketMap], in chain: String, of table: FirewallTable, insteadOf handles: [UInt64] = []
    ) -> [ShellCommand] {
        let (verb, place) = handles.first.map { ("insert", "handle \($0) ") } ?? ("add", "")
        let words =
            maps.map { "add map \(name(table)) \($0.name) \($0.text(of: table.family))" }
            + maps.map { "\(verb) rule \(name(table)) \(chain) \(place)\($0.lookupText(of: table.family))" }
            + handles.map { "delete rule \(name(table)) \(chain) handle \($0)" }
        return words.map { ShellCommand("nft", $0) }
    }

    static func removing(_ chain: String, from table: FirewallTable) -> [ShellCommand] {
        let maps = NFTablesMaps.maps(of: chain)
        let flushing = maps.isEmpty ? [] : [ShellCommand("nft", "flush chain \(name(table)) \(chain)")]
        return flushing + maps.map { ShellCommand("nft", "delete map \(name(table)) \($0.name)") }
            + [ShellCommand("nft", "delete chain \(name(table)) \(chain)")]
    }

    static func inserting(_ rule: FirewallRule, at position: Int, of count: Int) throws(OperationError) -> ShellCommand
    {
        if let (map, element) = try element(rule) {
            return ShellCommand("nft", "add element \(name(rule.table)) \(map.name) { \(try element.text()) }")
        }
        // Maps are asked behind all rules.
        let isLast = position == count && NFTablesMaps.maps(of: rule.chain).isEmpty
        let (verb, index) = isLast ? ("add", "") : ("insert", position == 0 ? "" : "index \(position) ")
        return ShellCommand(
            "nft", "\(verb) rule \(name(rule.table)) \(rule.chain) \(index)\(try packets(rule).text())")
    }

    private static func packets(_ rule: FirewallRule) throws(OperationError) -> PacketRule {
        guard let packets = PacketRule(try RawRule(rule), rule.table, rule.chain) else {
            throw OperationError("write a rule for nft", rule.description, reason: "it cannot be said there")
        }
        return packets
    }

    static func removing(_ element: FirewallRule?, _ place: RulePlace) throws(OperationError) -> ShellCommand {
        if let rule = element, let (map, element) = try self.element(rule) {
            return try removing(element.key, from: map, of: place.table)
        }
        return ShellCommand("nft", "delete rule \(name(place.table)) \(place.chain) handle \(place.handle ?? 0)")
    }

    static func removing(
        _ key: PacketElement.Key, from map: PacketMap, of table: FirewallTable
    ) throws(OperationError) -> ShellCommand {
        ShellCommand("nft", "delete element \(name(table)) \(map.name) { \(try key.text()) }")
    }

    // MARK: Maps

    static func arranged(_ rules: [FirewallRule]) -> [FirewallRule] { NetworkBranches.arranged(rules) }
    static func branches(of owner: FirewallOwner, in table: FirewallTable) -> [String] {
        NetworkBranches.branches(of: owner, in: table)
    }
    static func isBranch(_ chain: String) -> Bool { NetworkBranches.isBranch(chain) }
    static func isOrdered(_ chain: String) -> Bool { chain != IntentRules.publish }
    static func isElement(_ rule: FirewallRule) -> Bool { NFTablesMaps.element(rule) != nil }

    /// Nil of a rule that stands in its chain.
    static func element(
        _ rule: FirewallRule
    ) throws(OperationError) -> (map: PacketMap, element: PacketElement)? {
        guard let (map, key) = NFTablesMaps.element(rule) else { return nil }
        let packets = try packets(rule)
        return (map, PacketElement(key, packets.action, comment: packets.comment, note: packets.note))
    }
}
