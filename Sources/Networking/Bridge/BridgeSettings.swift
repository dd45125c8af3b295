import Core
import Linux
import Netlink

/// Kernel settings of a bridge.
enum BridgeSettings {
    private struct Setting {
        let family: String
        let name: String
        /// Where the kernel says it when it is asked about the link, so that no file need be read.
        let found: @Sendable (LinkSettings) -> UInt32?
        /// Nil: whatever it is.
        let value: UInt32?
        /// Others may be missing on this host.
        var isRequired = true
    }

    /// - Parameter families: of which this host is on the network.
    private static func all(families: Set<AddressFamily>) -> [Setting] {
        let hasIPv6 = families.contains(.ipv6)
        return [
            // Published ports are reached by 127.0.0.1 too; the firewall keeps the containers from that way.
            Setting(
                family: "ipv4", name: "route_localnet", found: { $0.routeLocalnet },
                value: families.contains(.ipv4) ? 1 : 0),
            // Nothing comes from a bridge under an address that is not behind it, such as 127.0.0.2.
            Setting(family: "ipv4", name: "rp_filter", found: { $0.reversePathFilter }, value: 1),
            // Where this host has no address on the bridge, nobody there learns by ARP which ones it has elsewhere.
            Setting(
                family: "ipv4", name: "arp_ignore", found: { $0.ignoresARP },
                value: families.contains(.ipv4) ? nil : 1),
            // A container must not route this host (CVE-2020-10749).
            Setting(
                family: "ipv6", name: "accept_ra", found: { $0.acceptRouterAdvertisements }, value: 0,
                isRequired: hasIPv6),
            // The bridge's own addresses are nobody else's.
            Setting(
                family: "ipv6", name: "accept_dad", found: { $0.asksForDuplicates }, value: hasIPv6 ? 0 : nil,
                isRequired: hasIPv6),
            // Where a network has none, no rule of ours looks at it.
            Setting(
                family: "ipv6", name: "disable_ipv6", found: { $0.disableIPv6 }, value: hasIPv6 ? 0 : 1,
                isRequired: hasIPv6),
        ]
    }

    static func areRight(_ settings: LinkSettings, families: Set<AddressFamily>) -> Bool {
        all(families: families).allSatisfy { setting in
            let value = setting.found(settings)
            return setting.value == nil || value == setting.value || (value == nil && !setting.isRequired)
        }
    }

    static func apply(to device: String, families: Set<AddressFamily>) throws(OperationError) {
        for setting in wanted(of: device, families: families) {
            do throws(OperationError) {
                try Sysctl.set(setting.key, to: setting.value)
            } catch {
                if setting.isRequired { throw error }
            }
        }
    }

    /// - Returns: paths below /proc/sys, and what is to be there.
    static func wanted(
        of device: String, families: Set<AddressFamily>
    ) -> [(key: String, value: String, isRequired: Bool)] {
        all(families: families).compactMap { setting in
            setting.value.map {
                ("net/\(setting.family)/conf/\(device)/\(setting.name)", String($0), setting.isRequired)
            }
        }
    }
}

extension NetworkDefinition {
    /// Those of which its bridge is set up.
    var settledFamilies: Set<AddressFamily> { Set(gateways.map(\.family)) }
}
