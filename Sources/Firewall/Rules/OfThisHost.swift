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
        families(hasIPv6: Files.exists("/proc/sys/net/ipv6"), filtersIPv6: IPTablesTable.filtersIPv6)
    }

    /// - Parameter filtersIPv6: whether there are legacy tables of IPv6; not asked where that is nothing to it.
    func families(hasIPv6: Bool, filtersIPv6: @autoclosure () -> Bool) -> [AddressFamily] {
        hasIPv6 && (self != .iptables || filtersIPv6()) ? AddressFamily.allCases : [.ipv4]
    }

    /// Where a rule that lets something pass goes in the legacy FORWARD, as iptables(8) is told: behind our own, which keep networks
    /// apart, and in front of a last one that may drop everything.
    package static func legacyPlace(of family: AddressFamily) -> String {
        guard let rules = (try? IPTablesTable(.filter(of: family)))?.rules(in: "FORWARD"), let last = rules.last else {
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
