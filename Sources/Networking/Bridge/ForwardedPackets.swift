import Core
import Firewall
import Netlink

/// First packets of connections, by which chains of others are asked what they do to a network.
struct ForwardedPackets: Sendable {
    private(set) var packets: [TracedPacket] = []
    /// Whether a chain that lets one of them pass is in nobody's way: it stops others for one purpose alone.
    private let isOneEnough: Bool

    var isEmpty: Bool { packets.isEmpty }

    /// What a member of a network sends: to elsewhere, and where there is no way out to another one.
    init(of network: NetworkDefinition, _ family: AddressFamily, to output: String?) {
        isOneEnough = true
        let outside = PacketQuestion.elsewhere(family)
        // The last ones of the subnet that containers can have; where they give themselves addresses, anybody's.
        let last = network.gateways.first { $0.family == family }?.network.last ?? outside
        let source = IPAddress(family, number: last.number - 1) ?? outside
        let member = IPAddress(family, number: last.number - 2) ?? outside
        let probes: [(transport: UInt8, port: UInt16)] = [(6, 443), (17, 40000)]
        for probe in probes {
            var packet = TracedPacket(
                from: source, to: network.hasWayOut ? outside : member, probe.transport, port: probe.port)
            (packet.input, packet.output) = (network.device, output)
            packets.append(packet)
        }
    }

    /// What comes in from elsewhere for the ports of a member: translated already, but for ports at its own address.
    init(for endpoint: Endpoint, _ family: AddressFamily, from input: String?) {
        isOneEnough = false
        guard let address = endpoint.addresses.first(where: { $0.family == family }) else { return }
        let source = PacketQuestion.elsewhere(family)
        let places = endpoint.ports.map { ($0, true) } + endpoint.openPorts.map { ($0, false) }
        let reached = places.filter { $0.0.hostAddress.family == family && !$0.0.hostAddress.isLoopback }
        for (port, isTranslated) in reached.prefix(16) {
            var packet = TracedPacket(from: source, to: address, port.transport.number, port: port.containerPort)
            (packet.input, packet.output) = (input, endpoint.bridge)
            packet.hasNewDestination = isTranslated
            packets.append(packet)
        }
    }

    func areStopped(by chain: String, of table: String, in tables: [TraceableTable]) -> Bool {
        let walk = FirewallWalk(tables)
        func isStopped(_ packet: TracedPacket) -> Bool {
            var walk = walk
            return walk.isStopped(packet, by: chain, of: table)
        }
        return isOneEnough ? packets.allSatisfy(isStopped) : packets.contains(where: isStopped)
    }
}
