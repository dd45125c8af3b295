import CIPTables
import Core
import Linux
import Netlink

/// The legacy tables, whoever has filled them.
package enum LegacyTables {
    /// Those that somebody has used: one that nobody has used would be made by asking about it.
    package static func read(of family: AddressFamily) throws(OperationError) -> [TraceableTable] {
        var tables: [TraceableTable] = []
        for name in IPTablesTable.namesInUse(of: family).sorted() where priorities[name] != nil {
            // Without the library no program here has put rules there.
            if ciptables_has_library(family == .ipv6 ? 1 : 0) == 0 { return [] }
            tables.append(try read(name, family))
        }
        return tables
    }

    /// That of filters; nil where nobody has used it, or where it cannot be read.
    package static func filter(of family: AddressFamily) -> TraceableTable? {
        guard IPTablesTable.isUsed(.filter(of: family)) else { return nil }
        return try? read("filter", family)
    }

    /// Of packets in general, and of sources that are translated (<linux/netfilter_ipv4.h>).
    private static let priorities: [String: Int32] = [
        "raw": -300, "mangle": -150, "nat": -100, "filter": 0, "security": 50,
    ]
    private static let sourceTranslation: Int32 = 100

    private static let places: [String: PacketHook.Place] = [
        "PREROUTING": .prerouting, "INPUT": .input, "FORWARD": .forward, "OUTPUT": .output, "POSTROUTING": .postrouting,
    ]

    private static func read(_ name: String, _ family: AddressFamily) throws(OperationError) -> TraceableTable {
        var handle: OpaquePointer?
        let result = ciptables_open(family == .ipv6 ? 1 : 0, name, &handle)
        guard result == 0, let handle else { throw OperationError("read iptables table", name, errno: -result) }
        defer { ciptables_close(handle) }
        var chains: [String] = []
        var next = ciptables_first_chain(handle)
        while let chain = next {
            chains.append(String(cString: chain))
            next = ciptables_next_chain(handle)
        }
        return TraceableTable(
            "\(family == .ipv4 ? "iptables" : "ip6tables")-legacy \(name)",
            chains.map { chain in
                TraceableChain(
                    chain, hook(of: chain, in: name), drops: ciptables_drops(handle, chain) != 0,
                    rules(chain, handle, family))
            })
    }

    private static func hook(of chain: String, in table: String) -> TraceableChain.Hook? {
        guard let place = places[chain], let priority = priorities[table] else { return nil }
        let isOfSources = table == "nat" && (place == .postrouting || place == .input)
        return TraceableChain.Hook(
            place, priority: isOfSources ? sourceTranslation : priority, translates: table == "nat")
    }

    private static func rules(_ chain: String, _ handle: OpaquePointer, _ family: AddressFamily) -> [LegacyRule] {
        var rules: [LegacyRule] = []
        var size: Int32 = 0
        var target: UnsafePointer<CChar>?
        var next = ciptables_first_entry(handle, chain, &size, &target)
        while let entry = next {
            let bytes = UnsafeRawBufferPointer(start: entry, count: Int(size))
            rules.append(
                LegacyRule(PacketBytes(bytes), family, target: target.map { String(cString: $0) } ?? ""))
            next = ciptables_next_entry(handle, entry, &size, &target)
        }
        return rules
    }
}
