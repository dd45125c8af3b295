import Core
import Linux

extension FirewallBackend {
    package var firewall: any Firewall {
        switch self {
        case .iptables: IPTablesFirewall()
        case .nftables: NFTablesFirewall()
        case .none: NoFirewall()
        }
    }

    /// Those that it can have rules of on this host.
    package var families: [AddressFamily] {
        guard Files.exists("/proc/sys/net/ipv6") else { return [.ipv4] }
        return self == .iptables && !IPTablesTable.filtersIPv6 ? [.ipv4] : AddressFamily.allCases
    }

    /// Whether the legacy tables drop what is forwarded, and have no rule about an interface: what another firewall accepts is dropped
    /// there all the same.
    package static func legacyTablesDrop(forwardedBy interface: String) -> Bool {
        guard IPTablesTable.isUsed(.filter), let table = try? IPTablesTable(.filter), table.drops(in: "FORWARD") else {
            return false
        }
        return !table.rules(in: "FORWARD").contains { rule in
            [RawRule.text(rule.value.input), RawRule.text(rule.value.output)].contains(interface)
        }
    }

    /// What this host has: the legacy tables, which most others use too, else nftables.
    package static var ofThisHost: FirewallBackend {
        if (try? IPTablesTable(.nat)) != nil { return .iptables }
        return (try? NFTablesTable(.nat)) != nil ? .nftables : .iptables
    }
}
