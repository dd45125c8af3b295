import Core
import Firewall

/// Rules of others that let pass what an internal network's own would drop: they are asked first, and what they accept is asked no more.
/// Found by following packets from elsewhere and from another network to a member, and from a member there.
enum IsolationObstacles {
    static func find(
        to network: NetworkDefinition, _ host: inout HostReading
    ) throws(OperationError) -> [NetworkObstacle] {
        guard network.isInternal, network.firewall != .none else { return [] }
        var found: [NetworkObstacle] = []
        for subnet in network.gateways.map(\.network) {
            for question in try questions(network, subnet, &host) {
                guard let steps = try host.admissions(question),
                    let rule = opening(steps, to: network.firewall)
                else { continue }
                let obstacle = obstacle(rule, to: network)
                if !found.contains(obstacle) { found.append(obstacle) }
            }
        }
        return found
    }

    private static func questions(
        _ network: NetworkDefinition, _ subnet: Subnet, _ host: inout HostReading
    ) throws(OperationError) -> [PacketQuestion] {
        guard let member = member(of: network, subnet, host) else { return [] }
        let neighbours = try host.neighbours(subnet.family).filter { $0.link.name != network.device }
        // A rule that is about one other network of ours alone may be missed: all would be many.
        let ours = neighbours.filter(\.link.isOwnBridge).prefix(1)
        let others = neighbours.filter { !$0.link.isOwnBridge } + Array(ours)
        let senders = [host.door(subnet.family)?.sender].compactMap { $0 } + others.map(\.address)
        return senders.flatMap { other in
            [
                PacketQuestion(from: other, to: member, 6, port: 443),
                PacketQuestion(from: member, to: other, 6, port: 443),
            ]
        }
    }

    /// One of the last addresses, that no container has: what such a one sends is not followed beyond its own routes.
    private static func member(
        of network: NetworkDefinition, _ subnet: Subnet, _ host: borrowing HostReading
    ) -> IPAddress? {
        let taken = Set(host.members(of: network).flatMap { $0.endpoints.flatMap(\.addresses) })
        let gateways = network.gateways.map(\.address)
        let last = (1...16).compactMap { IPAddress(subnet.family, number: subnet.last.number &- UInt128($0)) }
        let hosts = last.filter { subnet.hosts.contains($0) && !gateways.contains($0) }
        return hosts.first { !taken.contains($0) } ?? hosts.first
    }

    /// What a user has put into the chain that is left to them is meant so, and where the network's own rules are missing that is told
    /// of as such.
    /// - Returns: the rule in the table of the network's own that has accepted the packet in front of those, or among them.
    private static func opening(_ steps: [FirewallWalk.Step], to firewall: FirewallBackend) -> FirewallWalk.Step? {
        let table = firewall == .iptables ? "-legacy filter" : " mydocker-filter"
        let own = steps.filter { $0.table.hasSuffix(table) }
        return own.contains { $0.isOfUsers || $0.isBehindIsolation } ? nil : own.last
    }

    private static func obstacle(_ rule: FirewallWalk.Step, to network: NetworkDefinition) -> NetworkObstacle {
        NetworkObstacle(
            .foreign, "the rule \(rule.description)",
            "lets pass what \"\(network.device)\", an internal network's, is kept from", remedy: remedy(rule))
    }

    private static func remedy(_ rule: FirewallWalk.Step) -> String {
        guard rule.table.hasPrefix("nft ") else {
            return rule.isOurs
                ? "take it away" : "put it behind the jumps to MYDOCKER- chains, or take it away"
        }
        let place = "\(rule.table.dropFirst(4)) \(rule.chain)"
        return "take it away: nft delete rule \(place) handle HANDLE, which is told by nft -a list chain \(place)"
    }
}
