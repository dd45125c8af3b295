import Core
import Linux

/// Whether rules of IP are asked about what goes from port to port of a bridge (br_netfilter; of one network namespace).
/// Docker switches that on.
enum BridgeNetfilter {
    static func setting(_ family: AddressFamily) -> String {
        family == .ipv4 ? "bridge-nf-call-iptables" : "bridge-nf-call-ip6tables"
    }

    static func isOn(_ family: AddressFamily) -> Bool { Sysctl.get("net/bridge/\(setting(family))") == "1" }
}
