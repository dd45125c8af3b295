import Core
import Netlink

/// Where a packet's way ends: at a container, or at this host.
extension PacketTracer {
    mutating func deliver(by bridge: LinkInfo, _ packet: TracedPacket) {
        guard let (container, endpoint) = place(of: packet.destination), endpoint.bridge == bridge.name else {
            return stop("nobody on \(bridge.name) has the address \(packet.destination)")
        }
        if let why = trouble(of: endpoint, on: bridge) { return stop(why) }
        pass(link: endpoint.hostInterface, isOutward: true)
        note(bridge.name, "→ \(endpoint.hostInterface) → \(endpoint.interface) of container \(container.name)")
        let port = packet.destinationPort.map { ", port \($0)" } ?? ""
        (way.container, way.source) = (container.name, packet.source)
        way.end = .arrives("at container \(container.name)\(port), from \(packet.source)")
    }

    mutating func arriveHere(_ packet: inout TracedPacket, by input: String) {
        packet.input = input
        packet.output = nil
        guard pass(.input, &packet) else { return }
        let port = packet.destinationPort.map { ", port \($0)" } ?? ""
        guard let (container, endpoint, mapping) = listener(packet) else {
            if let holder = holder(packet) {
                return stop("a socket holds the port for container \(holder.name), and no rule has sent this on to it")
            }
            way.end = .arrives("at this host\(port), from \(packet.source)")
            return answerFromHere(to: packet)
        }
        // Where a datagram has come to is not told to whoever receives it.
        let own = packet.isOfTCP ? packet.destination : nil
        if let network = internals.refusing(packet.source, at: own, publishedBy: endpoint.networkID) {
            note("supervisor", "of container \(container.name) listens\(port)")
            return stop(
                "it refuses \(packet.source): network \(network.name) is internal, and has no way "
                    + (network.id == endpoint.networkID ? "in" : "out"))
        }
        note("supervisor", "of container \(container.name) listens\(port), and passes it on from this host")
        way.container = container.name
        way.end = .arrives("at container \(container.name), port \(mapping.containerPort)")
        answerFromHere(to: packet)
    }

    /// Why a container's link carries nothing; nil: it does.
    func trouble(of endpoint: Endpoint, on bridge: LinkInfo) -> String? {
        let name = endpoint.hostInterface
        guard let port = link(named: name) else { return "there is no link \(name)" }
        if port.master != bridge.index { return "\(name) is not on the bridge \(bridge.name)" }
        return [port, bridge].first { !$0.isUp }.map { "\($0.name) is down" }
    }
}
