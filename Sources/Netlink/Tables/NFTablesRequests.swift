import CNetlink
import Core
import Glibc

/// What requests to nftables consist of: transactions, and expressions of rules.
extension RequestBatch {
    /// What stands between these two is done whole or not at all.
    /// - Parameter generation: of the rules that this is made for; with others nothing is done.
    mutating func beginTransaction(_ subject: String, generation: UInt32? = nil) {
        mark(CNETLINK_BATCH_BEGIN, subject)
        if let generation { put(Int(NFNL_BATCH_GENID.rawValue), bigEndian: generation) }
    }
    mutating func endTransaction(_ subject: String) { mark(CNETLINK_BATCH_END, subject) }

    private mutating func mark(_ type: Int, _ subject: String) {
        let header = nfgenmsg(
            nfgen_family: UInt8(AF_UNSPEC), version: UInt8(NFNETLINK_V0),
            res_id: UInt16(NFNL_SUBSYS_NFTABLES).bigEndian)
        beginUnanswered(type, header, Label(operation: "change rules", subject: subject))
    }

    mutating func expression(_ name: String, _ body: (inout RequestBatch) -> Void) {
        nest(Int(NFTA_LIST_ELEM.rawValue)) { element in
            element.put(Int(NFTA_EXPR_NAME.rawValue), name)
            element.nest(Int(NFTA_EXPR_DATA.rawValue), body)
        }
    }

    /// Goes on where the first register is like these bytes.
    mutating func compare(_ bytes: [UInt8], _ relation: nft_cmp_ops = NFT_CMP_EQ) {
        expression("cmp") { comparison in
            comparison.put(Int(NFTA_CMP_SREG.rawValue), bigEndian: NFT_REG_1.rawValue)
            comparison.put(Int(NFTA_CMP_OP.rawValue), bigEndian: relation.rawValue)
            comparison.nest(Int(NFTA_CMP_DATA.rawValue)) { $0.put(Int(NFTA_DATA_VALUE.rawValue), bytes) }
        }
    }
}
