import Core
import Firewall
import Netlink

/// What this host has of bridge networks, as far as somebody has looked.
package struct ObservedBridges: Sendable {
    struct Link: Equatable, Sendable {
        let info: LinkInfo
        /// Nil when nobody asked.
        var addresses: [Subnet]?
        /// Of a port of a bridge; nil when nobody asked.
        var port: PortState?

        init(_ info: LinkInfo, addresses: [Subnet]? = nil, port: PortState? = nil) {
            self.info = info
            self.addresses = addresses
            self.port = port
        }
    }

    var links: [Link] = []
    /// The families of which this host forwards packets.
    var routed = Set(AddressFamily.allCases)
    /// Bridges that Docker's chain for others does not let through, though it is there; and those that it has rules about.
    var unadmitted: [AddressFamily: Set<String>] = [:]
    var admitted: [AddressFamily: Set<String>] = [:]
    /// Bridges that are in no zone of firewalld's, though it runs.
    var unzoned: Set<String> = []
    /// From the intents of the networks whose bridge is among `links`.
    var firewall = FirewallDifferences()

    package init() {}

    func link(_ name: String) -> Link? { links.first { $0.info.name == name } }

    /// That of `network`, by name and alias.
    func bridge(of network: NetworkDefinition) -> Link? {
        links.first { $0.info.name == network.device && $0.info.alias == network.alias }
    }
}

extension LinkInfo {
    /// A network's, whichever it is.
    var isOwnBridge: Bool { kind == "bridge" && alias?.hasPrefix(BridgeAlias.prefix) == true }
}
