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
        self.init(kind, place.rawValue, priority: priority)
    }

    init(_ kind: String, _ number: UInt32, priority: Int32) {
        self.kind = kind
        self.number = number
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

    /// Of a map.
    package struct Element: Sendable {
        package let bounds: PacketElement.Bounds
        /// As of a rule.
        package let note: [UInt8]?
    }

    package var chains: [String: [Rule]] = [:]
    /// How many rules a chain has, and how many rules and elements lead to it, whoever has made them.
    package var uses: [String: Int] = [:]
    /// Of chains that packets come by.
    package var hooks: [String: PacketHook] = [:]
    /// Those of them whose policy is to drop.
    package var dropping: Set<String> = []
    /// By the map's name.
    package var elements: [String: [Element]] = [:]
    /// Rules that somebody else has made. Names of maps that they may ask are in them.
    var others: [Message] = []
    /// Whether all of it was read.
    package var isWhole = true
    /// Whether packets come by none of its chains (`flags dormant`).
    package var isDormant = false
    /// The kernel's count of changes, when this was read.
    let generation: UInt32

    /// Whether a rule of somebody else's asks that map.
    package func othersMention(_ map: String) -> Bool { others.contains { $0.contains(Array(map.utf8) + [0]) } }
}

/// One change of a table; several of them are made together or not at all.
package enum PacketTableChange: Sendable {
    case addTable
    case removeTable
    /// Packets come by it again.
    case wakeTable
    case addChain(String, PacketHook?)
    /// What no rule of it decides on is accepted.
    case setAcceptingPolicy(String)
    case removeChain(String)
    /// - id: a number of its own in this change.
    case addRule(PacketRule, to: String, RulePlace, id: UInt32)
    case removeRule(UInt64, from: String)
    case removeRules(of: String)
    /// One that is there already stays as it is.
    case addMap(PacketMap, id: UInt32)
    /// Nothing asks it any more.
    case removeMap(String)
    case addElement(PacketElement, to: String)
    case removeElement(PacketElement.Key, from: String)
    /// A rule by which packets ask the map.
    case addLookup(PacketMap, in: String, RulePlace, id: UInt32)

    /// The operation of an error about a new map, whose subject is the map's name.
    package static let addingMap = "add map"

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

/// Changes of one table.
package struct PacketTableWrite: Sendable {
    let table: String
    let family: AddressFamily
    let changes: [PacketTableChange]
    /// What they were made for.
    let read: PacketTable

    package init(_ table: String, of family: AddressFamily, _ changes: [PacketTableChange], since read: PacketTable) {
        self.table = table
        self.family = family
        self.changes = changes
        self.read = read
    }
}

extension NFTablesSocket {
    /// Writes to several tables all that is to be changed, or nothing.
    /// - Returns: the place of the write that was refused, and why: ERESTART when anybody has changed anything since one of the tables was read.
    package mutating func change(_ writes: [PacketTableWrite]) throws(OperationError) -> (
        place: Int, error: OperationError
    )? {
        guard let first = writes.first, let last = writes.lastIndex(where: { !$0.changes.isEmpty }) else { return nil }
        if let place = writes.firstIndex(where: { $0.read.generation != first.read.generation }) {
            return (place, OperationError("change rules", writes[place].table, errno: ERESTART))
        }
        let length = writes.reduce(0) { $1.changes.reduce($0) { $0 + $1.length } }
        var batch = RequestBatch(capacity: 4096 + length)
        batch.beginTransaction(first.table, generation: first.read.generation)
        var ends: [Int] = []
        for (place, write) in writes.enumerated() {
            batch.put(write, isAnswered: place == last)
            ends.append(batch.labels.count)
        }
        batch.endTransaction(first.table)
        guard let refusal = try socket.refusal(of: batch) else { return nil }
        return (ends.firstIndex { refusal.request < $0 } ?? last, refusal.error)
    }
}

extension RequestBatch {
    /// - Parameter isAnswered: whether the last one of its changes is.
    fileprivate mutating func put(_ write: PacketTableWrite, isAnswered: Bool) {
        family = write.family
        for (place, change) in write.changes.enumerated() {
            isSilent = !isAnswered || place < write.changes.count - 1
            put(change, of: write.table)
        }
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
        case .setAcceptingPolicy(let name):
            beginChange(NFT_MSG_NEWCHAIN, 0, "change chain", name)
            put(Int(NFTA_CHAIN_TABLE.rawValue), table)
            put(Int(NFTA_CHAIN_NAME.rawValue), name)
            put(Int(NFTA_CHAIN_POLICY.rawValue), bigEndian: UInt32(CNETLINK_NF_ACCEPT))
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
        case .removeRules(let chain):
            beginChange(NFT_MSG_DELRULE, 0, "delete rules", chain)
            put(Int(NFTA_RULE_TABLE.rawValue), table)
            put(Int(NFTA_RULE_CHAIN.rawValue), chain)
        case .addMap(let map, let id): add(map, to: table, id)
        case .removeMap(let name): removeMap(name, from: table)
        case .addElement(let element, let map): add(element, to: map, of: table)
        case .removeElement(let key, let map): removeElement(key, from: map, of: table)
        case .addLookup(let map, let chain, let place, let id): addLookup(map, to: chain, of: table, place, id)
        }
    }

    private mutating func add(
        _ rule: PacketRule, to chain: String, of table: String, _ place: PacketTableChange.RulePlace, _ id: UInt32
    ) {
        if let map = PortMap(of: rule) { add(map, to: table, id) }
        beginRule(of: chain, table, place, id)
        put(rule, map: id)
    }

    /// A new one.
    mutating func beginRule(
        of chain: String, _ table: String, _ place: PacketTableChange.RulePlace, _ id: UInt32
    ) {
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
    }

    mutating func beginChange(
        _ type: nf_tables_msg_types, _ flags: Int32, _ operation: String, _ subject: String
    ) {
        let header = NFTables.header(NFTables.number(of: family))
        let label = Label(operation: operation, subject: subject)
        if isSilent {
            beginUnanswered(Int(NFTables.type(type)), flags: flags, header, label, asks: false)
        } else {
            begin(Int(NFTables.type(type)), NLM_F_ACK | flags, header, label, asks: false)
        }
    }
}
