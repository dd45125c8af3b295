/// Which of the kernel's firewalls has a network's rules, as `network create --firewall` calls it.
package enum FirewallBackend: String, Sendable, CaseIterable {
    /// The legacy tables.
    case iptables
    case nftables
    /// Nobody keeps networks apart, translates addresses or publishes ports.
    case none
}
