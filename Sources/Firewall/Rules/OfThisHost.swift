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

    /// What this host has: the legacy tables, which most others use too, else nftables.
    package static var ofThisHost: FirewallBackend {
        if (try? IPTablesTable(.nat)) != nil { return .iptables }
        return (try? NFTablesTable(.nat)) != nil ? .nftables : .iptables
    }
}
