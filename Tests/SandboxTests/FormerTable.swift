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
    let all = layout.headJumps + layout.tailJumps + rules
    for (number, rule) in all.filter({ $0.table == name }).enumerated() {
        let packets = try #require(PacketRule(try RawRule(rule), name, rule.chain))
        changes.append(.addRule(packets, to: rule.chain, .atEnd, id: UInt32(number + 1)))
    }
    var socket = try NFTablesSocket()
    let subject = NFTablesTable.subject(name)
    let read = try socket.read(subject, of: name.family, maps: [])
    try socket.change(subject, of: name.family, changes, since: read)
}
