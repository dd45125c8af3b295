import CNetlink
import Core
import Glibc

/// A chain of nftables, as the kernel tells of it (NFT_MSG_NEWCHAIN of <linux/netfilter/nf_tables.h>).
struct ChainMessage {
    /// Where packets come by.
    struct Hook {
        let number: UInt32
        /// Lower ones come first.
        let priority: Int32
        /// Names of the links that it is for, each once; none where packets come by from all.
        let devices: [String]
    }

    /// One of NFPROTO_*.
    let family: UInt8
    let table: String
    let name: String
    /// `filter`, `nat` or `route`; nothing of one without a hook.
    private(set) var type = ""
    /// Nil of one that rules alone lead to.
    private(set) var hook: Hook?
    /// What no rule decides on is dropped.
    private(set) var drops = false
    /// How many rules it has, and how many lead to it.
    private(set) var uses: UInt32 = 0

    /// - Throws: when the message is of another kind or contradicts itself.
    init(_ message: Message) throws(OperationError) {
        guard Int32(message.header.type) == NFTables.type(NFT_MSG_NEWCHAIN) else { throw .malformed("chain") }
        family = try message.fixedHeader(nfgenmsg.self).nfgen_family
        var table: String?, name: String?
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(NFTA_CHAIN_TABLE.rawValue): table = attribute.string
            case Int(NFTA_CHAIN_NAME.rawValue): name = attribute.string
            case Int(NFTA_CHAIN_TYPE.rawValue): type = attribute.string
            case Int(NFTA_CHAIN_HOOK.rawValue): hook = try Hook(attribute)
            case Int(NFTA_CHAIN_POLICY.rawValue):
                drops = UInt32(bigEndian: try attribute.uint32()) == UInt32(CNETLINK_NF_DROP)
            case Int(NFTA_CHAIN_USE.rawValue): uses = UInt32(bigEndian: try attribute.uint32())
            default: break
            }
        }
        guard let table, let name else { throw .malformed("chain") }
        (self.table, self.name) = (table, name)
    }

    /// Whether it tells of a chain of that table: what else it says is not looked at.
    static func isChain(_ message: Message, of table: String) throws(OperationError) -> Bool {
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            if attribute.type == Int(NFTA_CHAIN_TABLE.rawValue) { return attribute.string == table }
        }
        return false
    }
}

extension ChainMessage.Hook {
    fileprivate init(_ attribute: Attribute) throws(OperationError) {
        var number: UInt32?
        var priority: UInt32 = 0
        var devices: Set<String> = []
        var parts = attribute.nested()
        while let part = try parts.next() {
            switch part.type {
            case Int(NFTA_HOOK_HOOKNUM.rawValue): number = UInt32(bigEndian: try part.uint32())
            case Int(NFTA_HOOK_PRIORITY.rawValue): priority = UInt32(bigEndian: try part.uint32())
            // One alone is said in both ways.
            case Int(NFTA_HOOK_DEV.rawValue): devices.insert(part.string)
            case Int(NFTA_HOOK_DEVS.rawValue):
                var names = part.nested()
                while let name = try names.next() { devices.insert(name.string) }
            default: break
            }
        }
        guard let number else { throw .malformed("chain") }
        self.init(number: number, priority: Int32(bitPattern: priority), devices: devices.sorted())
    }
}

extension NFTablesSocket {
    /// Those of all tables and families, also those that the iptables of nftables made.
    mutating func chains() throws(OperationError) -> [ChainMessage] {
        var chains: [ChainMessage] = []
        for message in try socket.dump({ $0.getChains(of: UInt8(AF_UNSPEC)) }) {
            chains.append(try ChainMessage(message))
        }
        return chains
    }
}

extension RequestBatch {
    /// - Parameters:
    ///   - family: one of NFPROTO_*.
    ///   - subject: what an error says of it.
    mutating func getChain(_ name: String, of table: String, _ family: UInt8, _ subject: String) {
        begin(
            Int(NFTables.type(NFT_MSG_GETCHAIN)), NLM_F_ACK, NFTables.header(family),
            Label(operation: "look for chain", subject: subject), asks: true)
        put(Int(NFTA_CHAIN_TABLE.rawValue), table)
        put(Int(NFTA_CHAIN_NAME.rawValue), name)
    }

    /// A dump.
    /// - Parameter family: one of NFPROTO_*; AF_UNSPEC for all.
    mutating func getChains(of family: UInt8) {
        begin(
            Int(NFTables.type(NFT_MSG_GETCHAIN)), netlinkDumpFlags, NFTables.header(family),
            Label(operation: "list chains", subject: nil), asks: true)
    }
}
