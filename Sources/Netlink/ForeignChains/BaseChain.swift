import CNetlink
import Core
import Glibc

/// A chain of nftables that packets come by.
package struct BaseChain: Equatable, Sendable {
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

    /// Whether a rule of the chain, or of one that it sends packets to, is about an interface of that name.
    package mutating func mentions(_ interface: String, in chain: BaseChain) throws(OperationError) -> Bool {
        var rules: [String: [Message]] = [:]
        for rule in try socket.dump({ $0.getRules(ofTableOf: chain) }) {
            rules[try rule.ruleChain(), default: []].append(rule)
        }
        var reached: Set = [chain.name]
        var next = [chain.name]
        while let name = next.popLast() {
            for rule in rules[name] ?? [] {
                if rule.contains(Array(interface.utf8) + [0]) { return true }
                let others = rules.keys.filter { !reached.contains($0) && rule.contains(Array($0.utf8) + [0]) }
                reached.formUnion(others)
                next += others
            }
        }
        return false
    }
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
