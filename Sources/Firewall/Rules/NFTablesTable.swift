import CIPTables
import Core
import Glibc
import Netlink

typealias NFTablesFirewall = RuleFirewall<NFTablesTable>

/// A table of nftables that is ours alone, with chains as the legacy table of that name has them, and maps from those to chains of single
/// networks (`NetworkBranches`). Each rule and each element carries what it was made of, so none has to be understood. The table is there
/// while there is something in it.
final class NFTablesTable: KernelTable {
    typealias Syntax = NFTablesSyntax

    private struct Entry {
        enum Origin {
            case kernel(UInt64)
            /// Added by these changes, under this number.
            case new(UInt32)
            /// Of a map, whoever has added it; behind the chain's rules.
            case element(VerdictMap, key: [UInt8])
        }

        let rule: RawRule
        let origin: Origin
    }

    private let name: FirewallTable
    private let subject: String
    private var socket: NFTablesSocket
    /// Without its rules, which are in `contents`.
    private var read: PacketTable
    private var contents: [String: [Entry]] = [:]
    /// The first of a chain's rules by which packets ask its maps.
    private var lookups: [String: PacketTableChange.RulePlace] = [:]
    private(set) var faults: [String] = []
    private var changes: [PacketTableChange] = []
    private var lastNumber: UInt32 = 0

    init(_ name: FirewallTable, _ scope: RuleScope?) throws(OperationError) {
        self.name = name
        subject = Self.subject(name)
        let scope = scope.map { PacketTableScope($0, name) }
        do throws(OperationError) {
            socket = try NFTablesSocket()
            if let scope {
                read = try socket.read(subject, of: name.family, scope)
            } else {
                let maps = NetworkBranches.chains(of: name).flatMap(NetworkBranches.maps).map(\.name)
                read = try socket.read(subject, of: name.family, maps: maps)
            }
        } catch {
            throw Self.cannotOpen(error)
        }
        for (chain, rules) in read.chains {
            let unasked = take(rules, of: chain)
            if !unasked.isEmpty, scope?.chains.contains(chain) ?? true {
                faults.append("the chain \(chain) does not lead on to those of networks")
                ask(unasked, in: chain)
            }
        }
        if read.isDormant {
            changes.append(.wakeTable)
            faults.append("it is dormant: no packet meets its rules")
        }
        makeFrame()
    }

    /// - Returns: the chain's maps that none of these rules asks.
    private func take(_ rules: [PacketTable.Rule], of chain: String) -> [VerdictMap] {
        read.chains[chain] = []
        let maps = NetworkBranches.maps(of: chain)
        var asked: Set<VerdictMap> = []
        var entries: [Entry] = []
        for rule in rules {
            if let map = maps.first(where: { $0.note == rule.note }) {
                asked.insert(map)
                if lookups[chain] == nil { lookups[chain] = .beforeHandle(rule.handle) }
            } else {
                entries.append(Entry(rule: RawRule(noted: rule.note), origin: .kernel(rule.handle)))
            }
        }
        contents[chain] = entries + elements(of: maps)
        return maps.filter { !asked.contains($0) }
    }

    private func elements(of maps: [VerdictMap]) -> [Entry] {
        maps.flatMap { map in
            (read.elements[map.name] ?? []).map {
                Entry(rule: RawRule(noted: $0.note), origin: .element(map, key: $0.key))
            }
        }
    }

    private func ask(_ maps: [VerdictMap], in chain: String) {
        for map in maps {
            changes.append(.addMap(map, id: nextNumber()))
            let number = nextNumber()
            changes.append(.addLookup(map, in: chain, id: number))
            if lookups[chain] == nil { lookups[chain] = .beforeNew(number) }
        }
    }

    private func nextNumber() -> UInt32 {
        lastNumber += 1
        return lastNumber
    }

    static func subject(_ name: FirewallTable) -> String { "mydocker-\(name.name)" }

    /// Not of a kernel without nftables: there is nothing to take away there.
    static func isUsed(_ name: FirewallTable) throws(OperationError) -> Bool {
        guard var socket = try? NFTablesSocket() else { return false }
        let scope = PacketTableScope(chains: [], chainsWithoutRules: frame(name))
        do throws(OperationError) {
            return try !socket.read(subject(name), of: name.family, scope).chains.isEmpty
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

    /// A table of that name may be somebody else's, and has none of our chains then.
    private func makeFrame() {
        if read.chains.isEmpty { changes.append(.addTable) }
        for (chain, hook) in Self.hooks(name) where contents[chain] == nil {
            contents[chain] = []
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

    var chains: [String] { contents.keys.sorted() }
    func contains(_ chain: String) -> Bool { contents[chain] != nil }
    func rules(in chain: String) -> [RawRule] { (contents[chain] ?? []).map(\.rule) }

    func handle(at position: Int, in chain: String) -> UInt64? {
        guard let entries = contents[chain], position < entries.count,
            case .kernel(let handle) = entries[position].origin
        else { return nil }
        return handle
    }

    func references(to chain: String) -> Int {
        contents.values.joined().count { $0.rule.jumps(to: chain) } + (read.othersMention(chain) ? 1 : 0)
    }

    func create(_ chain: String) throws(OperationError) {
        let maps = NetworkBranches.maps(of: chain)
        contents[chain] = elements(of: maps)
        changes.append(.addChain(chain, nil))
        ask(maps, in: chain)
    }

    func delete(_ chain: String) throws(OperationError) {
        guard rules(in: chain).isEmpty, references(to: chain) == 0 else {
            throw OperationError("remove firewall chain", chain, errno: ENOTEMPTY)
        }
        contents[chain] = nil
        let maps = NetworkBranches.maps(of: chain)
        if !maps.isEmpty { changes.append(.removeRules(of: chain)) }
        changes += maps.map { .removeMap($0.name) }
        changes.append(.removeChain(chain))
    }

    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError) {
        guard let decoded = rule.decoded(name, chain), let packets = PacketRule(rule, name, chain) else {
            throw OperationError("add firewall rule to chain", chain, errno: EINVAL)
        }
        let entry: Entry
        if let (map, element) = try NFTablesSyntax.element(decoded) {
            replaceForeign(element.key, map, in: chain)
            changes.append(.addElement(element, to: map.name))
            entry = Entry(rule: rule, origin: .element(map, key: element.key.bytes))
        } else {
            let number = nextNumber()
            changes.append(.addRule(packets, to: chain, place(position, in: chain), id: number))
            entry = Entry(rule: rule, origin: .new(number))
        }
        contents[chain]?.insert(entry, at: position)
    }

    /// A map has one element of a key: somebody else's gives way.
    private func replaceForeign(_ key: VerdictElement.Key, _ map: VerdictMap, in chain: String) {
        let isTaken = (contents[chain] ?? []).contains { entry in
            guard case .element(let other, let bytes) = entry.origin else { return false }
            return other == map && bytes == key.bytes && entry.rule.isOpaque
        }
        if isTaken { changes.append(.removeElement(key, from: map.name)) }
    }

    /// Maps are asked behind all rules.
    private func place(_ position: Int, in chain: String) -> PacketTableChange.RulePlace {
        for entry in (contents[chain] ?? []).dropFirst(position) {
            switch entry.origin {
            case .kernel(let handle): return .beforeHandle(handle)
            case .new(let number): return .beforeNew(number)
            case .element: continue
            }
        }
        return lookups[chain] ?? .atEnd
    }

    func remove(at position: Int, from chain: String) throws(OperationError) {
        guard let entry = contents[chain]?.remove(at: position) else { return }
        switch entry.origin {
        case .kernel(let handle): changes.append(.removeRule(handle, from: chain))
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

    /// A table whose last rule goes, goes with it.
    func commit() -> Int32 {
        let isEmpty =
            read.isWhole && contents.values.allSatisfy(\.isEmpty) && contents.count == Self.hooks(name).count
        if isEmpty, read.chains.isEmpty { return 0 }
        do throws(OperationError) {
            try socket.change(subject, of: name.family, isEmpty ? [.removeTable] : changes, since: read)
            return 0
        } catch {
            return error.errno == ERESTART ? EAGAIN : error.errno ?? EIO
        }
    }

    func cannotCommit(errno: Int32) -> OperationError {
        if errno == EAGAIN {
            return OperationError("write nftables table", subject, reason: "other programs keep changing the rules")
        }
        guard errno == ENOENT else { return OperationError("write nftables table", subject, errno: errno) }
        let fib = name.family == .ipv4 ? "IPV4" : "IPV6"
        return OperationError(
            "write nftables table", subject,
            reason: "the kernel lacks nft_ct, nft_fib, nft_nat or nft_masq (CONFIG_NFT_CT, "
                + "CONFIG_NFT_FIB_\(fib), CONFIG_NFT_NAT, CONFIG_NFT_MASQ)",
            remedy: "use --firewall iptables with network create, or with network reload for a network that is there")
    }

    private static func cannotOpen(_ error: OperationError) -> OperationError {
        guard isUnknown(error) else { return error }
        return OperationError(
            "read nftables", reason: "the kernel has none (CONFIG_NF_TABLES, module nf_tables)",
            remedy: "run: modprobe nf_tables, or use --firewall iptables with network create or network reload")
    }
}
