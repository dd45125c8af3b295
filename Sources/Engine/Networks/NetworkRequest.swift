import Core

/// What `network create` was asked to do.
package struct NetworkRequest: Sendable {
    package var name: String
    package var driver = "bridge"
    /// Host form (`192.168.10.1/24`, the host part is the gateway) or network form; nil picks a free one.
    package var subnet: Subnet?
    package var gateway: IPAddress?
    /// The same of IPv6; nil picks one where `hasIPv6`.
    package var subnet6: Subnet?
    package var gateway6: IPAddress?
    /// Containers get an address of IPv6 besides.
    package var hasIPv6 = false
    package var mtu: Int?
    /// The bridge's name; nil is the network's own where the kernel takes that.
    package var device: String?
    package var isInternal = false
    /// Nil is the one that this host has.
    package var firewall: FirewallBackend?
    package var labels: [String: String] = [:]
    /// One that is there will do, whatever it is like.
    package var ignoresExisting = false

    package init(name: String) { self.name = name }
}
