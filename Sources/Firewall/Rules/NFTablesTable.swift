import CIPTables
import Core
import Glibc
import Netlink

typealias NFTablesFirewall = RuleFirewall<NFTablesTable>

/// A table of nftables that is ours alone, with chains as the legacy table of that name has them. Each rule carries what it was made
/// of, so none has to be understood. It is there while there is something in it.
final class NFTablesTable: KernelTable {
    typealias Syntax = NFTablesSyntax

    private struct Entry {
        enum Origin {
            case kernel(UInt64)
            /// Added by these changes, under this number.
            case new(UInt32)
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
    private var changes: [PacketTableChange] = []
    private var lastNumber: UInt32 = 0

    init(_ name: FirewallTable, rulesOf meant: [String]?) throws(OperationError) {
        self.name = name
        subject = Self.subject(name)
        do throws(OperationError) {
            socket = try NFTablesSocket()
            read = try socket.read(subject, of: name.family, rulesOf: meant)
        } catch {
            throw Self.cannotOpen(error)
        }
        for (chain, rules) in read.chains {
            contents[chain] = rules.map { Entry(rule: RawRule(noted: $0.note), origin: .kernel($0.handle)) }
            read.chains[chain] = []
        }
        if read.isDormant { changes.append(.wakeTable) }
        makeFrame()
    }

    static func subject(_ name: FirewallTable) -> String { "mydocker-\(name.name)" }

    /// Not of a kernel without nftables: there is nothing to take away there.
    static func isUsed(_ name: FirewallTable) throws(OperationError) -> Bool {
        guard var socket = try? NFTablesSocket() else { return false }
        do throws(OperationError) {
            return try !socket.chains(of: subject(name), name.family).isEmpty
        } catch {
            guard isUnknown(error) else { throw error }
            return false
        }
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
    var isDormant: Bool { read.isDormant }
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
        contents[chain] = []
        changes.append(.addChain(chain, nil))
    }

    func delete(_ chain: String) throws(OperationError) {
        guard rules(in: chain).isEmpty, references(to: chain) == 0 else {
            throw OperationError("remove firewall chain", chain, errno: ENOTEMPTY)
        }
        contents[chain] = nil
        changes.append(.removeChain(chain))
    }

    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError) {
        guard let packets = PacketRule(rule, name, chain) else {
            throw OperationError("add firewall rule to chain", chain, errno: EINVAL)
        }
        lastNumber += 1
        changes.append(.addRule(packets, to: chain, place(position, in: chain), id: lastNumber))
        contents[chain]?.insert(Entry(rule: rule, origin: .new(lastNumber)), at: position)
    }

    private func place(_ position: Int, in chain: String) -> PacketTableChange.RulePlace {
        guard let entries = contents[chain], position < entries.count else { return .atEnd }
        switch entries[position].origin {
        case .kernel(let handle): return .beforeHandle(handle)
        case .new(let number): return .beforeNew(number)
        }
    }

    func remove(at position: Int, from chain: String) throws(OperationError) {
        guard let entry = contents[chain]?.remove(at: position) else { return }
        guard case .kernel(let handle) = entry.origin else {
            // No change adds a rule and takes it away again.
            throw OperationError("remove firewall rule from chain", chain, errno: EINVAL)
        }
        changes.append(.removeRule(handle, from: chain))
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

// MARK: - Notes

extension RawRule {
    /// What a rule carries: itself. Opaque when it is no such note.
    fileprivate init(noted note: [UInt8]?) {
        self.init()
        guard let note, note.count == MemoryLayout<ciptables_rule>.size else { return }
        withUnsafeMutableBytes(of: &value) { $0.copyBytes(from: note) }
    }

    fileprivate var note: [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    func jumps(to chain: String) -> Bool {
        value.target == UInt8(CIPTABLES_JUMP) && RawRule.text(value.jump) == chain
    }
}

extension PacketRule {
    /// Nil of an opaque one.
    init?(_ raw: RawRule, _ table: FirewallTable, _ chain: String) {
        guard let rule = raw.decoded(table, chain), let action = Action(rule.target) else { return nil }
        var tests: [Test] = []
        if let source = rule.source { tests.append(.source(source.value, isNegated: source.isNegated)) }
        if let destination = rule.destination {
            tests.append(.destination(destination.value, isNegated: destination.isNegated))
        }
        if let input = rule.input { tests.append(.input(input.value, isNegated: input.isNegated)) }
        if let output = rule.output { tests.append(.output(output.value, isNegated: output.isNegated)) }
        if rule.transport != nil || rule.isICMP { tests.append(.transport(raw.value.protocol)) }
        if let ports = rule.ports { tests.append(.destinationPorts(ports)) }
        if rule.isToLocalAddress { tests.append(.isToThisHost) }
        if let states = rule.states { tests.append(.of(states)) }
        self.init(tests, action, comment: rule.comment ?? "", note: raw.note)
    }
}

extension PacketRule.Test {
    /// No rule of ours asks for both at once.
    fileprivate static func of(_ states: FirewallRule.Match<FirewallRule.States>) -> PacketRule.Test {
        // IPS_SRC_NAT and IPS_DST_NAT.
        let status: UInt32 = (states.value.contains(.snat) ? 16 : 0) | (states.value.contains(.dnat) ? 32 : 0)
        if status != 0 { return .status(status, isNegated: states.isNegated) }
        // The first four bits are the same ones; the next is what is not tracked.
        let state = UInt32(states.value.rawValue & 0xf) | (states.value.contains(.untracked) ? 64 : 0)
        return .state(state, isNegated: states.isNegated)
    }
}

extension PacketRule.Action {
    fileprivate init?(_ target: FirewallRule.Target) {
        switch target {
        case .accept: self = .accept
        case .drop: self = .drop
        case .return: self = .goBack
        case .jump(let chain): self = .jump(chain)
        case .masquerade: self = .masquerade
        case .snat(let address): self = .translateSource(address)
        case .dnat(let address, let ports, let base):
            self = .translateDestination(address, Self.ports(ports, base))
        }
    }

    /// One port is written as it is; several of which each becomes another one are a map.
    private static func ports(_ ports: ClosedRange<UInt16>?, _ base: UInt16?) -> Ports {
        guard let ports else { return .kept }
        return base.map { .moved(from: $0, to: ports) } ?? .any(of: ports)
    }
}
