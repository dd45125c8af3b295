/// A container's place on a network: what has to be undone when it leaves.
package struct Endpoint: Equatable, Sendable {
    /// Whose the firewall rules are. The endpoint that a container began with has the container's own id, so that the host's
    /// end of its link is called by that.
    package var id: EndpointID
    /// The network's.
    package var driver = "bridge"
    package var firewall = FirewallBackend.iptables
    package var network: Name
    package var networkID: ContainerID
    /// The container's address in the network's subnet; nil: it has none of IPv4.
    package var address: Subnet?
    /// What is leased for it where it has none.
    package var standIn: IPAddress?
    package var gateway: IPAddress?
    /// The same of IPv6; nil: the network has none.
    package var address6: Subnet?
    package var gateway6: IPAddress?
    package var mac: MACAddress
    /// The host's end of the veth pair; longer than 5 digits where another link is called so.
    package var hostInterface: String
    /// Inside: `eth0`.
    package var interface: String
    package var bridge: String
    package var mtu: Int?
    package var ports: [PortMapping]
    /// Where its addresses of a family are not translated: ports at which it is reached at these. That of this host is the same one,
    /// and stands for the family.
    package var openPorts: [PortMapping] = []
    /// What others call the container on this network, beside its name.
    package var aliases: [NetworkAlias] = []
    /// Further addresses, of the link alone.
    package var linkLocal: [IPAddress] = []
    /// Whether the gateway's address is this host's.
    package var isGatewayOfHost = true
    /// Whom alone it may send to, at the MAC address that goes with the address: this host. Nil: all on the network.
    package var onlyPeer: IPAddress?
    package var onlyPeer6: IPAddress?
    /// That of the network's options: of macvlan and ipvlan how members reach each other, of a bridge whether it is somebody else's.
    package var mode: String?
    /// What is for elsewhere goes by the network with the greatest one, among those that lead there.
    package var gatewayPriority = 0

    package init(
        id: EndpointID, network: Name, networkID: ContainerID, address: Subnet?, gateway: IPAddress?, mac: MACAddress,
        interface: String, bridge: String, mtu: Int?, ports: [PortMapping]
    ) {
        self.id = id
        self.network = network
        self.networkID = networkID
        self.address = address
        self.gateway = gateway
        self.mac = mac
        hostInterface = Self.hostInterfaces(id)[0]
        self.interface = interface
        self.bridge = bridge
        self.mtu = mtu
        self.ports = ports
    }

    /// What the host's end may be called: by the first 5 digits of the id, by 5 and 10 more where another link has that
    /// name, and then by 15 further on. The links of earlier rounds may be there for some milliseconds still.
    package static func hostInterfaces(_ id: EndpointID) -> [String] {
        [5, 10].map { String(id.hex.prefix($0)) }
            + stride(from: 0, through: 45, by: 5).map { String(id.hex.dropFirst($0).prefix(15)) }
    }

    /// What is leased for it: its own address of IPv4 or what stands in for that, and what goes with its address of IPv6.
    package var leases: [IPAddress] {
        let own = address?.address ?? standIn
        let space = address?.network ?? NetworkDefinition.leaseSpace(beside: address6)
        let second = address6.flatMap { $0.network.counterpart(of: $0.address, in: space) }
        return [own, second == own ? nil : second].compactMap { $0 }
    }

    /// Whether the firewall has rules of it.
    package var publishes: Bool { !ports.isEmpty || !openPorts.isEmpty }

    /// Those that are answered at `::1`, too: what is to connect to `localhost` often tries that first. Where it has an address of
    /// IPv6, they are published there anyway.
    package var portsAtLoopback: [PortMapping] {
        guard address6 == nil, address != nil else { return [] }
        // Asked for in each turn of a supervisor, and there may be thousands of ports: few are of IPv6.
        let others = ports.filter { $0.hostAddress.family == .ipv6 }
        return ports.filter { $0.hostAddress == .anyIPv4 && $0.transport != .sctp }.map {
            PortMapping(
                hostAddress: .loopbackIPv6, hostPort: $0.hostPort, containerPort: $0.containerPort,
                transport: $0.transport)
        }.filter { port in !others.contains { $0.collides(with: port) } }
    }

    /// Its places in the network's subnets.
    package var subnets: [Subnet] { [address, address6].compactMap { $0 } }
    package var gateways: [IPAddress] { [gateway, gateway6].compactMap { $0 } }
    package var addresses: [IPAddress] { subnets.map(\.address) }
    /// Those that it has an address of.
    package var families: [AddressFamily] { subnets.map(\.family) }
    package func gateway(of family: AddressFamily) -> IPAddress? { family == .ipv4 ? gateway : gateway6 }

    /// Whether containers know each other by names there: not on the predefined network, as in Docker.
    package var hasNames: Bool { !network.isOfPredefinedNetwork }

    /// For a further link: whatever stood in the way of the short name may be gone.
    package mutating func resetHostInterface() { hostInterface = Self.hostInterfaces(id)[0] }
}

/// A port by which a container is reached: one of this host, or its own.
package struct PublishedPort: Equatable, Sendable {
    package let mapping: PortMapping
    /// At the container's own addresses, of the family that the mapping's says.
    package let isOwn: Bool

    package init(_ mapping: PortMapping, isOwn: Bool) {
        self.mapping = mapping
        self.isOwn = isOwn
    }

    /// `80/tcp`
    package var name: String { "\(mapping.containerPort)/\(mapping.transport.rawValue)" }
}

extension [Endpoint] {
    /// In their order.
    package var publishedPorts: [PublishedPort] {
        let ports = flatMap(\.ports).map { PublishedPort($0, isOwn: false) }
        let own = flatMap(\.openPorts).map { PublishedPort($0, isOwn: true) }
        return (ports + own).sorted { $0.mapping < $1.mapping }
    }
}

extension Endpoint: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init(
            // Of version 1: whoever knows the container's fills it in.
            id: try reader.optionalText("id", EndpointID.init) ?? .unknown,
            network: try reader.text("network", Name.init), networkID: try reader.text("networkID", ContainerID.init),
            address: try reader.optionalText("address", Subnet.init),
            gateway: try reader.optionalText("gateway", IPAddress.init),
            mac: try reader.text("mac", MACAddress.init),
            interface: try reader.optionalText("interface") { $0.isInterfaceName ? $0 : nil } ?? "eth0",
            bridge: try reader.text("bridge") { $0.isInterfaceName ? $0 : nil },
            mtu: try reader.optional("mtu") { $0.int.map { Int($0) } },
            ports: try reader.objects("ports", PortMapping.init))
        // Of before there were others.
        driver = try reader.optional("driver", \.string) ?? "bridge"
        firewall = try reader.optionalText("firewall", FirewallBackend.init) ?? .iptables
        address6 = try reader.optionalText("address6", Subnet.init)
        standIn = try reader.optionalText("standIn", IPAddress.init)
        if address == nil, standIn == nil { throw RecordError("address is missing") }
        gateway6 = try reader.optionalText("gateway6", IPAddress.init)
        aliases = try reader.optionalTexts("aliases", NetworkAlias.init)
        openPorts = try reader.optionalObjects("openPorts", PortMapping.init)
        hostInterface = try reader.text("hostInterface") { $0.isInterfaceName ? $0 : nil }
        linkLocal = try reader.optionalTexts("linkLocal", IPAddress.init)
        isGatewayOfHost = try reader.optional("gatewayOfHost", \.bool) ?? true
        mode = try reader.optional("mode", \.string)
        onlyPeer = try reader.optionalText("onlyPeer", IPAddress.init)
        onlyPeer6 = try reader.optionalText("onlyPeer6", IPAddress.init)
        gatewayPriority = Int(try reader.optionalInt("gatewayPriority", in: EndpointWish.priorities) ?? 0)
    }

    package var json: JSON {
        let usual: JSON = [
            "id": .string(id.hex), "driver": .string(driver), "network": .string(network.text),
            "networkID": .string(networkID.hex),
            "address": .optional(address?.description), "gateway": .optional(gateway?.description),
            "mac": .string(mac.description), "hostInterface": .string(hostInterface),
            "interface": .string(interface), "bridge": .string(bridge),
            "mtu": .optional(mtu), "ports": .array(ports.map(\.json)),
        ]
        return usual.with([
            ("firewall", firewall == .iptables ? nil : .string(firewall.rawValue)),
            ("address6", address6.map { .string($0.description) }),
            ("standIn", standIn.map { .string($0.description) }),
            ("gateway6", gateway6.map { .string($0.description) }),
            ("aliases", aliases.isEmpty ? nil : .strings(aliases.map(\.description))),
            ("openPorts", openPorts.isEmpty ? nil : .array(openPorts.map(\.json))),
            ("linkLocal", linkLocal.isEmpty ? nil : .strings(linkLocal.map(\.description))),
            ("gatewayOfHost", isGatewayOfHost ? JSON?.none : false),
            ("onlyPeer", onlyPeer.map { .string($0.description) }),
            ("onlyPeer6", onlyPeer6.map { .string($0.description) }),
            ("mode", mode.map { .string($0) }),
            ("gatewayPriority", gatewayPriority == 0 ? nil : .number(gatewayPriority)),
        ])
    }
}
