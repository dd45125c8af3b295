import Core

/// What `network create` was asked to do.
package struct NetworkRequest: Sendable {
    package var name: String
    package var driver = "bridge"
    /// At most one of each family. Host form (`192.168.10.1/24`, the host part is the gateway) or network form; none
    /// picks a free one.
    package var subnets: [Subnet] = []
    package var gateways: [IPAddress] = []
    /// Containers get addresses of these families.
    package var hasIPv4 = true
    package var hasIPv6 = false
    /// Whether they get any at all (`--ipam-driver`).
    package var givesAddresses = true
    package var ranges: [AddressRange] = []
    /// By the names of those that have them.
    package var auxiliary: [String: IPAddress] = [:]
    package var options = NetworkOptions()
    package var isInternal = false
    /// Nothing is made: others are to be made like it.
    package var isConfigOnly = false
    /// The one that it is to be made like.
    package var configFrom: String?
    package var isAttachable = false
    /// Nil is the one that this host has.
    package var firewall: FirewallBackend?
    package var labels: [String: String] = [:]
    /// One that is there will do, whatever it is like.
    package var ignoresExisting = false

    package init(name: String) { self.name = name }
}
