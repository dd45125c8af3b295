import CNetlink
import Core
import Glibc

/// Rules in chains of nftables (<linux/netfilter/nf_tables.h>); expressions as iptables-nft has them.
extension RequestBatch {
    /// A dump.
    mutating func getRules(of chain: RuleChain) {
        begin(
            Int(NFTables.type(NFT_MSG_GETRULE)), netlinkDumpFlags, NFTables.header(chain.family),
            Label(operation: "list rules", subject: chain.text), asks: true)
        put(chain)
    }

    mutating func getChain(_ chain: RuleChain) { getChain(chain.name, of: chain.table, chain.family, chain.text) }

    mutating func deleteRule(_ handle: UInt64, of chain: RuleChain) {
        begin(
            Int(NFTables.type(NFT_MSG_DELRULE)), NLM_F_ACK, NFTables.header(chain.family),
            Label(operation: "delete rule", subject: chain.text), asks: false)
        put(chain)
        put(Int(NFTA_RULE_HANDLE.rawValue), bigEndian: handle)
    }

    /// - Parameter next: the rule that it stands in front of; nil is the end of the chain.
    mutating func add(_ rule: InterfaceRule, to chain: RuleChain, before next: UInt64?) {
        let place = next == nil ? NLM_F_APPEND : 0
        begin(
            Int(NFTables.type(NFT_MSG_NEWRULE)), NLM_F_ACK | NLM_F_CREATE | place, NFTables.header(chain.family),
            Label(operation: "add rule", subject: chain.text), asks: false)
        put(chain)
        if let next { put(Int(NFTA_RULE_POSITION.rawValue), bigEndian: next) }
        nest(Int(NFTA_RULE_EXPRESSIONS.rawValue)) { batch in
            if let input = rule.input { batch.match(NFT_META_IIFNAME, input) }
            if let output = rule.output { batch.match(NFT_META_OIFNAME, output) }
            batch.expression("counter") { counter in
                counter.put(Int(NFTA_COUNTER_BYTES.rawValue), bigEndian: UInt64(0))
                counter.put(Int(NFTA_COUNTER_PACKETS.rawValue), bigEndian: UInt64(0))
            }
            batch.decide(rule.verdict.code)
        }
        put(Int(NFTA_RULE_USERDATA.rawValue), RuleNotes.bytes(comment: rule.comment))
    }

    private mutating func put(_ chain: RuleChain) {
        put(Int(NFTA_RULE_TABLE.rawValue), chain.table)
        put(Int(NFTA_RULE_CHAIN.rawValue), chain.name)
    }

    /// The name is compared with its zero byte, or without where more may follow.
    private mutating func match(_ key: nft_meta_keys, _ name: String) {
        expression("meta") { meta in
            meta.put(Int(NFTA_META_KEY.rawValue), bigEndian: key.rawValue)
            meta.put(Int(NFTA_META_DREG.rawValue), bigEndian: NFT_REG_1.rawValue)
        }
        let bytes = Array(name.utf8)
        compare(name.hasSuffix("+") ? Array(bytes.dropLast()) : bytes + [0])
    }
}

extension InterfaceRule.Verdict {
    fileprivate var code: Int32 { self == .accept ? Int32(CNETLINK_NF_ACCEPT) : NFT_RETURN.rawValue }
}

extension FoundRule {
    init(_ message: Message) throws(OperationError) {
        guard Int32(message.header.type) == NFTables.type(NFT_MSG_NEWRULE) else { throw .malformed("rule") }
        var handle: UInt64?
        var comment: String?
        var expressions: [(name: String, data: Attribute?)] = []
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(NFTA_RULE_HANDLE.rawValue): handle = UInt64(bigEndian: try attribute.uint64())
            case Int(NFTA_RULE_USERDATA.rawValue): comment = RuleNotes.comment(attribute.payload)
            case Int(NFTA_RULE_EXPRESSIONS.rawValue): expressions = try Self.expressions(attribute)
            default: break
            }
        }
        guard let handle else { throw .malformed("rule") }
        if comment == nil { comment = try Self.matchedComment(expressions) }
        self.init(handle: handle, comment: comment, isBareReturn: try Self.isBareReturn(expressions))
    }

    private static func expressions(_ list: Attribute) throws(OperationError) -> [(name: String, data: Attribute?)] {
        var expressions: [(name: String, data: Attribute?)] = []
        var elements = list.nested()
        while let element = try elements.next() {
            let name = try element.part(NFTA_EXPR_NAME.rawValue)?.string ?? ""
            expressions.append((name, try element.part(NFTA_EXPR_DATA.rawValue)))
        }
        return expressions
    }

    /// Whether it does nothing but count and send back.
    private static func isBareReturn(
        _ expressions: [(name: String, data: Attribute?)]
    ) throws(OperationError) -> Bool {
        guard expressions.allSatisfy({ ["counter", "immediate"].contains($0.name) }) else { return false }
        for case ("immediate", let data?) in expressions {
            let verdict = try data.part(NFTA_IMMEDIATE_DATA.rawValue)?.part(NFTA_DATA_VERDICT.rawValue)
            guard let code = try verdict?.part(NFTA_VERDICT_CODE.rawValue) else { continue }
            return Int32(bitPattern: UInt32(bigEndian: try code.uint32())) == NFT_RETURN.rawValue
        }
        return false
    }

    /// As iptables-restore writes the comment that iptables-save has shown: by a match of xtables.
    private static func matchedComment(
        _ expressions: [(name: String, data: Attribute?)]
    ) throws(OperationError) -> String? {
        for case ("match", let data?) in expressions where try data.part(NFTA_MATCH_NAME.rawValue)?.string == "comment"
        {
            return try data.part(NFTA_MATCH_INFO.rawValue)?.string
        }
        return nil
    }
}

extension Attribute {
    /// The last attribute of a type that it consists of.
    fileprivate func part(_ type: some BinaryInteger) throws(OperationError) -> Attribute? {
        var parts = nested()
        var found: Attribute?
        while let part = try parts.next() { if part.type == Int(type) { found = part } }
        return found
    }
}
