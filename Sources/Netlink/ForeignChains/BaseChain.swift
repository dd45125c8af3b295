import CNetlink
import Core
import Glibc

/// A chain of nftables that packets come by.
package struct BaseChain: Hashable, Sendable {
    /// As `nft` calls it; nil for one that neither IPv4 nor IPv6 passes.
    package let family: String?
    package let table: String
    package let name: String
    /// What is forwarded comes by.
    package let isForward: Bool
    /// What no rule decides on is dropped.
    package let drops: Bool
    fileprivate let number: UInt8

    /// Nil for a chain that is no base chain.
    init?(_ chain: ChainMessage) {
        guard let hook = chain.hook else { return nil }
        family = NFTables.name(ofFamily: chain.family)
        table = chain.table
        name = chain.name
        isForward = hook.number == UInt32(CNETLINK_NF_INET_FORWARD)
        drops = chain.drops
        number = chain.family
    }

    /// Whether packets of the family come by.
    package func isPassed(by family: AddressFamily) -> Bool { NFTables.isPassed(number, by: family) }
}

extension NFTablesSocket {
    /// Those of all tables and families.
    package mutating func baseChains() throws(OperationError) -> [BaseChain] {
        try chains().compactMap { BaseChain($0) }
    }

    /// Those of the chain, and of the ones that it sends packets to. The kernel gives them out with all others of the table.
    package mutating func rules(behind chain: BaseChain) throws(OperationError) -> ReachedRules {
        try ReachedRules(from: chain.name, among: socket.dump { $0.getRules(ofTableOf: chain) })
    }
}

/// The rules of a table that packets may meet which come by one of its chains.
package struct ReachedRules: Sendable {
    private var rules: [Message] = []

    init(from chain: String, among found: [Message]) throws(OperationError) {
        var byChain: [String: [Message]] = [:]
        for rule in found { byChain[try rule.ruleChain(), default: []].append(rule) }
        var reached: Set = [chain]
        var next = [chain]
        while let name = next.popLast() {
            for rule in byChain[name] ?? [] {
                let others = byChain.keys.filter { !reached.contains($0) && rule.contains(Array($0.utf8) + [0]) }
                reached.formUnion(others)
                next += others
            }
            rules += byChain[name] ?? []
        }
    }

    /// Whether one of them is about an interface of that name, or leads to a chain that is called so.
    package func mentions(_ name: String) -> Bool { rules.contains { $0.contains(Array(name.utf8) + [0]) } }
}

extension RequestBatch {
    /// A dump.
    fileprivate mutating func getRules(ofTableOf chain: BaseChain) {
        begin(
            Int(NFTables.type(NFT_MSG_GETRULE)), netlinkDumpFlags, NFTables.header(chain.number),
            Label(operation: "list rules", subject: chain.table), asks: true)
        put(Int(NFTA_RULE_TABLE.rawValue), chain.table)
    }
}

extension Message {
    /// The chain that a rule is in.
    fileprivate func ruleChain() throws(OperationError) -> String {
        var attributes = try attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            if attribute.type == Int(NFTA_RULE_CHAIN.rawValue) { return attribute.string }
        }
        throw .malformed("rule")
    }
}
