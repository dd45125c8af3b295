import CIPTables
import Core
import Glibc
import Linux

/// A table of the kernel's legacy iptables.
final class IPTablesTable: KernelTable {
    typealias Syntax = IPTablesSyntax
    static var shiftsRanges: Bool { true }

    private let handle: OpaquePointer
    private let name: FirewallTable

    init(_ name: FirewallTable) throws(OperationError) {
        var handle: OpaquePointer?
        var result = ciptables_open(name.rawValue, &handle)
        if result == -ENOPROTOOPT || result == -ENOENT {
            // Nobody has used iptables since the machine started, and its modules are not loaded yet.
            for module in ["ip_tables", "iptable_\(name.rawValue)"] { ciptables_load_module(module) }
            result = ciptables_open(name.rawValue, &handle)
        }
        guard result == 0, let handle else { throw IPTablesTable.cannotOpen(name, errno: -result) }
        self.handle = handle
        self.name = name
    }

    deinit { ciptables_close(handle) }

    /// The kernel would make a table by being asked about it.
    static func isUsed(_ table: FirewallTable) -> Bool {
        let names = Files.text("/proc/thread-self/net/ip_tables_names") ?? ""
        return names.split(separator: "\n").contains(table.rawValue[...])
    }

    /// Writes the table back whole.
    func commit() -> Int32 { -ciptables_commit(handle) }

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

    /// Whether a built-in chain drops what no rule decides on.
    func drops(in chain: String) -> Bool { ciptables_drops(handle, chain) != 0 }

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
        return [RawRule](unsafeUninitializedCapacity: count) { buffer, initialized in
            initialized = buffer.withMemoryRebound(to: ciptables_rule.self) { rules in
                Int(ciptables_rules(handle, chain, rules.baseAddress, Int32(count)))
            }
        }
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

// MARK: Failures

extension IPTablesTable {
    static func cannotOpen(_ table: FirewallTable, errno: Int32) -> OperationError {
        guard errno == ENOENT || errno == ENOPROTOOPT else {
            return OperationError("read iptables table", table.rawValue, errno: errno)
        }
        let option = table == .nat ? "CONFIG_IP_NF_NAT" : "CONFIG_IP_NF_FILTER"
        return OperationError(
            "read iptables table", table.rawValue,
            reason: "the kernel has no legacy iptables for it (\(option), module iptable_\(table.rawValue))",
            remedy: "run: modprobe iptable_\(table.rawValue), or do without a bridge: --network none or --network host")
    }

    /// ENOENT is what the kernel answers to a match or target that it does not have: this says which.
    func cannotCommit(errno: Int32) -> OperationError {
        if errno == EAGAIN {
            return OperationError(
                "write iptables table", name.rawValue,
                reason: "another program keeps changing it without the xtables lock")
        }
        let missing = errno == ENOENT ? IPTablesTable.extensions.first { !$0.isThere } : nil
        guard let missing else {
            return OperationError(
                "write iptables table", name.rawValue, reason: String(cString: ciptables_explain(errno)))
        }
        return missing.error(writing: name)
    }

    struct Extension {
        let name: String
        let isTarget: Bool
        let module: String
        let option: String

        var isThere: Bool { ciptables_supports(name, isTarget ? 1 : 0) != 0 }

        func error(writing table: FirewallTable) -> OperationError {
            OperationError(
                "write iptables table", table.rawValue,
                reason: "the kernel lacks the \(isTarget ? "target" : "match") \(name) (\(option), module \(module))",
                remedy: "run: modprobe \(module), or do without a bridge: --network none or --network host")
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
