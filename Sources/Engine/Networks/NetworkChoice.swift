import Core

/// One network that a container is to be on.
package struct NetworkChoice: Equatable, Sendable {
    /// `bridge`, `host`, `none`, `container:CONTAINER`, a name or an id.
    package var network: String
    package var address: IPAddress?
    package var address6: IPAddress?
    package var mac: MACAddress?
    package var aliases: [NetworkAlias]

    /// The one whose network it is to have.
    var container: String? {
        let prefix = "container:"
        return network.hasPrefix(prefix) ? String(network.dropFirst(prefix.count)) : nil
    }

    package init(
        _ network: String, address: IPAddress? = nil, mac: MACAddress? = nil, aliases: [NetworkAlias] = []
    ) {
        self.network = network
        self.address = address
        self.mac = mac
        self.aliases = aliases
    }
}
