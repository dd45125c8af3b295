import Core
import Netlink
import Testing

@testable import Firewall

/// Makes a table of nftables as former releases had it: all rules in the chains that owners share.
/// - Parameter rules: of owners, for any tables.
func makeFormerTable(_ name: FirewallTable, _ rules: [FirewallRule]) throws {
    let layout = IntentRules.layout(of: name.family)
    var changes: [PacketTableChange] = [.addTable]
    changes += NFTablesTable.hooks(name).map { .addChain($0.chain, $0.hook) }
    changes += layout.chains.filter { $0.table == name }.map { .addChain($0.name, nil) }
    try change(name, changes + additions(layout.headJumps + layout.tailJumps + rules, to: name))
}

/// Appends rules as supervisors of former releases do, which run on.
func appendFormer(_ rules: [FirewallRule], to name: FirewallTable) throws {
    try change(name, additions(rules, to: name))
}

private func additions(_ rules: [FirewallRule], to name: FirewallTable) throws -> [PacketTableChange] {
    try rules.filter { $0.table == name }.enumerated().map { number, rule in
        let packets = try #require(PacketRule(try RawRule(rule), name, rule.chain))
        return .addRule(packets, to: rule.chain, .atEnd, id: UInt32(number + 1))
    }
}

/// Puts a rule that asks a map behind all others.
func appendLookup(_ map: PacketMap, to chain: String, of name: FirewallTable) throws {
    try change(name, [.addLookup(map, in: chain, .atEnd, id: 1)])
}

private func change(_ name: FirewallTable, _ changes: [PacketTableChange]) throws {
    var socket = try NFTablesSocket()
    let subject = NFTablesTable.subject(name)
    let read = try socket.read(subject, of: name.family, maps: [])
    if let refused = try socket.change([PacketTableWrite(subject, of: name.family, changes, since: read)]) {
        throw refused.error
    }
}
