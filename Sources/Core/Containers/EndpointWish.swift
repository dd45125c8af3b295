/// One network that a container is to be on, as it was asked for.
package struct EndpointWish: Equatable, Sendable {
    package var network: Name
    /// Nil: any that is free.
    package var address: IPAddress?
    /// Of IPv6; nil: the one that goes with the other.
    package var address6: IPAddress?
    /// Nil: one that follows from the address.
    package var mac: MACAddress?
    /// What is published of the container goes by one endpoint, the first one.
    package var publish: [PublishRequest] = []
    /// What others call it there, beside its own name.
    package var aliases: [NetworkAlias] = []
    /// Further addresses, of the link alone.
    package var linkLocal: [IPAddress] = []
    /// What is for elsewhere goes by the network with the greatest one, among those that lead there.
    package var gatewayPriority = 0
    /// Nil: the network's prefix and a number.
    package var interface: String?

    /// Docker's: those of a 32-bit number.
    package static let priorities: ClosedRange<Int64> = Int64(Int32.min)...Int64(Int32.max)

    package init(
        network: Name, address: IPAddress? = nil, mac: MACAddress? = nil, aliases: [NetworkAlias] = []
    ) {
        self.network = network
        self.address = address
        self.mac = mac
        self.aliases = aliases
    }
}

extension EndpointWish: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        network = try reader.text("network", Name.init)
        address = try reader.optionalText("address", IPAddress.init)
        address6 = try reader.optionalText("address6", IPAddress.init)
        mac = try reader.optionalText("mac", MACAddress.init)
        publish = try reader.objects("publish", PublishRequest.init)
        aliases = try reader.optionalTexts("aliases", NetworkAlias.init)
        linkLocal = try reader.optionalTexts("linkLocal") { IPAddress($0).flatMap { $0.isLinkLocal ? $0 : nil } }
        gatewayPriority = Int(try reader.optionalInt("gatewayPriority", in: Self.priorities) ?? 0)
        interface = try reader.optionalText("interface") { $0.isInterfaceName ? $0 : nil }
    }

    package var json: JSON {
        let usual: JSON = [
            "network": .string(network.text), "address": .optional(address?.description),
            "mac": .optional(mac?.description), "publish": .array(publish.map(\.json)),
        ]
        return usual.with([
            ("address6", address6.map { .string($0.description) }),
            ("aliases", aliases.isEmpty ? nil : .strings(aliases.map(\.description))),
            ("linkLocal", linkLocal.isEmpty ? nil : .strings(linkLocal.map(\.description))),
            ("gatewayPriority", gatewayPriority == 0 ? nil : .number(gatewayPriority)),
            ("interface", interface.map { .string($0) }),
        ])
    }
}

extension [EndpointWish] {
    /// The one by which ports are published: that with the greatest priority, the first one of equals.
    package var leading: Index? { leading(where: { _ in true }) }

    /// The same of some of them.
    package func leading(where isMeant: (Index) -> Bool) -> Index? {
        indices.filter(isMeant).max { (self[$0].gatewayPriority, -$0) < (self[$1].gatewayPriority, -$1) }
    }
}

extension [Endpoint] {
    /// The one by which ports are published; nil where none leads elsewhere.
    package var leading: Index? { first { !$0.gateways.isEmpty } }
    /// The one by which is sent what is for elsewhere, of one family.
    package func leading(_ family: AddressFamily) -> Index? { first { $0.gateway(of: family) != nil } }

    /// The families of which what is for elsewhere goes by one of them.
    package func families(ledBy index: Index) -> Set<AddressFamily> {
        Set(AddressFamily.allCases.filter { leading($0) == index })
    }

    /// Of those that lead there, the one with the greatest priority, the first one of equals.
    private func first(where leads: (Endpoint) -> Bool) -> Index? {
        indices.filter { leads(self[$0]) }.max { (self[$0].gatewayPriority, -$0) < (self[$1].gatewayPriority, -$1) }
    }
}

/// How a container is connected.
package enum NetworkMode: Equatable, Sendable {
    /// Its own 127.0.0.1 and nothing else.
    case none
    /// The host's network is its own.
    case host
    /// The one that another container has.
    case container(ContainerID)
    /// The one that a file stands for, such as those of ip-netns(8): an absolute path.
    case namespace(String)
    /// On any number of networks; at the moment it may be on none of them.
    case networks([EndpointWish])

    package var wishes: [EndpointWish] {
        if case .networks(let wishes) = self { wishes } else { [] }
    }

    /// Whether containers find each other by names there.
    package var hasNames: Bool { wishes.contains { !$0.network.isOfPredefinedNetwork } }

    /// Whether a network namespace is made for it.
    package var hasOwnNamespace: Bool {
        switch self {
        case .none, .networks: true
        case .host, .container, .namespace: false
        }
    }

    /// Of all networks; or the mode's own.
    package var names: [String] {
        if case .networks(let wishes) = self { wishes.map(\.network.text) } else { [text] }
    }

    /// As `--network` has it: the first network.
    package var text: String {
        switch self {
        case .none: "none"
        case .host: "host"
        case .container(let id): "container:\(id)"
        case .namespace(let path): "ns:\(path)"
        case .networks(let wishes): wishes.first?.network.text ?? "none"
        }
    }
}

extension NetworkMode: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        switch try reader.string("mode") {
        case "none": self = .none
        case "host": self = .host
        case "container": self = .container(try reader.text("container", ContainerID.init))
        case "namespace": self = .namespace(try reader.text("path") { $0.hasPrefix("/") ? $0 : nil })
        case "networks": self = .networks(try reader.objects("endpoints", EndpointWish.init))
        default: throw RecordError("mode is not valid")
        }
    }

    package var json: JSON {
        switch self {
        case .none: ["mode": "none"]
        case .host: ["mode": "host"]
        case .container(let id): ["mode": "container", "container": .string(id.hex)]
        case .namespace(let path): ["mode": "namespace", "path": .string(path)]
        case .networks(let wishes): ["mode": "networks", "endpoints": .array(wishes.map(\.json))]
        }
    }

    /// Of a container's record.
    init(of reader: RecordReader) throws(RecordError) {
        let mode = try reader.optionalObject("networking") { mode throws(RecordError) in try NetworkMode(mode) }
        if let mode { self = mode } else { try self.init(version1: reader) }
    }

    /// Of a record of version 1: one network by name, and what was asked of it elsewhere.
    private init(version1 reader: RecordReader) throws(RecordError) {
        guard let network = try reader.optional("network", \.string) else { throw RecordError("networking is missing") }
        switch network {
        case "none": self = .none
        case "host": self = .host
        default:
            var wish = EndpointWish(network: try reader.text("network", Name.init))
            let asked = try reader.optionalObject("asked") { asked throws(RecordError) in
                (
                    try asked.optionalText("address", IPAddress.init), try asked.optionalText("mac", MACAddress.init),
                    try asked.objects("publish", PublishRequest.init)
                )
            }
            if let asked { (wish.address, wish.mac, wish.publish) = asked }
            self = .networks([wish])
        }
    }
}
