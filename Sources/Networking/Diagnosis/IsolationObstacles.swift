import Core
import Firewall
import Netlink

/// Rules of others in the legacy tables that let pass what an internal network's own would drop: they are asked first, and what they
/// accept is asked no more. In nftables each table is asked by itself.
enum IsolationObstacles {
    static func find(
        to network: NetworkDefinition, _ host: inout HostReading
    ) throws(OperationError) -> [NetworkObstacle] {
        guard network.isInternal, network.firewall == .iptables else { return [] }
        let names = try host.links().names
        var netlink = try RouteSocket()
        var rules: [String] = []
        for subnet in network.gateways.map(\.network) {
            let walk = try host.walk(subnet.family)
            for found in try netlink.addresses(of: subnet.family) {
                guard let name = names[found.link], name != network.device, name != "lo" else { continue }
                for packet in packets(network.device, subnet, name, found.address.address) {
                    guard let rule = opening(packet, walk), !rules.contains(rule) else { continue }
                    rules.append(rule)
                }
            }
        }
        return rules.map { rule in
            NetworkObstacle(
                .foreign, "the rule \(rule)",
                "lets pass what \"\(network.device)\", an internal network's, is kept from",
                remedy: "put it behind the jumps to MYDOCKER- chains, or take it away")
        }
    }

    /// From a member to another link of this host, and from there to a member.
    private static func packets(
        _ device: String, _ subnet: Subnet, _ other: String, _ address: IPAddress
    ) -> [TracedPacket] {
        guard let member = IPAddress(subnet.family, number: subnet.last.number - 1) else { return [] }
        var (outward, inward) = (
            TracedPacket(from: member, to: address, 6, port: 443), TracedPacket(from: address, to: member, 6, port: 443)
        )
        (outward.input, outward.output) = (device, other)
        (inward.input, inward.output) = (other, device)
        return [inward, outward]
    }

    /// What a user has put into the chain that is left to them is meant so.
    /// - Returns: the rule that accepts the packet before one of ours is asked.
    private static func opening(_ packet: TracedPacket, _ walk: FirewallWalk) -> String? {
        var (packet, walk) = (packet, walk)
        guard walk.pass(.forward, &packet) == .passes else { return nil }
        let steps = walk.takeSteps().filter { $0.table.hasSuffix("-legacy filter") }
        return steps.contains(where: \.isOurs) ? nil : steps.last?.description
    }
}
