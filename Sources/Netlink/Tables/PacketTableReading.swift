import CNetlink
import Core
import Glibc

/// What of a table is looked at. One of a thousand networks has thousands of chains and elements.
package struct PacketTableScope: Sendable {
    /// Those whose rules are read, of these; a chain that is not named is taken for one that is not there.
    package var chains: Set<String>
    /// Those that are only looked for.
    package var chainsWithoutRules: Set<String>
    /// By the map's name.
    package var elements: [String: Set<VerdictElement.Key>]

    package init(
        chains: Set<String>, chainsWithoutRules: Set<String> = [], elements: [String: Set<VerdictElement.Key>] = [:]
    ) {
        self.chains = chains
        self.chainsWithoutRules = chainsWithoutRules
        self.elements = elements
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

    /// All of it; nothing of a table that is not there.
    /// - Parameter maps: those whose elements are read.
    package mutating func read(
        _ table: String, of family: AddressFamily, maps: [String]
    ) throws(OperationError) -> PacketTable {
        var found = PacketTable(generation: try generation())
        for chain in try chains(of: table, family) { found.chains[chain] = [] }
        found.isDormant = try isDormant(table, family)
        if found.chains.isEmpty { return found }
        try found.add(socket.dump { $0.getRules(ofTable: table, family, chain: nil) })
        for map in maps {
            for message in try elements(of: map, table, family) { try found.add(message, of: map) }
        }
        return found
    }

    /// Nothing of a table that is not there.
    package mutating func read(
        _ table: String, of family: AddressFamily, _ scope: PacketTableScope
    ) throws(OperationError) -> PacketTable {
        var found = PacketTable(generation: try generation())
        found.isWhole = false
        found.isDormant = try isDormant(table, family)
        // The kernel takes a chain that is not there for an empty one.
        for chain in scope.chains.sorted() {
            try found.add(socket.dump { $0.getRules(ofTable: table, family, chain: chain) })
        }
        let doubtful = scope.chains.union(scope.chainsWithoutRules).filter { found.chains[$0] == nil }.sorted()
        let keys = scope.elements.flatMap { map, keys in keys.map { (map, $0) } }
        if doubtful.isEmpty && keys.isEmpty { return found }
        var batch = RequestBatch(capacity: 512 * (doubtful.count + keys.count))
        batch.family = family
        for chain in doubtful { batch.getChain(RuleChain(family, table, chain)) }
        for (map, key) in keys { batch.getElement(key, of: map, table) }
        let answers = try socket.perform(batch, missing: ENOENT)
        for (chain, answer) in zip(doubtful, answers) where !answer.isEmpty { found.chains[chain] = [] }
        for ((map, _), answer) in zip(keys, answers.dropFirst(doubtful.count)) {
            for message in answer { try found.add(message, of: map) }
        }
        return found
    }

    /// One that is not there has none.
    private mutating func elements(
        of map: String, _ table: String, _ family: AddressFamily
    ) throws(OperationError) -> [Message] {
        do throws(OperationError) {
            return try socket.dump { $0.getElements(of: map, table, family) }
        } catch {
            guard error.errno == ENOENT else { throw error }
            return []
        }
    }

    /// One that is not there is not.
    private mutating func isDormant(_ table: String, _ family: AddressFamily) throws(OperationError) -> Bool {
        var batch = RequestBatch(capacity: 256)
        batch.family = family
        batch.getTable(table)
        for message in try socket.perform(batch, missing: ENOENT).first ?? [] {
            var attributes = try message.attributes(after: nfgenmsg.self)
            while let attribute = try attributes.next() {
                guard attribute.type == Int(NFTA_TABLE_FLAGS.rawValue) else { continue }
                return UInt32(bigEndian: try attribute.uint32()) & NFT_TABLE_F_DORMANT.rawValue != 0
            }
        }
        return false
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

    /// A dump.
    /// - Parameter chain: nil for all of the table.
    fileprivate mutating func getRules(ofTable table: String, _ family: AddressFamily, chain: String?) {
        begin(
            Int(NFTables.type(NFT_MSG_GETRULE)), netlinkDumpFlags, NFTables.header(NFTables.number(of: family)),
            Label(operation: "list rules", subject: table), asks: true)
        put(Int(NFTA_RULE_TABLE.rawValue), table)
        if let chain { put(Int(NFTA_RULE_CHAIN.rawValue), chain) }
    }
}

extension PacketTable {
    fileprivate mutating func add(_ messages: [Message]) throws(OperationError) {
        for message in messages {
            let (chain, rule) = try Rule.read(message)
            chains[chain, default: []].append(rule)
            if rule.note == nil { others.append(message) }
        }
    }

    fileprivate mutating func add(_ message: Message, of map: String) throws(OperationError) {
        var attributes = try message.attributes(after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            guard attribute.type == Int(NFTA_SET_ELEM_LIST_ELEMENTS.rawValue) else { continue }
            var list = attribute.nested()
            while let element = try list.next() {
                if let element = try Element.read(element) { elements[map, default: []].append(element) }
            }
        }
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

extension PacketTable.Element {
    /// Nil of the end of an interval.
    fileprivate static func read(_ element: Attribute) throws(OperationError) -> PacketTable.Element? {
        var key: [UInt8]?
        var note: [UInt8]?
        var parts = element.nested()
        while let part = try parts.next() {
            switch part.type {
            case Int(NFTA_SET_ELEM_KEY.rawValue): key = NFTablesSet.Element.value(part)
            case Int(NFTA_SET_ELEM_USERDATA.rawValue): note = RuleNotes.note(part.payload)
            case Int(NFTA_SET_ELEM_FLAGS.rawValue):
                let flags = UInt32(bigEndian: try part.uint32())
                if flags & NFT_SET_ELEM_INTERVAL_END.rawValue != 0 { return nil }
            default: break
            }
        }
        guard let key else { throw .malformed("element") }
        return PacketTable.Element(key: key, note: note)
    }
}
