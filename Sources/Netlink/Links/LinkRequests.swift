import Core

/// A link by one of its two names.
package enum LinkReference: Hashable, Sendable, CustomStringConvertible {
    case named(String)
    /// Valid in one network namespace only.
    case index(Int32)

    /// As errors show it.
    package var description: String {
        switch self {
        case .named(let name): name
        case .index(let index): "#\(index)"
        }
    }
}

/// A network namespace other than the socket's own.
package enum NetworkNamespaceReference: Hashable, Sendable {
    /// That of a process, in the numbers of the caller's pid namespace.
    case process(Int32)
    /// A descriptor of a /proc/PID/ns/net; it must stay open during the request.
    case descriptor(Int32)
}

/// A bridge to create.
package struct BridgeRequest: Equatable, Sendable {
    package var name: String
    /// A bridge without an address of its own takes the lowest of its ports', and changes it when they do.
    package var mac: MACAddress
    /// Bytes; nil leaves 1500.
    package var mtu: Int?
    /// Whose it is: what `ip link` shows as alias, at most 255 bytes.
    package var alias: String?
    /// Its own address in the network's subnet. Those of IPv6 have to wait until it may have any.
    package var address: Subnet?

    package init(
        name: String, mac: MACAddress, mtu: Int? = nil, alias: String? = nil, address: Subnet? = nil
    ) {
        self.name = name
        self.mac = mac
        self.mtu = mtu
        self.alias = alias
        self.address = address
    }
}

/// A veth pair to create: one end here and a port of a bridge, the other born in another namespace.
package struct VethRequest: Equatable, Sendable {
    /// Of the end here.
    package var name: String
    /// Index of the bridge.
    package var bridge: Int32
    /// Of the end here; nil: the kernel chooses one.
    package var mac: MACAddress?
    /// Bytes, of both ends; nil leaves 1500.
    package var mtu: Int?
    package var peerName: String
    package var peerMAC: MACAddress
    package var peerNamespace: NetworkNamespaceReference

    package init(
        name: String, bridge: Int32, mtu: Int? = nil, peerName: String = "eth0", peerMAC: MACAddress,
        peerNamespace: NetworkNamespaceReference
    ) {
        self.name = name
        self.bridge = bridge
        self.mtu = mtu
        self.peerName = peerName
        self.peerMAC = peerMAC
        self.peerNamespace = peerNamespace
    }
}

/// A veth pair that was created.
package struct VethPair: Equatable, Sendable {
    /// Index of the end here.
    package let index: Int32
    /// Index of the other end, in its own namespace.
    package let peerIndex: Int32
}

/// What a container's network namespace gets: `lo` up, one interface with an address of each family, default routes.
package struct ContainerNetworkRequest: Equatable, Sendable {
    package var interface: String
    /// Index of `interface` when it is known (`VethPair.peerIndex`): saves a look-up.
    package var index: Int32?
    package var addresses: [Subnet]
    /// Further ones, of the link alone (RFC 3927).
    package var others: [IPAddress] = []
    /// Of those families that have a default route.
    package var gateways: [IPAddress]
    /// Whether what is for elsewhere is sent by the link itself, and to none of them.
    package var routesByLink = false
    /// The gateways', for good: nobody else on the network can claim to be it. Nil: it is asked for when needed.
    package var gatewayMAC: MACAddress?

    package init(
        interface: String = "eth0", index: Int32? = nil, addresses: [Subnet], gateways: [IPAddress],
        gatewayMAC: MACAddress? = nil
    ) {
        self.interface = interface
        self.index = index
        self.addresses = addresses
        self.gateways = gateways
        self.gatewayMAC = gatewayMAC
    }
}
