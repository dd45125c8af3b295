import CIPTables
import Core
import Glibc
import Linux
import Netlink

typealias NFTablesFirewall = RuleFirewall<NFTablesTable>

/// A table of nftables that is ours alone, with chains as the legacy table of that name has them, and maps that these ask
/// (`NFTablesMaps`). Each rule and each element carries what it was made of, so none has to be understood. The table is there
/// while there is something in it.
final class NFTablesTable: KernelTable {
    typealias Syntax = NFTablesSyntax

    private let name: FirewallTable
    private let subject: String
    private let conversation: NFTablesConversation
    private let read: PacketTable
    private var contents: NFTablesContents
    private(set) var faults: [String] = []
    private(set) var repairs: [ShellCommand] = []
    private var changes: [PacketTableChange] = []

    init(_ name: FirewallTable, _ scope: RuleScope, _ conversation: NFTablesConversation) throws(OperationError) {
        self.name = name
        self.conversation = conversation
        subject = Self.subject(name)
        do throws(OperationError) {
            let part = scope.isWhole ? nil : PacketTableScope(scope, name)
            let looked = try Self.read(name, part, conversation)
            let found = NFTablesContents(looked, name, part)
            // Something leads to a network's chain that its rules say nothing of.
            let isEnough = part == nil || !found.hasUnknownJumpsToBranches
            read = isEnough ? looked : try Self.read(name, nil, conversation)
            contents = isEnough ? found : NFTablesContents(read, name, nil)
        } catch {
            throw Self.cannotOpen(error)
        }
        if scope.isMended { mend() }
        makeFrame()
    }

    private static func read(
        _ name: FirewallTable, _ scope: PacketTableScope?, _ conversation: NFTablesConversation
    ) throws(OperationError) -> PacketTable {
        try conversation.ask { socket throws(OperationError) in
            if let scope { return try socket.read(subject(name), of: name.family, scope) }
            return try socket.read(subject(name), of: name.family, maps: NFTablesMaps.names(of: name))
        }
    }

    static func subject(_ name: FirewallTable) -> String { "mydocker-\(name.name)" }

    /// Not of a kernel without nftables: there is nothing to take away there.
    static func isUsed(_ name: FirewallTable, _ conversation: NFTablesConversation) throws(OperationError) -> Bool {
        let scope = PacketTableScope(chains: [], chainsWithoutRules: frame(name))
        do throws(OperationError) {
            return try !read(name, scope, conversation).chains.isEmpty
        } catch {
            guard isUnknown(error) else { throw error }
            return false
        }
    }

    /// All chains but those of single networks.
    static func frame(_ name: FirewallTable) -> Set<String> {
        let own = IntentRules.layout(of: name.family).chains.filter { $0.table == name }.map(\.name)
        return Set(hooks(name).map(\.chain) + own)
    }

    /// Whether it says that the kernel has no nftables (nfnetlink_rcv_msg).
    static func isUnknown(_ error: OperationError) -> Bool {
        error.errno == EINVAL || error.errno == EOPNOTSUPP || error.errno == EPROTONOSUPPORT
    }

    /// Puts back what makes packets meet the rules.
    private func mend() {
        remakeChains()
        if read.isDormant {
            changes.append(.wakeTable)
            repairs.append(NFTablesSyntax.waking(name))
            faults.append("it is dormant: no packet meets its rules")
        }
        for chain in contents.disordered.sorted() {
            let (maps, lookups) = (NFTablesMaps.maps(of: chain), contents.lookups(of: chain))
            let asksAll = Set(maps) == Set(lookups.map(\.map))
            faults.append("the chain \(chain) does not ask " + (asksAll ? "its maps in order" : "all of its maps"))
            repairs += NFTablesSyntax.asking(maps, in: chain, of: name, insteadOf: lookups.compactMap(\.handle))
            askMaps(of: chain)
        }
    }

    /// Each once and in order: one that comes back behind the others would be asked too late. What others have behind them stays there.
    private func askMaps(of chain: String) {
        let former = contents.lookups(of: chain)
        var lookups: [NFTablesLookup] = []
        for map in NFTablesMaps.maps(of: chain) {
            changes.append(.addMap(map, id: conversation.nextNumber()))
            let number = conversation.nextNumber()
            changes.append(.addLookup(map, in: chain, former.first?.place ?? .atEnd, id: number))
            lookups.append(NFTablesLookup(map: map, place: .beforeNew(number)))
        }
        changes += former.compactMap(\.handle).map { .removeRule($0, from: chain) }
        contents.set(lookups, of: chain)
    }

    /// A chain of ours that packets come by in another place, or not at all, is made anew; one that drops the rest no longer does.
    private func remakeChains() {
        for (chain, hook) in Self.hooks(name) where contents.contains(chain) {
            if read.hooks[chain] != hook {
                faults.append("packets do not come by the chain \(chain) where they should")
                changes += [.removeRules(of: chain), .removeChain(chain), .addChain(chain, hook)]
                repairs += NFTablesSyntax.replacing(chain, hook, of: name)
                contents.remove(chain)
                contents.add(chain)
            } else if read.dropping.contains(chain) {
                faults.append("the chain \(chain) drops what no rule decides on")
                changes.append(.setAcceptingPolicy(chain))
                repairs.append(NFTablesSyntax.accepting(chain, of: name))
            }
        }
    }

    /// A table of that name may be somebody else's, and has none of our chains then.
    private func makeFrame() {
        if read.chains.isEmpty { changes.append(.addTable) }
        for (chain, hook) in Self.hooks(name) where !contents.contains(chain) {
            contents.add(chain)
            changes.append(.addChain(chain, hook))
        }
    }

    /// Translation comes before that of the legacy tables and of iptables: the first one wins.
    static func hooks(_ name: FirewallTable) -> [(chain: String, hook: PacketHook)] {
        switch name {
        case .filter, .filter6:
            [
                ("INPUT", PacketHook("filter", .input, priority: 0)),
                ("FORWARD", PacketHook("filter", .forward, priority: 0)),
            ]
        case .nat, .nat6:
            [
                ("PREROUTING", PacketHook("nat", .prerouting, priority: -105)),
                ("OUTPUT", PacketHook("nat", .output, priority: -105)),
                ("POSTROUTING", PacketHook("nat", .postrouting, priority: 95)),
            ]
        }
    }

    // MARK: Contents

    var chains: [String] { contents.chains }
    func contains(_ chain: String) -> Bool { contents.contains(chain) }
    func rules(in chain: String) -> [RawRule] { contents.entries(of: chain).map(\.rule) }
    func references(to chain: String) -> Int {
        contents.references(to: chain)
            + NFTablesMaps.maps(of: chain).count { read.othersMention($0.name) }
    }

    func handle(at position: Int, in chain: String) -> UInt64? {
        switch contents.entries(of: chain)[position].origin {
        case .kernel(let handle), .behind(let handle): handle
        case .new, .element: nil
        }
    }

    func isElement(at position: Int, in chain: String) -> Bool {
        if case .element = contents.entries(of: chain)[position].origin { true } else { false }
    }

    func create(_ chain: String) throws(OperationError) {
        contents.add(chain)
        changes.append(.addChain(chain, nil))
        askMaps(of: chain)
    }

    func delete(_ chain: String) throws(OperationError) {
        guard rules(in: chain).isEmpty, references(to: chain) == 0 else {
            throw OperationError("remove firewall chain", chain, errno: ENOTEMPTY)
        }
        let asked = contents.lookups(of: chain).map(\.map)
        let maps = NFTablesMaps.maps(of: chain).filter(asked.contains)
        contents.remove(chain)
        if !maps.isEmpty { changes.append(.removeRules(of: chain)) }
        changes += maps.map { .removeMap($0.name) }
        changes.append(.removeChain(chain))
    }

    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError) {
        guard let decoded = rule.decoded(name, chain), let packets = PacketRule(rule, name, chain) else {
            throw OperationError("add firewall rule to chain", chain, errno: EINVAL)
        }
        guard let (map, element) = try NFTablesSyntax.element(decoded) else {
            let number = conversation.nextNumber()
            changes.append(.addRule(packets, to: chain, contents.place(position, in: chain), id: number))
            return contents.insert(NFTablesEntry(rule: rule, origin: .new(number)), into: chain, at: position)
        }
        // A map has one element of a key, and of several maps the first one decides: whoever else's gives way.
        for rival in contents.giveWay(to: element.key, in: map) {
            changes.append(.removeElement(rival.key, from: rival.map.name))
        }
        changes.append(.addElement(element, to: map.name))
        let entry = NFTablesEntry(rule: rule, origin: .element(map, element.key.bounds))
        contents.insert(entry, into: chain, at: position)
    }

    func displaced(by rule: FirewallRule) throws(OperationError) -> [ShellCommand] {
        guard let (map, element) = try NFTablesSyntax.element(rule) else { return [] }
        var contents = contents
        return try contents.giveWay(to: element.key, in: map).map { rival throws(OperationError) in
            try NFTablesSyntax.removing(rival.key, from: rival.map, of: name)
        }
    }

    func isDisplaced(at position: Int, in chain: String) -> Bool {
        let entry = contents.entries(of: chain)[position]
        guard case .element(let map, _) = entry.origin else { return false }
        return contents.hasGivenWay(entry, in: map)
    }

    func remove(at position: Int, from chain: String) throws(OperationError) {
        let entry = contents.remove(at: position, from: chain)
        switch entry.origin {
        case .kernel(let handle), .behind(let handle): changes.append(.removeRule(handle, from: chain))
        case .element(let map, _) where contents.hasGivenWay(entry, in: map): return
        case .element(let map, _):
            guard let rule = entry.rule.decoded(name, chain), let (_, element) = try NFTablesSyntax.element(rule) else {
                throw OperationError("remove element from map", map.name, errno: EINVAL)
            }
            changes.append(.removeElement(element.key, from: map.name))
        case .new:
            // No change adds a rule and takes it away again.
            throw OperationError("remove firewall rule from chain", chain, errno: EINVAL)
        }
    }

    // MARK: Writing

    /// All of them by one batch.
    static func write(_ tables: [NFTablesTable]) throws(OperationError) -> TableRefusal? {
        for table in tables { try FaultPoint.pass("write firewall table", table.name.description) }
        do throws(OperationError) {
            var writes: [PacketTableWrite] = []
            for table in tables { writes.append(try table.wholeWrite()) }
            let refused = try tables.first?.conversation.ask { socket throws(OperationError) in
                try socket.change(writes)
            }
            guard let refused = refused ?? nil else { return nil }
            return TableRefusal(of: tables[refused.place].name, refused.error)
        } catch {
            return TableRefusal(of: tables[0].name, error)
        }
    }

    private func wholeWrite() throws(OperationError) -> PacketTableWrite {
        let isEmpty = read.isWhole && contents.isEmpty && chains.count == Self.hooks(name).count
        var changes = changes
        if isEmpty, read.chains.isEmpty {
            changes = []
        } else if isEmpty {
            if try hasNoOtherSets() { changes = [.removeTable] }
        }
        return PacketTableWrite(subject, of: name.family, changes, since: read)
    }

    /// A table whose last rule goes, goes with it, unless somebody keeps a set there.
    private func hasNoOtherSets() throws(OperationError) -> Bool {
        let sets = try conversation.ask { socket throws(OperationError) in try socket.sets(of: subject, name.family) }
        return Set(sets).isSubset(of: NFTablesMaps.names(of: name))
    }

    private static func cannotOpen(_ error: OperationError) -> OperationError {
        guard isUnknown(error) else { return error }
        return OperationError(
            "read nftables", reason: "the kernel has none (CONFIG_NF_TABLES, module nf_tables)",
            remedy: "run: modprobe nf_tables, or use --firewall iptables with network create or network reload")
    }
}
