import Core
import Linux
import Netlink

/// Kernel settings of a bridge.
enum BridgeSettings {
    static let forwarding = "net/ipv4/ip_forward"

    private struct Setting {
        let family: String
        let name: String
        /// Where the kernel says it when it is asked about the link, so that no file need be read.
        let found: @Sendable (LinkSettings) -> UInt32?
        let value: UInt32
        /// Others may be missing on this host.
        var isRequired: Bool { family == "ipv4" }
    }

    private static let all = [
        // Published ports are reached by 127.0.0.1 too; the firewall keeps the containers from that way.
        Setting(family: "ipv4", name: "route_localnet", found: { $0.routeLocalnet }, value: 1),
        // Nothing comes from a bridge under an address that is not behind it, such as 127.0.0.2.
        Setting(family: "ipv4", name: "rp_filter", found: { $0.reversePathFilter }, value: 1),
        // Networks are IPv4 only, and no rule of ours looks at anything else.
        Setting(family: "ipv6", name: "disable_ipv6", found: { $0.disableIPv6 }, value: 1),
        // Should somebody need it on: a container must not route this host (CVE-2020-10749).
        Setting(family: "ipv6", name: "accept_ra", found: { $0.acceptRouterAdvertisements }, value: 0),
    ]

    static func areRight(_ settings: LinkSettings) -> Bool {
        all.allSatisfy { setting in
            let value = setting.found(settings)
            return value == setting.value || (value == nil && !setting.isRequired)
        }
    }

    static var isRouting: Bool { Sysctl.get(forwarding) == "1" }

    static func switchRoutingOn() throws(OperationError) { try Sysctl.set(forwarding, to: "1") }

    static func apply(to device: String) throws(OperationError) {
        for setting in wanted(of: device) {
            do throws(OperationError) {
                try Sysctl.set(setting.key, to: setting.value)
            } catch {
                if setting.isRequired { throw error }
            }
        }
    }

    /// - Returns: paths below /proc/sys, and what is to be there.
    static func wanted(of device: String) -> [(key: String, value: String, isRequired: Bool)] {
        all.map { ("net/\($0.family)/conf/\(device)/\($0.name)", String($0.value), $0.isRequired) }
    }
}
