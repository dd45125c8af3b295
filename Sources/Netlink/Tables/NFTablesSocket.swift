import CNetlink
import Core
import Glibc

/// A chain of nftables that packets come by (<linux/netfilter/nf_tables.h>).
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

    /// Whether packets of the family come by.
    package func isPassed(by family: AddressFamily) -> Bool {
        [NFTables.number(of: family), UInt8(CNETLINK_NFPROTO_INET)].contains(number)
    }
}

/// A conversation with nftables.
package struct NFTablesSocket: ~Copyable {
    var socket: NetlinkSocket

    /// Opens one in the calling thread's network namespace.
    package init() throws(OperationError) { socket = try NetlinkSocket(protocol: NETLINK_NETFILTER) }

    /// Those of all tables and families, also those that the iptables of nftables made.
    package mutating func baseChains() throws(OperationError) -> [BaseChain] {
        var chains: [BaseChain] = []
        for message in try socket.dump({ $0.getChains() }) {
            if let chain = try BaseChain(message) { chains.append(chain) }
        }
        return chains
    }

    /// Whether a rule of the chain, or of one that it sends packets to, is about an interface of that name.
    package mutating func mentions(_ interface: String, in chain: BaseChain) throws(OperationError) -> Bool {
        var rules: [String: [Message]] = [:]
        for rule in try socket.dump({ $0.getRules(of: chain) }) {
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

enum NFTables {
    static func type(_ message: nf_tables_msg_types) -> Int32 { NFNL_SUBSYS_NFTABLES << 8 | Int32(message.rawValue) }
    static func number(of family: AddressFamily) -> UInt8 {
        UInt8(family == .ipv4 ? CNETLINK_NFPROTO_IPV4 : CNETLINK_NFPROTO_IPV6)
    }
    /// Nil of one that is not about IP.
    static func name(ofFamily number: UInt8) -> String? {
        [Int(CNETLINK_NFPROTO_IPV4): "ip", Int(CNETLINK_NFPROTO_IPV6): "ip6", Int(CNETLINK_NFPROTO_INET): "inet"][
            Int(number)]
    }
    static func header(_ family: UInt8) -> nfgenmsg {
        nfgenmsg(nfgen_family: family, version: UInt8(NFNETLINK_V0), res_id: 0)
    }
}

extension RequestBatch {
    mutating func getChains() {
        begin(
            Int(NFTables.type(NFT_MSG_GETCHAIN)), netlinkDumpFlags, NFTables.header(UInt8(AF_UNSPEC)),
            Label(operation: "list chains", subject: nil), asks: true)
    }

    mutating func getRules(of chain: BaseChain) {
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

extension BaseChain {
    /// Nil for a chain that is no base chain.
    /// - Throws: when the message is no NFT_MSG_NEWCHAIN or contradicts itself.
    init?(_ message: Message) throws(OperationError) {
        guard Int32(message.header.type) == NFTables.type(NFT_MSG_NEWCHAIN) else { throw .malformed("chain") }
        var table: String?, name: String?
        var hook: UInt32?
        var policy = UInt32(CNETLINK_NF_ACCEPT)
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(NFTA_CHAIN_TABLE.rawValue): table = attribute.string
            case Int(NFTA_CHAIN_NAME.rawValue): name = attribute.string
            case Int(NFTA_CHAIN_HOOK.rawValue): hook = try Self.hook(attribute)
            case Int(NFTA_CHAIN_POLICY.rawValue): policy = UInt32(bigEndian: try attribute.uint32())
            default: break
            }
        }
        guard let hook else { return nil }
        guard let table, let name else { throw .malformed("chain") }
        let number = try message.fixedHeader(nfgenmsg.self).nfgen_family
        self.init(
            family: NFTables.name(ofFamily: number), table: table, name: name,
            isForward: hook == UInt32(CNETLINK_NF_INET_FORWARD),
            drops: policy == UInt32(CNETLINK_NF_DROP), number: number)
    }

    private static func hook(_ attribute: Attribute) throws(OperationError) -> UInt32? {
        var parts = attribute.nested()
        while let part = try parts.next() {
            if part.type == Int(NFTA_HOOK_HOOKNUM.rawValue) { return UInt32(bigEndian: try part.uint32()) }
        }
        return nil
    }
}
