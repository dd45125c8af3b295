import Core
import Firewall
import Linux
import Testing

@testable import Netlink
@testable import Networking

extension NetworkDefinition {
    static func example(_ name: String = "web", gateway: String = "192.168.10.1/24") throws -> NetworkDefinition {
        NetworkDefinition(
            id: .random(), name: try #require(Name(name)), driver: "bridge", gateway: Subnet(gateway),
            device: name, mtu: nil, isInternal: false, labels: [:], created: .now())
    }

    /// A container on it that is called nothing and runs nowhere.
    func member(_ address: String = "192.168.10.2/24", ports: [PortMapping] = []) throws -> NetworkMember {
        let id = ContainerID.random()
        let address = try #require(Subnet(address))
        let endpoint = Endpoint(
            id: id, network: name, networkID: self.id, address: address, gateway: self.gateway?.address,
            mac: MACAddress(for: address.address), interface: "eth0", bridge: device, mtu: nil, ports: ports)
        return NetworkMember(id: id, endpoint: endpoint, process: ProcessIdentity(pid: 1, startTime: 0))
    }

    /// Its bridge, as `create` makes it.
    func bridge(
        _ index: Int32 = 7, alias: String? = nil, isUp: Bool = true, rightFilter: UInt32 = 1,
        addresses: [Subnet]? = nil,
        mac: MACAddress? = nil, forwards: UInt32 = 1
    ) -> ObservedBridges.Link {
        var settings = LinkSettings()
        (settings.routeLocalnet, settings.reversePathFilter, settings.disableIPv6) = (1, rightFilter, 1)
        (settings.acceptRouterAdvertisements, settings.forwards) = (0, forwards)
        let info = LinkInfo.example(
            index, device, "bridge", mac: mac ?? bridgeMAC, isUp: isUp, alias: alias ?? self.alias, settings: settings)
        return ObservedBridges.Link(info, addresses: addresses)
    }
}

extension NetworkMember {
    /// The host's end of its link, guarded.
    func link(_ index: Int32 = 8, master: Int32? = 7, isUp: Bool = true, learns: Bool = false) -> ObservedBridges.Link {
        var port = PortState()
        port.hairpin = !endpoint.ports.isEmpty
        port.learns = learns
        port.entries = [endpoint.mac]
        port.programs = [OwnSource(mac: endpoint.mac, addresses: endpoint.addresses).program()]
        let info = LinkInfo.example(index, endpoint.hostInterface, "veth", isUp: isUp, master: master)
        return ObservedBridges.Link(info, port: port)
    }
}

extension LinkInfo {
    static func example(
        _ index: Int32, _ name: String, _ kind: String?, mac: MACAddress? = nil, isUp: Bool = true,
        alias: String? = nil,
        master: Int32? = nil, settings: LinkSettings = LinkSettings()
    ) -> LinkInfo {
        LinkInfo(
            index: index, name: name, kind: kind, mac: mac, mtu: 1500, isUp: isUp, isOperational: isUp, alias: alias,
            master: master, peer: nil, settings: settings)
    }
}

extension ObservedBridges {
    static func having(
        _ links: [Link], routed: Set<AddressFamily> = [.ipv4, .ipv6],
        _ firewall: FirewallDifferences = FirewallDifferences()
    ) -> ObservedBridges {
        var observed = ObservedBridges()
        observed.links = links
        observed.routed = routed
        observed.firewall = firewall
        return observed
    }
}

/// A firewall that remembers what it was asked, and who has what.
final class IntentFirewall: Firewall, @unchecked Sendable {
    // Not for two threads at once: whoever tests with it has one.
    private(set) var calls: [String] = []
    private(set) var lastIntent = FirewallIntent()
    var answer = FirewallDifferences()
    /// Whether what changes something fails.
    var isFailing = false

    private func note(_ call: String) throws(OperationError) {
        calls.append(call)
        if isFailing { throw OperationError(call, reason: "it was told to fail") }
    }

    func establish(
        isStale: (FirewallOwner) -> Bool, _ intent: () throws(OperationError) -> FirewallIntent
    ) throws(OperationError) -> Bool {
        lastIntent = try intent()
        try note("establish")
        return true
    }
    func withdraw(
        _ owner: FirewallOwner, of families: [AddressFamily], withOpenPorts: Bool
    ) throws(OperationError) {
        try note("withdraw \(owner)" + (withOpenPorts ? " with open ports" : ""))
    }
    func hasUserRules(of families: [AddressFamily]) throws(OperationError) -> Bool { false }
    func differences(
        from intent: FirewallIntent, isOwner: ((FirewallOwner) -> Bool)?
    ) throws(OperationError) -> FirewallDifferences {
        lastIntent = intent
        calls.append(isOwner == nil ? "differences" : "differences and strays")
        return answer
    }
    func clear(_ owners: [FirewallOwner], withFrame: Bool) throws(OperationError) {
        try note("clear \(owners.map(\.description).joined(separator: ", "))" + (withFrame ? " and frame" : ""))
    }
    func commands(
        establishing intent: FirewallIntent, upon ground: FirewallGround, isStale: (FirewallOwner) -> Bool
    ) throws(OperationError) -> [ShellCommand] {
        intent.networks.map { ShellCommand("rules of", $0.bridge) }
            + intent.published.map { ShellCommand("ports of", $0.endpoint.short) }
    }
}
