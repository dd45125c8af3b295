import CNetlink
import Core
import Glibc

/// One expression of a rule of nftables (<linux/netfilter/nf_tables.h>), apart from its meaning.
struct NFTablesExpression: Sendable {
    let name: String
    private let values: [Int: [UInt8]]
    private let nested: [Int: [Int: [UInt8]]]
    let verdict: TracedAction?

    /// An attribute as it is.
    func bytes(_ type: some BinaryInteger) -> [UInt8]? { values[Int(type)] }
    /// Four bytes in network byte order; 0 of one that is not there.
    func number(_ type: some BinaryInteger) -> UInt32 {
        PacketBytes(values[Int(type)] ?? []).uint32(0).map { UInt32(bigEndian: $0) } ?? 0
    }
    func text(_ type: some BinaryInteger) -> String {
        String(decoding: (values[Int(type)] ?? []).prefix { $0 != 0 }, as: UTF8.self)
    }
    /// The value of struct nft_data: NFTA_DATA_VALUE.
    func data(_ type: some BinaryInteger) -> [UInt8]? { nested[Int(type)]?[Int(NFTA_DATA_VALUE.rawValue)] }

    init(_ element: Attribute) throws(OperationError) {
        var name = ""
        var values: [Int: [UInt8]] = [:]
        var nested: [Int: [Int: [UInt8]]] = [:]
        var verdict: TracedAction?
        var parts = element.nested()
        while let part = try parts.next() {
            if part.type == Int(NFTA_EXPR_NAME.rawValue) { name = part.string }
            guard part.type == Int(NFTA_EXPR_DATA.rawValue) else { continue }
            var attributes = part.nested()
            while let attribute = try attributes.next() {
                values[attribute.type] = Array(attribute.payload)
                // Whether an attribute is nested is known by its meaning alone; what is not reads as nothing.
                nested[attribute.type] = Self.parts(attribute)
                if verdict == nil { verdict = Self.verdict(attribute) }
            }
        }
        (self.name, self.values, self.nested) = (name, values, nested)
        self.verdict = name == "immediate" ? verdict : nil
    }

    private static func parts(_ attribute: Attribute) -> [Int: [UInt8]] {
        var found: [Int: [UInt8]] = [:]
        var parts = attribute.nested()
        while let part = try? parts.next() { found[part.type] = Array(part.payload) }
        return found
    }

    /// NFTA_DATA_VERDICT in a struct nft_data.
    static func verdict(_ data: Attribute) -> TracedAction? {
        var code: Int32?
        var chain = ""
        var parts = data.nested()
        while let part = try? parts.next() {
            guard part.type == Int(NFTA_DATA_VERDICT.rawValue) else { continue }
            var fields = part.nested()
            while let field = try? fields.next() {
                if field.type == Int(NFTA_VERDICT_CODE.rawValue) {
                    code = Int32(bitPattern: UInt32(bigEndian: (try? field.uint32()) ?? 0))
                } else if field.type == Int(NFTA_VERDICT_CHAIN.rawValue) {
                    chain = field.string
                }
            }
        }
        return code.map { Self.action($0, chain) }
    }

    private static func action(_ code: Int32, _ chain: String) -> TracedAction {
        switch code {
        case Int32(CNETLINK_NF_DROP): .drop
        case Int32(CNETLINK_NF_ACCEPT): .accept
        case NFT_RETURN.rawValue: .goBack
        case NFT_JUMP.rawValue: .jump(chain)
        case NFT_GOTO.rawValue: .goTo(chain)
        case NFT_CONTINUE.rawValue: .goesOn
        default: .unknown("queue")
        }
    }
}
