import Core
import Netlink

/// Rules of others that stop what a network's containers send or are sent, or take it elsewhere, found by following packets.
enum RuleObstacles {
    static func find(
        to network: NetworkDefinition, _ host: inout HostReading
    ) throws(OperationError) -> [NetworkObstacle] {
        guard !network.isInternal else { return [] }
        var found: [NetworkObstacle] = []
        var rules: Set<String> = []
        for family in Set(network.gateways.map(\.family)).sorted(by: { $0.bits < $1.bits }) {
            for probe in probes(network, &host, family) {
                guard let (rule, effect) = probe.fault(try host.trace(probe.question)) else { continue }
                let obstacle = NetworkObstacle(
                    .foreign, "the rule \(rule)", effect,
                    remedy: "take it away, or let \"\(network.device)\" pass in front of it")
                // A rule is named once, whether it stops packets or answers.
                if rules.insert(rule.replacing(" (its answer)", with: "")).inserted { found.append(obstacle) }
            }
        }
        return found
    }

    /// Out of the network and into it, to this host and to its neighbours; each is what one of its containers sends or gets.
    private static func probes(
        _ network: NetworkDefinition, _ host: inout HostReading, _ family: AddressFamily
    ) -> [PacketProbe] {
        let own = host.members(of: network).flatMap(\.endpoints).filter { $0.networkID == network.id }
        let addresses = own.compactMap { endpoint in endpoint.addresses.first { $0.family == family } }
        guard let first = addresses.first else { return [] }
        var out = PacketProbe(PacketQuestion(from: first, to: PacketQuestion.elsewhere(family), 6, port: 443))
        out.isMasqueraded = network.options.masquerades && !network.options.routedFamilies.contains(family)
        // ::1 is answered by a supervisor, and meets no rule of a network.
        let ports = family == .ipv6 ? [] : own.flatMap { $0.ports.prefix(1) }
        let published = ports.map {
            PacketProbe(PacketQuestion(from: .loopbackIPv4, to: .loopbackIPv4, $0.transport.number, port: $0.hostPort))
        }
        let neighbours = addresses.dropFirst().prefix(1).map {
            PacketProbe(PacketQuestion(from: first, to: $0, family == .ipv4 ? 1 : 58, port: nil))
        }
        return [out] + published + neighbours + fromElsewhere(network, &host, family)
    }

    /// To published ports: two of each container at most, and sixteen in all.
    private static func fromElsewhere(
        _ network: NetworkDefinition, _ host: inout HostReading, _ family: AddressFamily
    ) -> [PacketProbe] {
        guard let door = host.door(family) else { return [] }
        let probes = host.members(of: network).flatMap { container -> [PacketProbe] in
            let own = container.endpoints.filter {
                $0.networkID == network.id && $0.addresses.contains { $0.family == family }
            }
            let ports = own.flatMap(\.ports).filter {
                $0.hostAddress.family == family && !$0.hostAddress.isLoopback && $0.transport != .sctp
            }
            return ports.prefix(2).map { port -> PacketProbe in
                let address = port.hostAddress.isUnspecified ? door.address : port.hostAddress
                var probe = PacketProbe(
                    PacketQuestion(from: door.sender, to: address, port.transport.number, port: port.hostPort))
                probe.container = container.name
                return probe
            }
        }
        return Array(probes.prefix(16))
    }
}

/// A packet, and what is to become of it.
struct PacketProbe {
    let question: PacketQuestion
    /// Whose published port it is for.
    var container: String?
    /// It leaves as this host's.
    var isMasqueraded = false

    init(_ question: PacketQuestion) { self.question = question }

    /// - Returns: the rule of others that is in the way, and what it does.
    func fault(_ way: PacketWay) -> (rule: String, effect: String)? {
        let port = question.port.map { ", port \($0)" } ?? ""
        switch way.end {
        case .isStopped(let rule, isOurs: false):
            return (
                rule, "drops what \(question.source) sends to \(question.destination)\(container == nil ? "" : port)"
            )
        case .isStopped: return nil
        case .stops, .arrives: break
        }
        if let container, way.container != container, let rule = decider(way, "prerouting") {
            return (rule, "keeps what is for \(question.destination)\(port) from container \(container)")
        }
        if isMasqueraded, way.source == question.source, let rule = decider(way, "postrouting") {
            return (rule, "lets what \(question.source) sends to \(question.destination) out under its own address")
        }
        return nil
    }

    private func decider(_ way: PacketWay, _ place: String) -> String? {
        way.steps.last { $0.stage == place && $0.isForeignTranslation }?.text
    }
}
