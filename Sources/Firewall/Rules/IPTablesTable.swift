import CIPTables
import Core
import Glibc
import Linux

/// A table of the kernel's legacy iptables, or ip6tables.
final class IPTablesTable: KernelTable {
    typealias Syntax = IPTablesSyntax
    /// The kernel gives each table out whole, and takes it back so.
    struct Conversation: KernelConversation {}

    private let handle: OpaquePointer
    private let name: FirewallTable

    init(_ name: FirewallTable, _ scope: RuleScope, _ conversation: Conversation) throws(OperationError) {
        let (handle, failure) = IPTablesTable.open(name)
        guard let handle else { throw IPTablesTable.cannotOpen(name, errno: failure) }
        self.handle = handle
        self.name = name
    }

    deinit { ciptables_close(handle) }

    /// - Returns: the table, or else an errno.
    private static func open(_ name: FirewallTable) -> (handle: OpaquePointer?, failure: Int32) {
        var handle: OpaquePointer?
        let ipv6: Int32 = name.family == .ipv6 ? 1 : 0
        var result = ciptables_open(ipv6, name.name, &handle)
        if result == -ENOPROTOOPT || result == -ENOENT {
            // Nobody has used iptables since the machine started, and its modules are not loaded yet.
            for module in name.modules { ciptables_load_module(module) }
            result = ciptables_open(ipv6, name.name, &handle)
        }
        return (handle, -result)
    }

    /// The kernel would make a table by being asked about it.
    static func isUsed(_ table: FirewallTable) -> Bool {
        namesInUse(of: table.family).contains(table.name)
    }
    static func isUsed(_ table: FirewallTable, _ conversation: Conversation) -> Bool { isUsed(table) }

    /// Whether there can be rules of IPv6: the kernel has the tables, too. Asked once: where it has none, that loads modules in vain.
    static let filtersIPv6 = FirewallTable.all(of: .ipv6).allSatisfy(isOffered)

    private static func isOffered(_ table: FirewallTable) -> Bool {
        if isUsed(table) { return true }
        let (handle, failure) = open(table)
        guard let handle else { return !isMissing(errno: failure) }
        ciptables_close(handle)
        return true
    }

    /// Whether that is what an errno says of a table, or of its library.
    static func isMissing(errno: Int32) -> Bool { [ENOENT, ENOPROTOOPT, ELIBACC].contains(errno) }

    static func namesInUse(of family: AddressFamily) -> [String] {
        let file = family == .ipv4 ? "ip_tables_names" : "ip6_tables_names"
        return (Files.text("/proc/thread-self/net/\(file)") ?? "").split(separator: "\n").map(String.init)
    }

    /// One after the other, each as a whole.
    static func write(_ tables: [IPTablesTable]) throws(OperationError) -> TableRefusal? {
        for table in tables {
            try FaultPoint.pass("write firewall table", table.name.description)
            let failure = -ciptables_commit(table.handle)
            if failure != 0 { return TableRefusal(errno: failure, error: table.cannotCommit(errno: failure)) }
        }
        return nil
    }

    var chains: [String] {
        var names: [String] = []
        var next = ciptables_first_chain(handle)
        while let name = next {
            names.append(String(cString: name))
            next = ciptables_next_chain(handle)
        }
        return names
    }

    func contains(_ chain: String) -> Bool { ciptables_has_chain(handle, chain) != 0 }

    func create(_ chain: String) throws(OperationError) {
        try check(ciptables_create_chain(handle, chain), "create firewall chain", chain)
    }

    func delete(_ chain: String) throws(OperationError) {
        try check(ciptables_delete_chain(handle, chain), "remove firewall chain", chain)
    }

    func references(to chain: String) -> Int { Int(ciptables_references(handle, chain)) }

    func handle(at position: Int, in chain: String) -> UInt64? { nil }

    func rules(in chain: String) -> [RawRule] {
        let count = Int(ciptables_rules(handle, chain, nil, 0))
        let rules = [ciptables_rule](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = Int(ciptables_rules(handle, chain, buffer.baseAddress, Int32(count)))
        }
        return rules.map { RawRule($0) }
    }

    func insert(_ rule: RawRule, into chain: String, at position: Int) throws(OperationError) {
        let result = withUnsafePointer(to: rule.value) { ciptables_insert(handle, chain, Int32(position), $0) }
        try check(result, "add firewall rule to chain", chain)
    }

    func remove(at position: Int, from chain: String) throws(OperationError) {
        try check(ciptables_delete(handle, chain, Int32(position)), "remove firewall rule from chain", chain)
    }

    private func check(_ result: Int32, _ operation: String, _ chain: String) throws(OperationError) {
        guard result == 0 else { throw OperationError(operation, chain, errno: -result) }
    }
}

extension FirewallTable {
    /// Whose tables they are.
    fileprivate var tool: String { family == .ipv4 ? "iptables" : "ip6tables" }
    fileprivate var library: String { family == .ipv4 ? "libip4tc" : "libip6tc" }
    fileprivate var modules: [String] {
        family == .ipv4 ? ["ip_tables", "iptable_\(name)"] : ["ip6_tables", "ip6table_\(name)"]
    }
    fileprivate var option: String { "\(prefix)_" + (name == "nat" ? "NAT" : "FILTER") }
    private var prefix: String { "CONFIG_\(family == .ipv4 ? "IP" : "IP6")_NF" }

    /// What the kernel lacks, by an errno: ENOPROTOOPT says that it has no table of the family.
    fileprivate func lack(_ errno: Int32) -> (what: String, module: String) {
        let module = modules[errno == ENOPROTOOPT ? 0 : 1]
        guard errno == ENOPROTOOPT else {
            return ("the kernel has no legacy \(tool) for it (\(option), module \(module))", module)
        }
        let options = "\(prefix)_IPTABLES, of newer ones \(prefix)_IPTABLES_LEGACY"
        return ("the kernel has no legacy \(tool) (\(options), module \(module))", module)
    }

    /// What helps without a module: other networks have IPv4 at least.
    fileprivate var alternative: String {
        family == .ipv4
            ? "do without a bridge: --network none or --network host"
            : FirewallTable.otherBackend
    }
    fileprivate static var otherBackend: String { "use --firewall nftables with network create or network reload" }
}

// MARK: Failures

extension IPTablesTable {
    static func cannotOpen(_ table: FirewallTable, errno: Int32) -> OperationError {
        if errno == ELIBACC {
            return OperationError(
                "read \(table.tool) table", table.name, reason: "there is no \(table.library).so.2",
                remedy: "run: apt-get install \(table.library)2, or \(FirewallTable.otherBackend)")
        }
        guard isMissing(errno: errno) else {
            return OperationError("read \(table.tool) table", table.name, errno: errno)
        }
        let (what, module) = table.lack(errno)
        return OperationError(
            "read \(table.tool) table", table.name, reason: what,
            remedy: "run: modprobe \(module), or \(table.alternative)")
    }

    /// ENOENT is what the kernel answers to a match or target that it does not have: this says which.
    private func cannotCommit(errno: Int32) -> OperationError {
        if errno == EAGAIN {
            return OperationError(
                "write \(name.tool) table", name.name,
                reason: "another program keeps changing it without the xtables lock")
        }
        let missing = errno == ENOENT ? IPTablesTable.extensions.first { !$0.isThere(name.family) } : nil
        guard let missing else {
            return OperationError(
                "write \(name.tool) table", name.name, reason: String(cString: ciptables_explain(handle, errno)))
        }
        return missing.error(writing: name)
    }

    struct Extension {
        let name: String
        let isTarget: Bool
        let module: String
        let option: String

        func isThere(_ family: AddressFamily) -> Bool {
            ciptables_supports(family == .ipv6 ? 1 : 0, name, isTarget ? 1 : 0) != 0
        }

        func error(writing table: FirewallTable) -> OperationError {
            OperationError(
                "write \(table.tool) table", table.name,
                reason: "the kernel lacks the \(isTarget ? "target" : "match") \(name) (\(option), module \(module))",
                remedy: "run: modprobe \(module), or \(table.alternative)")
        }
    }

    static let extensions = [
        Extension(name: "tcp", isTarget: false, module: "xt_tcpudp", option: "CONFIG_NETFILTER_XTABLES"),
        Extension(
            name: "addrtype", isTarget: false, module: "xt_addrtype", option: "CONFIG_NETFILTER_XT_MATCH_ADDRTYPE"),
        Extension(
            name: "conntrack", isTarget: false, module: "xt_conntrack", option: "CONFIG_NETFILTER_XT_MATCH_CONNTRACK"),
        Extension(name: "comment", isTarget: false, module: "xt_comment", option: "CONFIG_NETFILTER_XT_MATCH_COMMENT"),
        Extension(name: "DNAT", isTarget: true, module: "xt_nat", option: "CONFIG_NETFILTER_XT_NAT"),
        Extension(name: "SNAT", isTarget: true, module: "xt_nat", option: "CONFIG_NETFILTER_XT_NAT"),
        Extension(
            name: "MASQUERADE", isTarget: true, module: "xt_MASQUERADE",
            option: "CONFIG_NETFILTER_XT_TARGET_MASQUERADE"),
    ]
}
