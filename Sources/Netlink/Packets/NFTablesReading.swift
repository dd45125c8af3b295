import CNetlink
import Core
import Glibc

/// All that nftables has about packets of one family, whoever made it: in tables of bridges, too.
extension NFTablesSocket {
    package mutating func traceableTables(of family: AddressFamily) throws(OperationError) -> [TraceableTable] {
        var found: [Place: [ChainMessage]] = [:]
        for chain in try chains() {
            guard let table = Place(chain.family, chain.table, family) else { continue }
            found[table, default: []].append(chain)
        }
        var tables: [TraceableTable] = []
        for (table, chains) in found.sorted(by: { $0.key.name < $1.key.name }) {
            tables.append(
                TraceableTable(
                    "nft \(table.family) \(table.name)", try read(table, chains), isOfBridges: table.isOfBridges))
        }
        return tables
    }

    private mutating func read(_ table: Place, _ chains: [ChainMessage]) throws(OperationError) -> [TraceableChain] {
        let sets = try sets(of: table)
        var rules: [String: [NFTablesRule]] = [:]
        for message in try socket.dump({ $0.getTraceableRules(of: table) }) {
            let rule = try ReadRule(message)
            rules[rule.chain, default: []].append(
                NFTablesRule(expressions: rule.expressions, comment: rule.comment, sets: sets))
        }
        return chains.map {
            TraceableChain($0.name, TraceableChain.Hook(of: $0), drops: $0.drops, rules[$0.name] ?? [])
        }
    }

    private mutating func sets(of table: Place) throws(OperationError) -> [String: NFTablesSet] {
        var sets: [String: NFTablesSet] = [:]
        for message in try socket.dump({ $0.getSets(of: table.name, table.number) }) {
            let set = try ReadSet(message)
            var elements: [NFTablesSet.Element] = []
            for part in try socket.dump({ $0.getElements(of: set.name, table.name, table.number) }) {
                elements += try part.setElements()
            }
            sets[set.name] = NFTablesSet(isInterval: set.isInterval, fields: set.fields, elements: elements)
        }
        return sets
    }
}

/// A table, by family and name.
private struct Place: Hashable {
    let number: UInt8
    let name: String

    /// Nil of one that packets of the family do not pass.
    init?(_ number: UInt8, _ name: String, _ family: AddressFamily) {
        guard NFTables.isPassed(number, by: family) || number == UInt8(CNETLINK_NFPROTO_BRIDGE) else { return nil }
        (self.number, self.name) = (number, name)
    }

    var family: String { NFTables.name(ofFamily: number) ?? "bridge" }
    var isOfBridges: Bool { number == UInt8(CNETLINK_NFPROTO_BRIDGE) }
}

extension TraceableChain.Hook {
    /// Nil where packets of IP do not come by.
    fileprivate init?(of chain: ChainMessage) {
        guard let hook = chain.hook, let place = PacketHook.Place(rawValue: hook.number) else { return nil }
        self.init(place, priority: hook.priority, translates: chain.type == "nat")
    }
}

extension RequestBatch {
    private mutating func list(_ type: nf_tables_msg_types, _ table: Place, _ what: String) {
        begin(
            Int(NFTables.type(type)), netlinkDumpFlags, NFTables.header(table.number),
            Label(operation: "list \(what)", subject: table.name), asks: true)
    }

    fileprivate mutating func getTraceableRules(of table: Place) {
        list(NFT_MSG_GETRULE, table, "rules")
        put(Int(NFTA_RULE_TABLE.rawValue), table.name)
    }

    /// - Parameter family: of the table, one of NFPROTO_*.
    mutating func getSets(of table: String, _ family: UInt8) {
        begin(
            Int(NFTables.type(NFT_MSG_GETSET)), netlinkDumpFlags, NFTables.header(family),
            Label(operation: "list sets", subject: table), asks: true)
        put(Int(NFTA_SET_TABLE.rawValue), table)
    }
}

/// A set or map of anybody's, without its elements.
struct ReadSet {
    private(set) var name = ""
    private(set) var isInterval = false
    /// Lengths of a key's parts; none where it has none of which each may be a range.
    private(set) var fields: [Int] = []

    init(_ message: Message) throws(OperationError) {
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(NFTA_SET_NAME.rawValue): name = attribute.string
            case Int(NFTA_SET_FLAGS.rawValue):
                isInterval = UInt32(bigEndian: try attribute.uint32()) & NFT_SET_INTERVAL.rawValue != 0
            case Int(NFTA_SET_DESC.rawValue):
                var parts = attribute.nested()
                while let part = try parts.next() {
                    if part.type == Int(NFTA_SET_DESC_CONCAT.rawValue) { fields = try Self.fields(part) }
                }
            default: break
            }
        }
    }

    private static func fields(_ list: Attribute) throws(OperationError) -> [Int] {
        var fields: [Int] = []
        var elements = list.nested()
        while let element = try elements.next() {
            var parts = element.nested()
            while let part = try parts.next() {
                guard part.type == Int(NFTA_SET_FIELD_LEN.rawValue) else { continue }
                fields.append(Int(UInt32(bigEndian: try part.uint32())))
            }
        }
        return fields
    }
}

/// A rule of anybody's, apart from its meaning.
struct ReadRule {
    private(set) var handle: UInt64 = 0
    private(set) var chain = ""
    private(set) var expressions: [NFTablesExpression] = []
    private(set) var comment: String?

    init(_ message: Message) throws(OperationError) {
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            switch attribute.type {
            case Int(NFTA_RULE_HANDLE.rawValue): handle = UInt64(bigEndian: try attribute.uint64())
            case Int(NFTA_RULE_CHAIN.rawValue): chain = attribute.string
            case Int(NFTA_RULE_USERDATA.rawValue): comment = RuleNotes.comment(attribute.payload)
            case Int(NFTA_RULE_EXPRESSIONS.rawValue):
                var elements = attribute.nested()
                while let element = try elements.next() { expressions.append(try NFTablesExpression(element)) }
            default: break
            }
        }
    }
}

extension Message {
    /// Those of a message about a set or map (NFTA_SET_ELEM_LIST_ELEMENTS).
    func setElements() throws(OperationError) -> [NFTablesSet.Element] {
        var found: [NFTablesSet.Element] = []
        var attributes = try attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            guard attribute.type == Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) else { continue }
            var elements = attribute.nested()
            while let element = try elements.next() { found.append(try NFTablesSet.Element(element)) }
        }
        return found
    }
}

extension NFTablesSet.Element {
    fileprivate init(_ element: Attribute) throws(OperationError) {
        var key: [UInt8] = []
        var last: [UInt8]?, data: [UInt8]?
        var verdict: TracedAction?
        var note: [UInt8]?, comment: String?
        var flags: UInt32 = 0
        var parts = element.nested()
        while let part = try parts.next() {
            switch part.type {
            case Int(NFTA_SET_ELEM_KEY.rawValue): key = Self.value(part) ?? []
            case Int(NFTA_SET_ELEM_KEY_END.rawValue): last = Self.value(part)
            case Int(NFTA_SET_ELEM_USERDATA.rawValue):
                (note, comment) = (RuleNotes.note(part.payload), RuleNotes.comment(part.payload))
            case Int(NFTA_SET_ELEM_FLAGS.rawValue): flags = UInt32(bigEndian: try part.uint32())
            case Int(NFTA_SET_ELEM_DATA.rawValue):
                data = Self.value(part)
                verdict = NFTablesExpression.verdict(part)
            default: break
            }
        }
        self.init(
            key: key, last: last, endsInterval: flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0, data: data,
            verdict: verdict, note: note, comment: comment)
    }

    private static func value(_ data: Attribute) -> [UInt8]? {
        var parts = data.nested()
        while let part = try? parts.next() {
            if part.type == Int(NFTA_DATA_VALUE.rawValue) { return Array(part.payload) }
        }
        return nil
    }
}
