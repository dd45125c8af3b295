import Core
import Netlink

/// Rules of others that stop what a network's containers send or are sent, found by following packets.
enum RuleObstacles {
    /// TEST-NET-1 (RFC 5737), which is nobody's: by the default route.
    private static let elsewhere = IPAddress(ipv4: 0xc000_0201)

    static func find(to network: NetworkDefinition, _ containers: [TracedContainer]) throws(OperationError)
        -> [NetworkObstacle]
    {
        guard !network.isInternal else { return [] }
        var tracer = try PacketTracer(containers)
        var found: [NetworkObstacle] = []
        for question in questions(network, containers) {
            guard case .isStopped(let rule, isOurs: false) = tracer.trace(question).end else { continue }
            let obstacle = NetworkObstacle(
                .foreign, "the rule \(rule)", "drops what \(question.source) sends to \(question.destination)",
                remedy: "take it away, or let \"\(network.device)\" pass in front of it")
            if !found.contains(where: { $0.what == obstacle.what }) { found.append(obstacle) }
        }
        return found
    }

    /// Out of the network and into it, to this host and to its neighbours; each is what one of its containers sends or gets.
    private static func questions(_ network: NetworkDefinition, _ containers: [TracedContainer]) -> [PacketQuestion] {
        let own = containers.flatMap(\.endpoints).filter { $0.networkID == network.id }
        guard let first = own.first else { return [] }
        let out = PacketQuestion(from: first.address.address, to: elsewhere, 6, port: 443)
        let ports = own.flatMap { endpoint in
            endpoint.ports.prefix(1).map {
                PacketQuestion(from: .loopbackIPv4, to: .loopbackIPv4, $0.transport == .tcp ? 6 : 17, port: $0.hostPort)
            }
        }
        let neighbours = own.dropFirst().prefix(1).map {
            PacketQuestion(from: first.address.address, to: $0.address.address, 1, port: nil)
        }
        return [out] + ports + neighbours
    }
}
