import CNetlink
import Core
import Glibc

/// Where packets come by a chain (<linux/netfilter.h>).
package struct PacketHook: Equatable, Sendable {
    package enum Place: UInt32, Sendable, CaseIterable {
        case prerouting, input, forward, output, postrouting
    }

    /// `filter` or `nat`.
    let kind: String
    let number: UInt32
    /// Lower ones come first.
    let priority: Int32

    package init(_ kind: String, _ place: Place, priority: Int32) {
        self.kind = kind
        number = place.rawValue
        self.priority = priority
    }
}

/// What a table of nftables holds.
package struct PacketTable: Sendable {
    package struct Rule: Sendable {
        package let handle: UInt64
        /// `PacketRule.note`; nil of one that somebody else has made.
        package let note: [UInt8]?
    }

    package var chains: [String: [Rule]] = [:]
    /// Rules that somebody else has made. Names of chains that they may jump to are in them.
    fileprivate var others: [Message] = []
    /// Whether the rules of all chains were read.
    package fileprivate(set) var isWhole = true
    /// Whether packets come by none of its chains (`flags dormant`).
    package fileprivate(set) var isDormant = false
    /// The kernel's count of changes, when this was read.
    let generation: UInt32
}

/// One change of a table; several of them are made together or not at all.
package enum PacketTableChange: Sendable {
    case addTable
    case removeTable
    /// Packets come by it again.
    case wakeTable
    case addChain(String, PacketHook?)
    case removeChain(String)
    /// - id: a number of its own in this change.
    case addRule(PacketRule, to: String, RulePlace, id: UInt32)
    case removeRule(UInt64, from: String)

    /// Where a rule is to stand in its chain: behind all others, or in front of one that the kernel has, or that another one of these
    /// changes adds.
    package enum RulePlace: Sendable, Equatable {
        case atEnd
        case beforeHandle(UInt64)
        case beforeNew(UInt32)
    }
}

extension PacketTableChange {
    /// What its messages take at most, in bytes.
    fileprivate var length: Int {
        guard case .addRule(let rule, _, _, _) = self else { return 1024 }
        return 1024 + (PortMap(of: rule)?.length ?? 0)
    }
}

extension NFTablesSocket {
    /// None of a table that is not there.
    package mutating func chains(of table: String, _ family: AddressFamily) throws(OperationError) -> [String] {
        var names: [String] = []
        for message in try socket.dump({ $0.getChains(of: NFTables.number(of: family)) }) {
            if try ChainMessage.isChain(message, of: table) { names.append(try ChainMessage(message).name) }
        }
        return names
    }

    /// Nothing of a table that is not there.
    /// - Parameter meant: chains whose rules are read; nil: all. A table of a thousand networks has ten thousand rules.
    package mutating func read(
        _ table: String, of family: AddressFamily, rulesOf meant: [String]? = nil
    ) throws(OperationError) -> PacketTable {
        var found = PacketTable(generation: try generation())
        for chain in try chains(of: table, family) { found.chains[chain] = [] }
        found.isDormant = try isDormant(table, family)
        if found.chains.isEmpty { return found }
        found.isWhole = meant == nil
        // One by one: for each part of a list the kernel goes through what it has told already (nf_tables_dump_rules).
        for chain in meant ?? found.chains.keys.sorted() where found.chains[chain] != nil {
            try found.add(socket.dump { $0.getRules(ofTable: table, family, chain: chain) })
        }
        return found
    }

    /// One that is not there is not.
    private mutating func isDormant(_ table: String, _ family: AddressFamily) throws(OperationError) -> Bool {
        var batch = RequestBatch(capacity: 256)
        batch.family = family
        batch.getTable(table)
        do throws(OperationError) {
            for message in try socket.perform(batch).first ?? [] {
                var attributes = try message.attributes(after: nfgenmsg.self)
                while let attribute = try attributes.next() {
                    guard attribute.type == Int(NFTA_TABLE_FLAGS.rawValue) else { continue }
                    return UInt32(bigEndian: try attribute.uint32()) & NFT_TABLE_F_DORMANT.rawValue != 0
                }
            }
        } catch {
            guard error.errno == ENOENT else { throw error }
        }
        return false
    }

    /// - Throws: ERESTART when anybody has changed anything since `generation`.
    package mutating func change(
        _ table: String, of family: AddressFamily, _ changes: [PacketTableChange], since read: PacketTable
    ) throws(OperationError) {
        var batch = RequestBatch(capacity: 4096 + changes.reduce(0) { $0 + $1.length })
        batch.family = family
        batch.beginTransaction(table, generation: read.generation)
        for change in changes { batch.put(change, of: table) }
        batch.endTransaction(table)
        try socket.perform(batch)
    }

    /// The kernel's count of changes, now.
    mutating func generation() throws(OperationError) -> UInt32 {
        var batch = RequestBatch(capacity: 128)
        batch.getGeneration()
        for message in try socket.perform(batch).first ?? [] {
            var attributes = try message.attributes(after: nfgenmsg.self)
            while let attribute = try attributes.next() {
                if attribute.type == Int(NFTA_GEN_ID.rawValue) { return UInt32(bigEndian: try attribute.uint32()) }
            }
        }
        throw .malformed("generation")
    }
}

extension RequestBatch {
    fileprivate mutating func getGeneration() {
        begin(
            Int(NFTables.type(NFT_MSG_GETGEN)), NLM_F_ACK, NFTables.header(UInt8(AF_UNSPEC)),
            Label(operation: "read rules", subject: nil), asks: true)
    }

    fileprivate mutating func getTable(_ table: String) {
        begin(
            Int(NFTables.type(NFT_MSG_GETTABLE)), NLM_F_ACK, NFTables.header(NFTables.number(of: family)),
            Label(operation: "read table", subject: table), asks: true)
        put(Int(NFTA_TABLE_NAME.rawValue), table)
    }

    fileprivate mutating func getRules(ofTable table: String, _ family: AddressFamily, chain: String) {
        begin(
            Int(NFTables.type(NFT_MSG_GETRULE)), netlinkDumpFlags, NFTables.header(NFTables.number(of: family)),
            Label(operation: "list rules", subject: table), asks: true)
        put(Int(NFTA_RULE_TABLE.rawValue), table)
        put(Int(NFTA_RULE_CHAIN.rawValue), chain)
    }

    fileprivate mutating func put(_ change: PacketTableChange, of table: String) {
        switch change {
        case .addTable: addTable(table)
        case .wakeTable:
            beginChange(NFT_MSG_NEWTABLE, 0, "wake table", table)
            put(Int(NFTA_TABLE_NAME.rawValue), table)
            put(Int(NFTA_TABLE_FLAGS.rawValue), bigEndian: UInt32(0))
        case .removeTable:
            beginChange(NFT_MSG_DELTABLE, 0, "remove table", table)
            put(Int(NFTA_TABLE_NAME.rawValue), table)
        case .addChain(let name, let hook): addChain(name, of: table, hook)
        case .removeChain(let name):
            beginChange(NFT_MSG_DELCHAIN, 0, "remove chain", name)
            put(Int(NFTA_CHAIN_TABLE.rawValue), table)
            put(Int(NFTA_CHAIN_NAME.rawValue), name)
        case .addRule(let rule, let chain, let place, let id): add(rule, to: chain, of: table, place, id)
        case .removeRule(let handle, let chain):
            beginChange(NFT_MSG_DELRULE, 0, "delete rule", chain)
            put(Int(NFTA_RULE_TABLE.rawValue), table)
            put(Int(NFTA_RULE_CHAIN.rawValue), chain)
            put(Int(NFTA_RULE_HANDLE.rawValue), bigEndian: handle)
        }
    }

    private mutating func add(
        _ rule: PacketRule, to chain: String, of table: String, _ place: PacketTableChange.RulePlace, _ id: UInt32
    ) {
        if let map = PortMap(of: rule) { add(map, to: table, id) }
        beginChange(
            NFT_MSG_NEWRULE, place == .atEnd ? NLM_F_CREATE | NLM_F_APPEND : NLM_F_CREATE, "add rule", chain)
        put(Int(NFTA_RULE_TABLE.rawValue), table)
        put(Int(NFTA_RULE_CHAIN.rawValue), chain)
        switch place {
        case .atEnd: break
        case .beforeHandle(let handle): put(Int(NFTA_RULE_POSITION.rawValue), bigEndian: handle)
        case .beforeNew(let other): put(Int(NFTA_RULE_POSITION_ID.rawValue), bigEndian: other)
        }
        put(Int(NFTA_RULE_ID.rawValue), bigEndian: id)
        put(rule, map: id)
    }

    mutating func beginChange(
        _ type: nf_tables_msg_types, _ flags: Int32, _ operation: String, _ subject: String
    ) {
        begin(
            Int(NFTables.type(type)), NLM_F_ACK | flags, NFTables.header(NFTables.number(of: family)),
            Label(operation: operation, subject: subject), asks: false)
    }
}

extension PacketTable.Rule {
    fileprivate static func read(
        _ message: Message
    ) throws(OperationError) -> (chain: String, rule: PacketTable.Rule) {
        var handle: UInt64?
        var chain: String?
        var note: [UInt8]?
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(NFTA_RULE_CHAIN.rawValue): chain = attribute.string
            case Int(NFTA_RULE_HANDLE.rawValue): handle = UInt64(bigEndian: try attribute.uint64())
            case Int(NFTA_RULE_USERDATA.rawValue): note = RuleNotes.note(attribute.payload)
            default: break
            }
        }
        guard let handle, let chain else { throw .malformed("rule") }
        return (chain, PacketTable.Rule(handle: handle, note: note))
    }
}

extension PacketTable {
    package func othersMention(_ chain: String) -> Bool {
        others.contains { $0.contains(Array(chain.utf8) + [0]) }
    }

    fileprivate mutating func add(_ messages: [Message]) throws(OperationError) {
        for message in messages {
            let (chain, rule) = try Rule.read(message)
            chains[chain, default: []].append(rule)
            if rule.note == nil { others.append(message) }
        }
    }
}
