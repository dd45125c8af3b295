import Core
import Firewall
import Netlink

/// What this host has, for whoever looks at its networks: each part is read when it is first asked for, and once, however many networks
/// there are.
struct HostReading: ~Copyable {
    /// Those that run.
    let containers: [TracedContainer]
    private let members: [ContainerID: [TracedContainer]]
    private var foundLinks: HostLinks?
    private var routes: [AddressFamily: RoutesByPlace] = [:]
    private var outside: WayOut?
    private var knownNeighbours: [AddressFamily: [Neighbour]] = [:]
    private var doors: [AddressFamily: Door?] = [:]
    private var uplinks: [AddressFamily: String?] = [:]
    private var legacyFilters: [AddressFamily: TraceableTable?] = [:]
    private var nftables: [AddressFamily: [TraceableTable]?] = [:]
    private var chains: [BaseChain]??
    private var reachedRules: [BaseChain: ReachedRules?] = [:]
    private var walks: [AddressFamily: FirewallWalk] = [:]
    private var tracers: [AddressFamily: KeptTracer] = [:]

    init(_ containers: [TracedContainer]) {
        self.containers = containers
        var members: [ContainerID: [TracedContainer]] = [:]
        for container in containers {
            for network in Set(container.endpoints.map(\.networkID)) { members[network, default: []].append(container) }
        }
        self.members = members
    }

    /// Containers on a network.
    func members(of network: NetworkDefinition) -> [TracedContainer] { members[network.id] ?? [] }
}

// MARK: Links and routes

extension HostReading {
    /// Where what is for elsewhere leaves.
    struct WayOut {
        /// Default routes.
        let routes: [RouteInfo]
        let links: [LinkInfo]
        /// Bytes that fit; nil where there is no way out.
        let mtu: Int?
    }

    mutating func links() throws(OperationError) -> HostLinks {
        if let foundLinks { return foundLinks }
        var netlink = try RouteSocket()
        let links = HostLinks(try netlink.links())
        foundLinks = links
        return links
    }

    /// But for those of addresses.
    mutating func routes(of family: AddressFamily) throws(OperationError) -> RoutesByPlace {
        if let known = routes[family] { return known }
        var netlink = try RouteSocket()
        let found = RoutesByPlace(try netlink.routes(of: family).filter { !$0.isOfAddresses })
        routes[family] = found
        return found
    }

    mutating func wayOut() throws(OperationError) -> WayOut {
        if let outside { return outside }
        var netlink = try RouteSocket()
        let routes = try routes(of: .ipv4).all.filter(\.isDefault)
        let links = try links()
        let way = WayOut(
            routes: routes,
            links: Set(routes.compactMap(\.link)).compactMap { links.link($0) }.sorted { $0.index < $1.index },
            mtu: try netlink.defaultRouteMTU())
        outside = way
        return way
    }

    mutating func neighbours(_ family: AddressFamily) throws(OperationError) -> [Neighbour] {
        if let known = knownNeighbours[family] { return known }
        var netlink = try RouteSocket()
        let found = Neighbour.few(try links(), try netlink.addresses(of: family))
        knownNeighbours[family] = found
        return found
    }

    mutating func door(_ family: AddressFamily) -> Door? {
        if let known = doors[family] { return known }
        let door = Door(family)
        doors[family] = .some(door)
        return door
    }

    /// The name of the link that the default route has; nil: there is none.
    mutating func uplink(_ family: AddressFamily) -> String? {
        if let known = uplinks[family] { return known }
        let name = Self.uplink(family)
        uplinks[family] = .some(name)
        return name
    }

    private static func uplink(_ family: AddressFamily) -> String? {
        guard var netlink = try? RouteSocket(),
            let index = try? netlink.route(to: PacketQuestion.elsewhere(family)).link
        else { return nil }
        return try? netlink.link(.index(index))?.name
    }
}

// MARK: Firewalls

extension HostReading {
    /// Of the legacy tables that of filters; nil where nobody has used it, or where it cannot be read.
    mutating func legacyFilter(_ family: AddressFamily) -> TraceableTable? {
        if let known = legacyFilters[family] { return known }
        let table = LegacyTables.filter(of: family)
        legacyFilters[family] = .some(table)
        return table
    }

    /// What nftables has; nil where it cannot be asked.
    mutating func nftables(_ family: AddressFamily) -> [TraceableTable]? {
        if let known = nftables[family] { return known }
        let tables = Self.readNFTables(family)
        nftables[family] = .some(tables)
        return tables
    }

    /// The same as it is now.
    static func readNFTables(_ family: AddressFamily) -> [TraceableTable]? {
        guard var socket = try? NFTablesSocket() else { return nil }
        return try? socket.traceableTables(of: family)
    }

    /// Chains of nftables that packets come by; nil where it cannot be asked.
    mutating func baseChains() -> [BaseChain]? {
        if let chains { return chains }
        let found = Self.readBaseChains()
        chains = .some(found)
        return found
    }

    private static func readBaseChains() -> [BaseChain]? {
        guard var socket = try? NFTablesSocket() else { return nil }
        return try? socket.baseChains()
    }

    /// Whether a rule that is reached by the chain is about an interface, or leads to a chain, of that name. Not where it cannot be asked.
    mutating func mentions(_ name: String, in chain: BaseChain) -> Bool {
        let rules = reachedRules[chain] ?? Self.readRules(behind: chain)
        reachedRules[chain] = .some(rules)
        return rules?.mentions(name) ?? false
    }

    private static func readRules(behind chain: BaseChain) -> ReachedRules? {
        guard var socket = try? NFTablesSocket() else { return nil }
        return try? socket.rules(behind: chain)
    }

    /// All that packets of the family meet on this host. A kernel without nftables has no rules there.
    mutating func walk(_ family: AddressFamily) throws(OperationError) -> FirewallWalk {
        if let known = walks[family] { return known }
        let walk = FirewallWalk(try LegacyTables.read(of: family) + (nftables(family) ?? []))
        walks[family] = walk
        return walk
    }

    mutating func trace(_ question: PacketQuestion) throws(OperationError) -> PacketWay {
        try tracer(question.source.family).tracer.trace(question)
    }

    /// - Returns: the rules by which the packet is sent on by this host; nil: it is not.
    mutating func admissions(_ question: PacketQuestion) throws(OperationError) -> [FirewallWalk.Step]? {
        let kept = try tracer(question.source.family)
        _ = kept.tracer.trace(question)
        return kept.tracer.admissions
    }

    /// What supervisors refuse is no rule of anybody's, and not heeded.
    private mutating func tracer(_ family: AddressFamily) throws(OperationError) -> KeptTracer {
        if let known = tracers[family] { return known }
        let kept = KeptTracer(try PacketTracer(InternalNetworks(among: []), &self, family))
        tracers[family] = kept
        return kept
    }
}

extension RouteInfo {
    /// Whether it says which addresses are the host's own, or all hosts': what has one has a route besides.
    var isOfAddresses: Bool { table == 255 }
}

/// One cannot be copied, and so not be kept beside others by itself.
private final class KeptTracer {
    var tracer: PacketTracer
    init(_ tracer: consuming PacketTracer) { self.tracer = tracer }
}
