import Core

extension FirewallBackend {
    package var firewall: any Firewall {
        switch self {
        case .iptables: IPTablesFirewall()
        case .nftables: NFTablesFirewall()
        case .none: NoFirewall()
        }
    }

    /// What this host has: the legacy tables, which most others use too, else nftables.
    package static var ofThisHost: FirewallBackend {
        if (try? IPTablesTable(.nat)) != nil { return .iptables }
        return (try? NFTablesTable(.nat)) != nil ? .nftables : .iptables
    }
}
