import CIPTables
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

    /// Where a rule that lets something pass goes in the legacy FORWARD, as iptables(8) is told: behind our own, which keep networks
    /// apart, and in front of a last one that may drop everything.
    package static var legacyPlace: String {
        guard let rules = (try? IPTablesTable(.filter))?.rules(in: "FORWARD"), let last = rules.last else {
            return "-A FORWARD"
        }
        var drop = RawRule()
        drop.value.target = UInt8(CIPTABLES_DROP)
        return last.isOpaque || last == drop ? "-I FORWARD \(rules.count)" : "-A FORWARD"
    }

    /// What this host has: the legacy tables, which most others use too, else nftables.
    package static var ofThisHost: FirewallBackend {
        if (try? IPTablesTable(.nat)) != nil { return .iptables }
        return (try? NFTablesTable(.nat)) != nil ? .nftables : .iptables
    }
}
