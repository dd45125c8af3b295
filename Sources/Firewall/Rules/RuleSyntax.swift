import Core
import Netlink

/// How a firewall's own tool is told to change a table.
protocol RuleSyntax {
    /// The chains of a table in which nobody has put anything.
    static func builtInChains(of table: FirewallTable) -> [String]
    /// Makes such a table where it is not there.
    static func making(_ table: FirewallTable) -> [ShellCommand]
    static func adding(_ chain: String, to table: FirewallTable) -> ShellCommand
    static func removing(_ chain: String, from table: FirewallTable) -> ShellCommand
    /// - Parameters:
    ///   - position: counted from 0; `count` is behind all others.
    ///   - count: of the rules that the chain has.
    static func inserting(_ rule: FirewallRule, at position: Int, of count: Int) throws(OperationError) -> ShellCommand
    /// - Parameter handle: nil where the tool counts.
    static func removing(_ rule: RulePlace, handle: UInt64?) -> ShellCommand
}

/// Where a rule stands.
struct RulePlace {
    let table: FirewallTable
    let chain: String
    /// From 0.
    let position: Int
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

    static func adding(_ chain: String, to table: FirewallTable) -> ShellCommand { command(table, ["-N", chain]) }
    static func removing(_ chain: String, from table: FirewallTable) -> ShellCommand { command(table, ["-X", chain]) }

    static func inserting(_ rule: FirewallRule, at position: Int, of count: Int) -> ShellCommand {
        let place = position == count ? ["-A", rule.chain] : ["-I", rule.chain, "\(position + 1)"]
        return command(rule.table, place + rule.words)
    }

    static func removing(_ rule: RulePlace, handle: UInt64?) -> ShellCommand {
        command(rule.table, ["-D", rule.chain, "\(rule.position + 1)"])
    }
}

/// nft(8). What it is told is one word of sh(1).
enum NFTablesSyntax: RuleSyntax {
    static func builtInChains(of table: FirewallTable) -> [String] { NFTablesTable.hooks(table).map(\.chain) }

    private static func name(_ table: FirewallTable) -> String {
        "\(table.family == .ipv4 ? "ip" : "ip6") \(NFTablesTable.subject(table))"
    }

    static func making(_ table: FirewallTable) -> [ShellCommand] {
        [ShellCommand("nft", "add table \(name(table))")]
            + NFTablesTable.hooks(table).map { chain, hook in
                ShellCommand("nft", "add chain \(name(table)) \(chain) { \(hook) }")
            }
    }

    static func adding(_ chain: String, to table: FirewallTable) -> ShellCommand {
        ShellCommand("nft", "add chain \(name(table)) \(chain)")
    }

    static func removing(_ chain: String, from table: FirewallTable) -> ShellCommand {
        ShellCommand("nft", "delete chain \(name(table)) \(chain)")
    }

    static func inserting(_ rule: FirewallRule, at position: Int, of count: Int) throws(OperationError) -> ShellCommand
    {
        let (verb, index) = position == count ? ("add", "") : ("insert", position == 0 ? "" : "index \(position) ")
        guard let packets = PacketRule(try RawRule(rule), rule.table, rule.chain) else {
            throw OperationError("write a rule for nft", rule.description, reason: "it cannot be said there")
        }
        return ShellCommand("nft", "\(verb) rule \(name(rule.table)) \(rule.chain) \(index)\(try packets.text())")
    }

    static func removing(_ rule: RulePlace, handle: UInt64?) -> ShellCommand {
        ShellCommand("nft", "delete rule \(name(rule.table)) \(rule.chain) handle \(handle ?? 0)")
    }
}
