import Core
import Firewall
import Glibc
import Linux
import Netlink

/// Networks as Linux bridges, with address translation to the outside.
package struct BridgeDriver: NetworkDriver, Sendable {
    package static let name = "bridge"
    package var isBesideHost: Bool { false }
    let firewalls: HostFirewalls

    package init() { firewalls = .standard }
    init(_ firewalls: HostFirewalls) { self.firewalls = firewalls }

    // MARK: A network

    package func create(_ network: NetworkDefinition) throws(OperationError) {
        let failures = restore([network], members: [], isStale: { _ in false })
        if let failure = failures.first { throw failure.failure }
    }

    package func obstacles(to network: NetworkDefinition) -> [NetworkObstacle] {
        var host = HostReading([])
        return ForwardPolicy.obstacles(to: network, &host) + InputObstacles.find(to: network, &host)
    }

    package func obstacles(toPlanned network: NetworkDefinition) -> [NetworkObstacle] {
        var host = HostReading([])
        return ForwardPolicy.obstacles(to: network, isPlanned: true, &host)
    }

    package func obstacles(to network: NetworkDefinition, portsOf endpoint: Endpoint) -> [NetworkObstacle] {
        var host = HostReading([])
        return ForwardPolicy.obstacles(to: network, portsOf: endpoint, &host)
            + InputObstacles.find(to: network, portsOf: endpoint, &host)
    }

    package func delete(_ network: NetworkDefinition) throws(OperationError) {
        var failure: OperationError?
        for backend in network.firewalls {
            do throws(OperationError) {
                try firewalls[backend].withdraw(
                    .network(bridge: network.device), of: network.families, withOpenPorts: false)
            } catch {
                failure = failure ?? error
            }
        }
        for chain in DockerUserChain.all {
            do throws(OperationError) {
                try chain.dismiss(network.device)
            } catch {
                failure = failure ?? error
            }
        }
        do throws(OperationError) {
            try FirewalldZone.dismiss(network.device)
        } catch {
            failure = failure ?? error
        }
        var netlink = try RouteSocket()
        if let link = try netlink.link(.named(network.device)), network.owns(link) { try link.remove() }
        if let failure { throw failure }
    }

    package func leave(
        _ firewall: FirewallBackend, _ network: NetworkDefinition?, _ endpoints: [EndpointID]
    ) throws(OperationError) {
        let owners = (network.map { [.network(bridge: $0.device)] } ?? []) + endpoints.map(FirewallOwner.endpoint)
        try firewalls[firewall].clear(owners, withFrame: true)
    }

    package func hasUserRules(
        in firewall: FirewallBackend, of network: NetworkDefinition
    ) throws(OperationError) -> Bool {
        try firewalls[firewall].hasUserRules(of: network.families)
    }

    /// B23: an interface that is not ours is neither used nor ever deleted.
    func foreign(_ network: NetworkDefinition, remedy: String? = nil) -> OperationError {
        OperationError(
            "create bridge", network.device, reason: "an interface of that name exists and is not mydocker's",
            remedy: remedy ?? network.foreignRemedy)
    }

    // MARK: An endpoint

    package func connect(
        _ endpoint: Endpoint, in namespace: borrowing NetworkNamespace, _ inside: inout RouteSocket,
        leading families: Set<AddressFamily>, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) -> Endpoint {
        var endpoint = endpoint
        var host = try RouteSocket()
        guard let bridge = try host.link(.named(endpoint.bridge)), bridge.alias == BridgeAlias.of(endpoint.networkID)
        else {
            throw OperationError("network \(endpoint.network)", reason: "it was removed meanwhile")
        }
        endpoint.mtu = bridge.mtu
        let veth = try host.createVeth(of: &endpoint, on: bridge, in: namespace.descriptor, &inside)
        if endpoint.address6 != nil { try InterfaceSettings.admitIPv6(to: endpoint.interface, in: namespace) }
        try host.guardPort(endpoint.port(veth.index))
        try inside.configureContainer(endpoint.inside(veth.peerIndex, leading: families, bridge.mac))
        // The program's first packet must arrive.
        try inside.settle([veth.peerIndex])
        try host.settle([veth.index, bridge.index])
        try publish(endpoint, isStale)
        return endpoint
    }

    package func publishAnew(
        _ endpoint: Endpoint, isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) {
        var host = try RouteSocket()
        // A port whose container publishes something has its own answers come back to it.
        if let link = try host.link(.named(endpoint.hostInterface)) {
            try host.guardPortAnew(endpoint.port(link.index))
        }
        try publish(endpoint, isStale)
    }

    package func routeAll(
        _ families: Set<AddressFamily>, by endpoint: Endpoint, _ inside: inout RouteSocket
    ) throws(OperationError) {
        var host = try RouteSocket()
        let bridge = try host.link(.named(endpoint.bridge))
        try inside.routeAll(by: endpoint.inside(nil, leading: families, bridge?.mac))
    }

    package func detach(_ endpoint: Endpoint) throws(OperationError) {
        var host = try RouteSocket()
        try host.deleteVeth(of: endpoint)
    }

    package func detach(_ endpoint: Endpoint, _ inside: inout RouteSocket) throws(OperationError) {
        try detach(endpoint)
        try inside.deletePeer(of: endpoint)
    }

    package func disconnect(_ endpoint: Endpoint) throws(OperationError) {
        guard endpoint.publishes else { return }
        try firewalls[endpoint.firewall].withdraw(
            .endpoint(endpoint.id), of: endpoint.families, withOpenPorts: !endpoint.openPorts.isEmpty)
    }

    package func withdraw(_ endpoint: EndpointID) throws(OperationError) {
        try firewalls.clear([.endpoint(endpoint)], withFrame: false)
    }

    private func publish(
        _ endpoint: Endpoint, _ isStale: (_ shortID: String) -> Bool
    ) throws(OperationError) {
        guard endpoint.publishes else { return }
        try establish(firewalls[endpoint.firewall], isStale) {
            FirewallIntent(published: [PublishedPorts(endpoint, by: endpoint.firewall)])
        }
        StaleFlows.forget(to: endpoint)
    }

    /// - Parameter isStale: as in `NetworkDriver.connect`. No network ever is.
    func establish(
        _ firewall: any Firewall, _ isStale: (_ shortID: String) -> Bool,
        _ intent: () throws(OperationError) -> FirewallIntent
    ) throws(OperationError) {
        let isStaleOwner = { (owner: FirewallOwner) in
            if case .endpoint(let shortID) = owner { isStale(shortID) } else { false }
        }
        try firewall.establish(isStale: isStaleOwner, intent)
    }
}

extension NetworkDefinition {
    /// Marks the bridge as this network's.
    var alias: String { BridgeAlias.of(id) }
    /// One of its own: else the bridge's is that of a container, and changes with them (B39).
    var bridgeMAC: MACAddress { ownMAC }

    /// What helps one that exists where an interface of somebody else has the name of its bridge.
    var foreignRemedy: String {
        "remove the interface or give it another name, as by: ip link delete \(device); "
            + "then: \(Program.current.name) network reload \(name)"
    }

    /// Whether `link`, which has the name of our bridge, is that bridge. The kernel makes one with its MAC but without its
    /// alias, so whoever is killed in between leaves one that is known by its MAC alone.
    func owns(_ link: LinkInfo) -> Bool {
        link.alias == alias || (link.kind == "bridge" && link.alias == nil && link.mac == bridgeMAC)
    }
}

enum BridgeAlias {
    static let prefix = "mydocker:"
    static func of(_ network: ContainerID) -> String { prefix + network.short }
}
