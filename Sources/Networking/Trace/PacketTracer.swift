import Core
import Firewall
import Glibc
import Linux
import Netlink

/// Follows packets of one family on their way by this host: the kernel is asked for routes and has given its rules; nothing is sent.
package struct PacketTracer: ~Copyable {
    private var netlink: RouteSocket
    private let links: HostLinks
    /// Those of links, by their index.
    private var knownAddresses: [Int32: [Subnet]]?
    let containers: [TracedContainer]
    private let places: ContainerPlaces
    let internals: InternalNetworks
    let family: AddressFamily
    private var walk: FirewallWalk
    /// Whether there are rules of bridges' own.
    let asksBridges: Bool
    let legacyBridgeTables = LegacyBridgeTables.found()
    private let deviceChains: [DeviceChain]
    private let routesBySourcePort: Bool
    var way = PacketWay()
    /// The rules by which it was sent on by this host; nil: it was not.
    private(set) var admissions: [FirewallWalk.Step]?
    /// What is not known of routes.
    private var doubts: [String] = []

    package init(
        _ containers: [TracedContainer], _ internals: InternalNetworks, _ family: AddressFamily
    ) throws(OperationError) {
        var host = HostReading(containers)
        try self.init(internals, &host, family)
    }

    init(
        _ internals: InternalNetworks, _ host: inout HostReading, _ family: AddressFamily
    ) throws(OperationError) {
        let (walk, links) = (try host.walk(family), try host.links())
        var netlink = try RouteSocket()
        // A kernel without such rules has none.
        routesBySourcePort = (try? netlink.routesBySourcePort(family)) ?? false
        self.netlink = netlink
        self.links = links
        containers = host.containers
        places = ContainerPlaces(host.containers)
        self.internals = internals
        self.family = family
        self.walk = walk
        asksBridges = walk.asksBridges
        deviceChains = Self.deviceChains()
    }

    /// A kernel without nftables has none.
    private static func deviceChains() -> [DeviceChain] {
        guard var socket = try? NFTablesSocket() else { return [] }
        return (try? socket.deviceChains()) ?? []
    }

    package mutating func trace(_ question: PacketQuestion) -> PacketWay {
        way = PacketWay()
        (admissions, doubts) = (nil, [])
        var packet = TracedPacket(
            from: question.source, to: question.destination, question.transport, port: question.port)
        if let (container, endpoint) = place(of: question.source) {
            leave(container, endpoint, &packet)
        } else if isOwn(question.source) {
            leaveHost(&packet)
        } else {
            comeIn(&packet)
        }
        way.doubts = walk.takeDoubts() + doubts
        return way
    }

    // MARK: What the host knows

    func place(of address: IPAddress) -> ContainerPlaces.Place? { places.place(of: address) }

    func link(_ index: Int32?) -> LinkInfo? { links.link(index) }
    func link(named name: String) -> LinkInfo? { links.link(named: name) }

    /// Of a link, in the kernel's order.
    private mutating func addresses(of link: Int32?) -> [Subnet] {
        guard let link else { return [] }
        if let known = knownAddresses { return known[link] ?? [] }
        let found = (try? netlink.addresses(of: family)) ?? []
        let known = Dictionary(grouping: found, by: \.link).mapValues { $0.map(\.address) }
        knownAddresses = known
        return known[link] ?? []
    }

    /// One of RTN_*.
    private mutating func type(of address: IPAddress) -> UInt8? { (try? netlink.route(to: address))?.type }
    private mutating func isOwn(_ address: IPAddress) -> Bool { (try? netlink.route(to: address))?.isLocal == true }

    // MARK: Notes

    mutating func note(_ stage: String, _ text: String) { way.steps.append(.init(stage, text)) }

    /// - Returns: whether it goes on.
    mutating func pass(_ place: PacketHook.Place, _ packet: inout TracedPacket) -> Bool {
        for address in [packet.source, packet.destination, packet.untranslatedDestination].compactMap({ $0 }) {
            packet.addressTypes[address] = type(of: address)
        }
        let verdict = walk.pass(place, &packet)
        let steps = walk.takeSteps()
        for step in steps {
            let isForeign = step.isOfTranslation && !step.isOurs
            way.steps.append(.init("\(place)", step.description, isForeignTranslation: isForeign))
        }
        switch verdict {
        case .passes:
            if place == .forward, packet.bridge == nil, !packet.isReply { admissions = steps }
            return true
        case .dropped(let step), .rejected(let step):
            way.end = .isStopped(by: step.description, isOurs: step.isOurs)
            return false
        }
    }

    mutating func doubt(_ what: String) {
        if !doubts.contains(what) { doubts.append(what) }
    }

    /// Rules that a packet meets at a link are told of, and not followed.
    mutating func pass(link name: String, isOutward: Bool) {
        for chain in deviceChains where chain.isOutward == isOutward && chain.devices.contains(name) {
            doubt("\(chain.description): rules at the link \(name) are not followed")
        }
    }

    mutating func stop(_ why: String) { way.end = .stops(why) }

    // MARK: Where it begins

    private mutating func leave(_ container: TracedContainer, _ endpoint: Endpoint, _ packet: inout TracedPacket) {
        if packet.destination.isLoopback {
            return stop("\(family == .ipv4 ? "127.0.0.0/8" : "::1") is the container's own there")
        }
        if container.endpoints.contains(where: { $0.addresses.contains(packet.destination) }) {
            note("lo", "\(packet.destination) is the container's own address")
            let port = packet.destinationPort.map { ", port \($0)" } ?? ""
            way.end = .arrives("at container \(container.name)\(port), from \(packet.source)")
            return
        }
        let isNear = endpoint.place(family)?.network.contains(packet.destination) == true
        let near = container.endpoints.first { $0.place(family)?.network.contains(packet.destination) == true }
        if !isNear, let near, let own = near.place(family)?.address {
            return stop("container \(container.name) reaches \(packet.destination) by \(near.interface) as \(own)")
        }
        guard isNear || endpoint.gateway(of: family) != nil else {
            return stop("network \(endpoint.network) is internal: container \(container.name) has no way out")
        }
        note(
            endpoint.interface,
            "container \(container.name) → \(endpoint.hostInterface), where it may send as itself alone")
        guard let bridge = link(named: endpoint.bridge) else { return stop("there is no bridge \(endpoint.bridge)") }
        if let why = trouble(of: endpoint, on: bridge) { return stop(why) }
        pass(link: endpoint.hostInterface, isOutward: false)
        note(bridge.name, "the bridge of network \(endpoint.network)")
        if isNear, packet.destination != endpoint.gateway(of: family), !isOwn(packet.destination) {
            return cross(bridge, from: endpoint.hostInterface, &packet)
        }
        if comeFrom(packet.source, on: bridge.name, &packet) { enter(by: bridge, &packet) }
    }

    private mutating func leaveHost(_ packet: inout TracedPacket) {
        guard let first = route(packet) else { return }
        packet.output = link(first.link)?.name
        note("routing", "this host sends it by \(packet.output ?? "no link")")
        packet.redirection = family == .ipv4 ? IPAddress.loopbackIPv4 : IPAddress(ipv6: 1)
        let (destination, mark) = (packet.destination, packet.mark)
        guard pass(.output, &packet) else { return }
        var route = first
        if packet.destination != destination || packet.mark != mark {
            guard let anew = self.route(packet) else { return }
            route = anew
            packet.output = link(route.link)?.name
            note("routing", "to \(packet.destination) by \(packet.output ?? "no link")")
        }
        if route.isLocal { return arriveHere(&packet, by: "lo") }
        leaveAndBeAnswered(by: route, &packet)
    }

    private mutating func comeIn(_ packet: inout TracedPacket) {
        guard let back = try? netlink.route(to: packet.source), let link = link(back.link) else {
            return stop("there is no route to \(packet.source), so it is not known where it would come in")
        }
        passPorts(of: link)
        enter(by: link, &packet)
    }

    // MARK: Through the host

    private mutating func enter(by input: LinkInfo, _ packet: inout TracedPacket) {
        note(input.name, "it comes in")
        packet.input = input.name
        packet.redirection = address(of: input)
        pass(link: input.name, isOutward: false)
        guard pass(.prerouting, &packet), let route = route(packet, input: input) else { return }
        if route.isLocal {
            note("routing", "\(packet.destination) is an address of this host")
            return arriveHere(&packet, by: input.name)
        }
        guard route.isOrdinary else { return stop("routing drops what is for \(packet.destination)") }
        if let setting = HostRouting.refusing(family, input: input.name) { return stop(notForwarding(setting)) }
        packet.output = link(route.link)?.name
        note("routing", "to \(packet.destination) by \(packet.output ?? "no link")")
        guard pass(.forward, &packet) else { return }
        leaveAndBeAnswered(by: route, &packet)
    }

    mutating func leave(by route: RouteInfo, _ packet: inout TracedPacket) {
        packet.masqueradedSource = masqueradedSource(of: packet, by: route)
        guard pass(.postrouting, &packet), let output = link(route.link) else { return }
        pass(link: output.name, isOutward: true)
        if places.bridges.contains(output.name) || output.isOwnBridge {
            if goTo(packet.destination, on: output.name, &packet) { deliver(by: output, packet) }
            return
        }
        passPorts(of: output)
        let hop = route.gateway.map { " to the router \($0)" } ?? ""
        way.source = packet.source
        way.end = .arrives("it leaves this host by \(output.name)\(hop), as \(packet.source)")
    }

    private mutating func masqueradedSource(of packet: TracedPacket, by route: RouteInfo) -> IPAddress? {
        MasqueradedSource.choose(
            among: addresses(of: route.link), toward: route.gateway ?? packet.destination, to: packet.destination)
    }

    /// The first one that is not of the link alone.
    private mutating func address(of link: LinkInfo) -> IPAddress? {
        addresses(of: link.index).map(\.address).first { !$0.isMappedOrOfLink }
    }

    private func notForwarding(_ setting: String) -> String {
        "this host does not forward (\(setting.replacing("/", with: ".")) is 0)"
    }

    // MARK: Routes

    mutating func route(_ packet: TracedPacket, input: LinkInfo? = nil) -> RouteInfo? {
        if packet.mark == nil { doubt("routing (depends on the packet's mark)") }
        if routesBySourcePort, packet.hasPorts, packet.sourcePort == nil {
            doubt("routing (depends on the port that the packet comes from)")
        }
        do throws(OperationError) {
            return try netlink.route(of: packet, input: input?.index)
        } catch {
            // What comes in is not looked up for anywhere else then.
            if error.errno == EHOSTUNREACH, let input, let setting = HostRouting.refusing(family, input: input.name) {
                stop(notForwarding(setting))
            } else {
                stop(RoutingRefusal.text(error.errno, packet) ?? error.description)
            }
            return nil
        }
    }
}

extension Endpoint {
    /// Its address with the subnet that it is in; nil: it has none.
    fileprivate func place(_ family: AddressFamily) -> Subnet? { family == .ipv4 ? address : address6 }
}
