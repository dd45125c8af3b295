import Core
import Linux
import Netlink

/// Kernel settings of a bridge.
enum BridgeSettings {
    static let forwarding = "net/ipv4/ip_forward"

    /// All but `required` may be missing on this host.
    private static func settings(of device: String) -> [(key: String, value: String, isRequired: Bool)] {
        [
            // Published ports are reached by 127.0.0.1 too; the firewall keeps the containers from that way.
            ("net/ipv4/conf/\(device)/route_localnet", "1", true),
            // Nothing comes from a bridge under an address that is not behind it, such as 127.0.0.2.
            ("net/ipv4/conf/\(device)/rp_filter", "1", true),
            // Networks are IPv4 only, and no rule of ours looks at anything else.
            ("net/ipv6/conf/\(device)/disable_ipv6", "1", false),
            // Should somebody need it on: a container must not route this host (CVE-2020-10749).
            ("net/ipv6/conf/\(device)/accept_ra", "0", false),
        ]
    }

    static func areRight(_ device: String) -> Bool {
        settings(of: device).allSatisfy { setting in
            let value = Sysctl.get(setting.key)
            return value == setting.value || (value == nil && !setting.isRequired)
        }
    }

    static func apply(to device: String) throws(OperationError) {
        try Sysctl.set(forwarding, to: "1")
        for setting in settings(of: device) {
            do throws(OperationError) {
                try Sysctl.set(setting.key, to: setting.value)
            } catch {
                if setting.isRequired { throw error }
            }
        }
    }
}

extension Endpoint {
    /// What its port lets in.
    func port(_ index: Int32) -> PortRequest {
        PortRequest(
            name: hostInterface, index: index, mac: mac, address: address.address, hairpin: !ports.isEmpty,
            // A link whose packets are too small for it has none (RFC 8200, section 5).
            hostHasIPv6: mtu ?? 1500 >= 1280 && Files.exists("/proc/sys/net/ipv6"))
    }
}
