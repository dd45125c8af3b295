import Core

/// One network that a container is to be on.
package struct NetworkChoice: Equatable, Sendable {
    /// `bridge`, `host`, `none`, a name or an id.
    package var network: String
    package var address: IPv4Address?
    package var mac: MACAddress?

    package init(_ network: String, address: IPv4Address? = nil, mac: MACAddress? = nil) {
        self.network = network
        self.address = address
        self.mac = mac
    }
}
