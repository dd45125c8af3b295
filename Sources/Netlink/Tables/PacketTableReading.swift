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
    package var elements: [String: Set<PacketElement.Key>]
    /// Those whose elements are all read.
    package var maps: Set<String>

    package init(
        chains: Set<String>, chainsWithoutRules: Set<String> = [], elements: [String: Set<PacketElement.Key>] = [:],
        maps: Set<String> = []
    ) {
        self.chains = chains
        self.chainsWithoutRules = chainsWithoutRules
        self.elements = elements
        self.maps = maps
    }
}

extension NFTablesSocket {
    /// Names of sets and maps of a table, without those that a rule has to itself.
    package mutating func sets(of table: String, _ family: AddressFamily) throws(OperationError) -> [String] {
        var names: [String] = []
        for message in try socket.dump({ $0.getSets(of: table, NFTables.number(of: family)) }) {
            if let name = try message.nameOfSet { names.append(name) }
        }
        return names
    }

    /// None of a table that is not there.
    private mutating func chains(
        of table: String, _ family: AddressFamily
    ) throws(OperationError) -> [ChainMessage] {
        var chains: [ChainMessage] = []
        for message in try socket.dump({ $0.getChains(of: NFTables.number(of: family)) }) {
            if try ChainMessage.isChain(message, of: table) { chains.append(try ChainMessage(message)) }
        }
        return chains
    }

    /// All of it; nothing of a table that is not there.
    /// - Parameter maps: those whose elements are read.
    package mutating func read(
        _ table: String, of family: AddressFamily, maps: [String]
    ) throws(OperationError) -> PacketTable {
        try settled { socket, found throws(OperationError) in
            for chain in try socket.chains(of: table, family) { found.add(chain) }
            found.isDormant = try socket.isDormant(table, family)
            if found.chains.isEmpty { return }
            try found.add(socket.socket.dump { $0.getRules(ofTable: table, family, chain: nil) })
            try socket.readElements(of: maps, in: table, family, &found)
        }
    }

    /// Nothing of a table that is not there.
    package mutating func read(
        _ table: String, of family: AddressFamily, _ scope: PacketTableScope
    ) throws(OperationError) -> PacketTable {
        try settled { socket, found throws(OperationError) in
            found.isWhole = false
            found.isDormant = try socket.isDormant(table, family)
            try socket.look(for: scope, in: table, family, &found)
            for chain in scope.chains.sorted() where found.chains[chain] != nil {
                try found.add(socket.socket.dump { $0.getRules(ofTable: table, family, chain: chain) })
            }
            try socket.readElements(of: scope.maps.sorted(), in: table, family, &found)
        }
    }

    /// All of these maps.
    private mutating func readElements(
        of maps: [String], in table: String, _ family: AddressFamily, _ found: inout PacketTable
    ) throws(OperationError) {
        if found.chains.isEmpty { return }
        for map in maps {
            for message in try elements(of: map, table, family) { try found.add(message, of: map) }
        }
    }

    /// Several answers make one picture only where nothing has changed meanwhile. Whoever changes the table by it is refused then; whoever
    /// only looks would see what never was.
    private mutating func settled(
        _ read: (inout NFTablesSocket, inout PacketTable) throws(OperationError) -> Void
    ) throws(OperationError) -> PacketTable {
        var found = PacketTable(generation: try generation())
        for _ in 0..<8 {
            try read(&self, &found)
            let generation = try generation()
            if generation == found.generation { return found }
            found = PacketTable(generation: generation)
        }
        try read(&self, &found)
        return found
    }

    /// Chains and elements.
    private mutating func look(
        for scope: PacketTableScope, in table: String, _ family: AddressFamily, _ found: inout PacketTable
    ) throws(OperationError) {
        let chains = scope.chains.union(scope.chainsWithoutRules).sorted()
        let keys = scope.elements.flatMap { map, keys in keys.map { (map, $0) } }
        var questions = RequestBatch(capacity: 512 * (chains.count + 1))
        for chain in chains { questions.getChain(chain, of: table, NFTables.number(of: family), chain) }
        for message in try socket.perform(questions, missing: [ENOENT]).joined() {
            found.add(try ChainMessage(message))
        }
        if keys.isEmpty { return }
        var batch = RequestBatch(capacity: 512 * keys.count)
        batch.family = family
        for (map, key) in keys { batch.getElement(key, of: map, table) }
        // EINVAL: a map of that name has other keys.
        for ((map, _), answer) in zip(keys, try socket.perform(batch, missing: [ENOENT, EINVAL])) {
            for message in answer { try found.add(message, of: map) }
        }
    }

    /// One that is not there has none.
    private mutating func elements(
        of map: String, _ table: String, _ family: AddressFamily
    ) throws(OperationError) -> [Message] {
        do throws(OperationError) {
            return try socket.dump { $0.getElements(of: map, table, NFTables.number(of: family)) }
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
        for message in try socket.perform(batch, missing: [ENOENT]).first ?? [] {
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

    fileprivate mutating func add(_ chain: ChainMessage) {
        chains[chain.name] = []
        uses[chain.name] = Int(chain.uses)
        hooks[chain.name] = chain.hook.map { PacketHook(chain.type, $0.number, priority: $0.priority) }
        if chain.drops { dropping.insert(chain.name) }
    }

    fileprivate mutating func add(_ message: Message, of map: String) throws(OperationError) {
        for element in try message.setElements() where !element.endsInterval {
            elements[map, default: []].append(
                Element(bounds: .init(first: element.key, last: element.last), note: element.note))
        }
    }
}

extension Message {
    /// Of NFT_MSG_NEWSET; nil of one that is a rule's (NFT_SET_ANONYMOUS).
    fileprivate var nameOfSet: String? {
        get throws(OperationError) {
            var name: String?
            var flags: UInt32 = 0
            var attributes = try attributes(after: nfgenmsg.self)
            while let attribute = try attributes.next() {
                if attribute.type == Int(NFTA_SET_NAME.rawValue) { name = attribute.string }
                if attribute.type == Int(NFTA_SET_FLAGS.rawValue) { flags = UInt32(bigEndian: try attribute.uint32()) }
            }
            return flags & NFT_SET_ANONYMOUS.rawValue == 0 ? name : nil
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
