import Core
import Netlink

/// Rules of others that stop what a network's containers send or are sent, found by following packets.
enum RuleObstacles {
    static func find(to network: NetworkDefinition, _ containers: [TracedContainer]) throws(OperationError)
        -> [NetworkObstacle]
    {
        guard !network.isInternal else { return [] }
        var found: [NetworkObstacle] = []
        for family in Set(network.gateways.map(\.family)).sorted(by: { $0.bits < $1.bits }) {
            // What supervisors refuse is no rule of anybody's.
            var tracer = try PacketTracer(containers, InternalNetworks(among: []), family)
            for question in questions(network, containers, family) {
                guard case .isStopped(let rule, isOurs: false) = tracer.trace(question).end else { continue }
                let obstacle = NetworkObstacle(
                    .foreign, "the rule \(rule)", "drops what \(question.source) sends to \(question.destination)",
                    remedy: "take it away, or let \"\(network.device)\" pass in front of it")
                if !found.contains(where: { $0.what == obstacle.what }) { found.append(obstacle) }
            }
        }
        return found
    }

    /// Out of the network and into it, to this host and to its neighbours; each is what one of its containers sends or gets.
    private static func questions(
        _ network: NetworkDefinition, _ containers: [TracedContainer], _ family: AddressFamily
    ) -> [PacketQuestion] {
        let own = containers.flatMap(\.endpoints).filter { $0.networkID == network.id }
        let addresses = own.compactMap { endpoint in endpoint.addresses.first { $0.family == family } }
        guard let first = addresses.first else { return [] }
        let out = PacketQuestion(from: first, to: PacketQuestion.elsewhere(family), 6, port: 443)
        // ::1 is answered by a supervisor, and meets no rule of a network.
        let ports = family == .ipv6 ? [] : own.flatMap { $0.ports.prefix(1) }
        let published = ports.map {
            PacketQuestion(from: .loopbackIPv4, to: .loopbackIPv4, $0.transport == .tcp ? 6 : 17, port: $0.hostPort)
        }
        let neighbours = addresses.dropFirst().prefix(1).map {
            PacketQuestion(from: first, to: $0, family == .ipv4 ? 1 : 58, port: nil)
        }
        return [out] + published + neighbours
    }
}
