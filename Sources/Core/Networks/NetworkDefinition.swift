/// A network as it was created: kept until it is removed.
package struct NetworkDefinition: Equatable, Sendable {
    package let id: ContainerID
    package let name: Name
    package let driver: String
    /// The gateway's own address in the subnet: `192.168.10.1/24`; nil: the network has none of IPv4.
    package let gateway: Subnet?
    /// The same of IPv6, `fd00::1/64`; nil: the network has none.
    package var gateway6: Subnet?
    /// The bridge device.
    package let device: String
    package let isInternal: Bool
    package private(set) var labels: [String: String]
    package let created: Timestamp
    /// Who has its rules.
    package var firewall = FirewallBackend.iptables
    /// Who had them, while they move: it may have some still.
    package var formerFirewall: FirewallBackend?
    /// Whether members are given addresses; else whoever is inside sees to that (`--ipam-driver null`).
    package var givesAddresses = true
    /// What addresses are chosen from, of a family; the whole subnet where there is none of it.
    package var ranges: [AddressRange] = []
    /// Addresses of the subnet that are somebody else's, by the names of those (`--aux-address`).
    package var auxiliary: [String: IPAddress] = [:]
    package var options = NetworkOptions()
    /// As it was asked for: any container may be on it in any case.
    package var isAttachable = false
    /// The network that it was made like; that is one of those that are there for nothing else.
    package var configFrom: Name?
    /// Of one of them the families that others made like it have, where these are not those that are usual.
    package private(set) var modelFamilies: [AddressFamily]?
    /// Whether it is one of them: nothing of it is made.
    package var isConfigOnly: Bool { driver == "null" }
    /// Of those the device, where none is named.
    package static let noDevice = "-"
    /// What releases before have written for none.
    private static let noGateway = Subnet(.anyIPv4, 0)
    /// What its record and its files are called by: its id, or its name where the release before has made it.
    package private(set) var key: String

    package init(
        id: ContainerID, name: Name, driver: String, gateway: Subnet?, device: String, mtu: Int?, isInternal: Bool,
        labels: [String: String], created: Timestamp
    ) {
        self.id = id
        self.name = name
        self.driver = driver
        self.gateway = gateway
        self.device = device
        options.mtu = mtu
        options.device = Self.option(device, driver)
        self.isInternal = isInternal
        self.labels = labels
        self.created = created
        key = id.hex
    }

    /// The same with other labels.
    package func labelled(_ labels: [String: String]) -> NetworkDefinition {
        var network = self
        network.labels = labels
        return network
    }

    package var subnet: Subnet? { gateway?.network }
    /// Its addresses on the bridge.
    package var gateways: [Subnet] { [gateway, gateway6].compactMap { $0 } }
    /// Whether what members send gets further than to each other and this host.
    package var hasWayOut: Bool { !isInternal && !gateways.isEmpty }
    /// Whether members have a default route by it, where it leads.
    package var leadsOut: Bool { hasWayOut && options.hasDefaultRoute }
    /// Those that it has addresses of; or may have, where it gives none.
    package var families: [AddressFamily] { givesAddresses ? gateways.map(\.family) : AddressFamily.allCases }
    /// Those that it was made for.
    package var enabledFamilies: [AddressFamily] {
        if isConfigOnly { return modelFamilies ?? usualModelFamilies }
        return givesAddresses && !(isBuiltIn && gateways.isEmpty) ? families : [.ipv4]
    }
    private var usualModelFamilies: [AddressFamily] { [.ipv4] + (gateway6 == nil ? [] : [.ipv6]) }
    /// Of one that others are made like.
    package mutating func setModelFamilies(_ families: [AddressFamily]) {
        modelFamilies = families == usualModelFamilies ? nil : families
    }
    /// What leases are of: the addresses of IPv4, or numbers that stand for members where there are none.
    package var leaseSpace: Subnet { subnet ?? Self.leaseSpace(beside: subnet6) }
    /// - Parameter subnet6: for each number of the space there is an address of it.
    static func leaseSpace(beside subnet6: Subnet?) -> Subnet {
        Subnet(.anyIPv4, max(16, (subnet6?.prefixLength ?? 0) - 96))
    }
    /// Those of them that are this host's.
    package var hostAddresses: [Subnet] {
        if options.hasHostAddress { return gateways }
        return options.gatewayMode == .isolated ? [] : gateways.filter { $0.family == .ipv6 }
    }
    package func gateway(of family: AddressFamily) -> Subnet? { gateways.first { $0.family == family } }
    package var subnet6: Subnet? { gateway6?.network }
    /// The address of IPv6 that goes with one of IPv4: as far from the beginning of its subnet. So one lease is of both, and
    /// nothing but the leases of IPv4 has to be kept.
    package func address6(beside lease: IPAddress) -> IPAddress? {
        subnet6.flatMap { leaseSpace.counterpart(of: lease, in: $0) }
    }
    /// The lease that one of IPv6 goes with; nil: there is none. Whoever has that may have the other address.
    package func lease(beside address6: IPAddress) -> IPAddress? {
        counterpart(of: address6).flatMap { leaseSpace.hosts.contains($0) ? $0 : nil }
    }
    private func counterpart(of address6: IPAddress) -> IPAddress? {
        subnet6?.counterpart(of: address6, in: leaseSpace)
    }
    package var mtu: Int? { options.mtu }

    /// What no container ever has a lease of.
    package var reservedLeases: [IPAddress] {
        let all = gateways.map(\.address) + auxiliary.values
        return all.compactMap { $0.family == .ipv4 ? $0 : lease(beside: $0) } + (leaseOfGatewaysMAC.map { [$0] } ?? [])
    }

    /// Where no lease stands for the gateway: that of the container whose MAC address, made of the last 32 bits, would be the gateway's.
    private var leaseOfGatewaysMAC: IPAddress? {
        guard gateway == nil, let gateway6, gateway6.prefixLength <= 96, lease(beside: gateway6.address) == nil else {
            return nil
        }
        let lease = IPAddress(ipv4: UInt32(truncatingIfNeeded: gateway6.address.number))
        return leaseSpace.hosts.contains(lease) ? lease : nil
    }

    /// Who is kept an address that no container ever has, or one of the other family that it goes with; nil: nobody.
    package func keeper(of address: IPAddress) -> String? {
        func goesWith(_ kept: IPAddress) -> Bool { kept == address || lease(beside: kept) == address }
        if gateways.map(\.address).contains(address) { return "the network's gateway" }
        if let reserved = auxiliary.filter({ goesWith($0.value) }).keys.min() {
            return "\"\(reserved)\", an --aux-address of the network"
        }
        return gateways.map(\.address).contains(where: goesWith) ? "the network's gateway" : nil
    }

    package func range(of family: AddressFamily) -> AddressRange? { ranges.first { $0.family == family } }
    /// The leases that are given out to whoever asks for none.
    package var leaseRange: AddressRange? {
        if gateway != nil { return range(of: .ipv4) }
        guard let range = range(of: .ipv6), let subnet6 else { return nil }
        let last = leaseSpace.counterpart(of: leaseSpace.last, in: subnet6) ?? range.last
        guard let first = counterpart(of: range.first), let last = counterpart(of: min(range.last, last)) else {
            return nil
        }
        return AddressRange("\(first)-\(last)")
    }
    /// Whether the range that addresses are chosen from has one for a container.
    package var hasLeasesInRange: Bool {
        let hosts = leaseSpace.hosts
        guard let range = leaseRange else { return ranges.isEmpty }
        let (first, last) = (max(range.first, hosts.lowerBound), min(range.last, hosts.upperBound))
        let reserved = Set(reservedLeases).count { first <= $0 && $0 <= last }
        return first <= last && last.number - first.number >= UInt128(reserved)
    }

    /// All that may have rules of it.
    package var firewalls: [FirewallBackend] { [firewall] + (formerFirewall.map { [$0] } ?? []) }

    /// It is there without that anybody has made it.
    package var isPredefined: Bool { name.isOfPredefinedNetwork }
    /// The same, or nothing is ever made of it.
    package var isBuiltIn: Bool { Self.builtInDrivers[name.text] != nil }
    /// Of those, by their names, Docker's drivers.
    private static let builtInDrivers = ["bridge": "bridge", "host": "host", "none": "null"]

    /// Those that every host has, as lists tell them before they are made.
    package static var builtIn: [NetworkDefinition] {
        builtInDrivers.sorted { $0.key < $1.key }.compactMap { name, driver in
            Name(name).map { name in
                NetworkDefinition(
                    id: .ofPredefinedNetwork(name), name: name, driver: driver, gateway: nil, device: noDevice,
                    mtu: nil,
                    isInternal: false, labels: [:], created: .now())
            }
        }
    }

    /// - Returns: false when what was found under `key` is of another network.
    package mutating func adopt(_ key: String) -> Bool {
        guard key == id.hex || key == name.text else { return false }
        self.key = key
        return true
    }
}

extension Name {
    /// Of the one that containers are on when nobody asks for another.
    package var isOfPredefinedNetwork: Bool { text == "bridge" }
}

extension NetworkDefinition: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        id = try reader.text("id", ContainerID.init)
        name = try reader.text("name", Name.init)
        driver = try reader.string("driver")
        let gateway = try reader.optionalText("gateway", Subnet.init)
        self.gateway = gateway == Self.noGateway ? nil : gateway
        device = try reader.text("device") { $0.isInterfaceName ? $0 : nil }
        isInternal = try reader.bool("internal")
        labels = try reader.value("labels", [String: String].init(json:))
        created = Timestamp(nanoseconds: try reader.int("created"))
        // Of before there were others.
        firewall = try reader.optionalText("firewall", FirewallBackend.init) ?? .iptables
        formerFirewall = try reader.optionalText("formerFirewall", FirewallBackend.init)
        gateway6 = try reader.optionalText("gateway6", Subnet.init)
        givesAddresses = try reader.optional("addresses", \.bool) ?? true
        key = id.hex
        if gateways.isEmpty, givesAddresses, !isConfigOnly { throw RecordError("gateway is missing") }
        try readOptions(reader)
    }

    private mutating func readOptions(_ reader: RecordReader) throws(RecordError) {
        ranges = try reader.optionalTexts("ranges", AddressRange.init)
        auxiliary = try reader.optional("auxiliary") { [String: String](json: $0)?.addresses } ?? [:]
        configFrom = try reader.optionalText("configFrom", Name.init)
        isAttachable = try reader.optional("attachable", \.bool) ?? false
        let families = try reader.optionalTexts("families") { name in
            AddressFamily.allCases.first { $0.recordName == name }
        }
        modelFamilies = families.isEmpty ? nil : families
        let texts = try reader.optional("options", [String: String].init(json:)) ?? [:]
        do throws(OperationError) {
            options = try NetworkOptions(texts.map { ($0.key, $0.value) }, driver: driver)
        } catch {
            throw RecordError("options are not valid")
        }
        options.mtu = try reader.optional("mtu") { $0.int.map { Int($0) } }
        options.device = Self.option(device, driver)
    }

    /// Of the other drivers it is the parent, which has an option of its own.
    private static func option(_ device: String, _ driver: String) -> String? {
        driver == "bridge" || driver == "null" && device != noDevice ? device : nil
    }

    package var json: JSON {
        var others = options
        (others.mtu, others.device) = (nil, nil)
        let texts = others.texts.map { ($0.key, JSON.string($0.value)) }
        let usual: JSON = [
            "id": .string(id.hex), "name": .string(name.text), "driver": .string(driver),
            "gateway": .optional(gateway?.description), "device": .string(device), "mtu": .optional(mtu),
            "internal": .bool(isInternal), "labels": labels.json, "created": .int(created.nanoseconds),
        ]
        return usual.with([
            ("addresses", givesAddresses ? JSON?.none : false),
            ("firewall", firewall == .iptables ? nil : .string(firewall.rawValue)),
            ("formerFirewall", formerFirewall.map { .string($0.rawValue) }),
            ("gateway6", gateway6.map { .string($0.description) }),
            ("ranges", ranges.isEmpty ? nil : .strings(ranges.map(\.description))),
            ("auxiliary", auxiliary.isEmpty ? JSON?.none : auxiliary.mapValues(\.description).json),
            ("configFrom", configFrom.map { .string($0.text) }), ("attachable", isAttachable ? true : JSON?.none),
            ("families", modelFamilies.map { .strings($0.map(\.recordName)) }),
            ("options", texts.isEmpty ? nil : .object(texts)),
        ])
    }
}

extension AddressFamily {
    fileprivate var recordName: String { self == .ipv4 ? "ipv4" : "ipv6" }
}

extension [String: String] {
    /// Nil unless all values are.
    fileprivate var addresses: [String: IPAddress]? {
        let addresses = compactMapValues(IPAddress.init)
        return addresses.count == count ? addresses : nil
    }

    package init?(json: JSON) {
        guard let members = json.members else { return nil }
        self.init()
        for member in members {
            guard let value = member.value.string else { return nil }
            self[member.key] = value
        }
    }
    package var json: JSON { .object(sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }) }
}

extension String {
    /// What the kernel takes as a device name (dev_valid_name): 1 to 15 bytes, not `.` or `..`, no `/`, `:` or space;
    /// nor `all` or `default`, which have other meanings in /proc/sys/net, nor `%`, where it puts a number (dev_alloc_name).
    package var isInterfaceName: Bool {
        (1...15).contains(utf8.count) && ![".", "..", "all", "default"].contains(self)
            && utf8.allSatisfy { $0 > 0x20 && $0 != 0x7f && !"/:%".utf8.contains($0) }
    }
}
