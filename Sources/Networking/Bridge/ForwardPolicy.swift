import Core
import Firewall
import Glibc
import Netlink

/// Chains that are not ours and drop what a network forwards, by a rule or by their policy: Docker's on a host whose iptables is
/// that of nftables, ufw's, firewalld's, or an administrator's own. What our tables accept is dropped there all the same.
enum ForwardPolicy {
    /// One for each chain that has no rule about the network's bridge. Nothing where nftables cannot be asked.
    /// - Parameter isPlanned: whether whoever makes the network is still to have it let through where others leave a place for that.
    static func obstacles(to network: NetworkDefinition, isPlanned: Bool = false) -> [NetworkObstacle] {
        let families = network.families.filter { isAsked(about: network, $0) }
        return obstacles(to: network, families, isPlanned: isPlanned) { _ in true }
    }

    /// Those that drop by their policy what comes for a member's ports from elsewhere. Where no chain has such a policy, as on most
    /// hosts, no rule is read: this is asked whenever a container begins.
    static func obstacles(to network: NetworkDefinition, portsOf endpoint: Endpoint) -> [NetworkObstacle] {
        guard network.hasWayOut else { return [] }
        let places = (endpoint.ports + endpoint.openPorts).map(\.hostAddress)
        let reached = Set(places.filter { !$0.isLoopback }.map(\.family))
        return obstacles(to: network, endpoint.families.filter(reached.contains), isPlanned: false, among: \.drops)
    }

    private static func obstacles(
        to network: NetworkDefinition, _ families: [AddressFamily], isPlanned: Bool, among isMeant: (BaseChain) -> Bool
    ) -> [NetworkObstacle] {
        if families.isEmpty { return [] }
        var obstacles = legacyObstacles(to: network)
        guard var tables = try? NFTablesSocket(), let chains = try? tables.baseChains() else { return obstacles }
        for family in families {
            for chain in foreign(chains, family) where isMeant(chain) {
                guard let name = chain.family, (try? tables.mentions(network.device, in: chain)) != true else {
                    continue
                }
                if isPlanned, letsThrough(network, family, chain, &tables) { continue }
                guard keepsStopping(network, family, in: chain) else { continue }
                let isOfUFW = (try? tables.mentions(Self.chainOfUFW(family), in: chain)) == true
                let obstacle = obstacle(to: network, "\(name) \(chain.table) \(chain.name)", isOfUFW: isOfUFW)
                if !obstacles.contains(obstacle) { obstacles.append(obstacle) }
            }
        }
        return obstacles
    }

    /// What a network exchanges with the outside is forwarded; what goes from port to port of a bridge is where bridges ask.
    private static func isAsked(about network: NetworkDefinition, _ family: AddressFamily) -> Bool {
        network.hasWayOut || network.options.membersMeet && BridgeNetfilter.isOn(family)
    }

    /// Docker's FORWARD asks the chain that is left to others; firewalld is told of the bridge.
    private static func letsThrough(
        _ network: NetworkDefinition, _ family: AddressFamily, _ chain: BaseChain, _ tables: inout NFTablesSocket
    ) -> Bool {
        let left = DockerUserChain(family)
        switch chain.table {
        case left.chain.table:
            return left.isAbout(network) && (try? tables.mentions(left.chain.name, in: chain)) == true
        case "firewalld": return !FirewalldZone.devices(of: [network]).isEmpty
        default: return false
        }
    }

    private static func foreign(_ chains: [BaseChain], _ family: AddressFamily) -> [BaseChain] {
        chains.filter { $0.isForward && $0.isPassed(by: family) && !$0.table.hasPrefix("mydocker-") }
    }

    /// Docker takes its jump to DOCKER-USER out and puts it back, by one command each: a moment without it is not what stays.
    private static func keepsStopping(_ network: NetworkDefinition, _ family: AddressFamily, in chain: BaseChain)
        -> Bool
    {
        guard stops(network, family, in: chain) else { return false }
        // Chains of others have no such jump: there is nothing to wait for.
        let left = DockerUserChain(family)
        guard chain.table == left.chain.table, chain.name == "FORWARD", chain.family != "inet", left.admits(network)
        else { return true }
        for _ in 0..<10 {
            usleep(50_000)
            if !stops(network, family, in: chain) { return false }
        }
        return true
    }

    /// Whether the first packet of a connection that a container begins comes to an end there: not for one purpose alone.
    private static func stops(_ network: NetworkDefinition, _ family: AddressFamily, in chain: BaseChain) -> Bool {
        // The last ones of the subnet that containers can have.
        guard let subnet = network.gateways.first(where: { $0.family == family })?.network,
            let source = IPAddress(family, number: subnet.last.number - 1),
            let member = IPAddress(family, number: subnet.last.number - 2),
            let tables = try? FirewallWalk.tables(of: family)
        else { return chain.drops }
        let output = network.hasWayOut ? uplink(family) : network.device
        let target = network.hasWayOut ? PacketQuestion.elsewhere(family) : member
        return [(transport: UInt8(6), port: UInt16(443)), (17, 40000)].allSatisfy { transport, port in
            var packet = TracedPacket(from: source, to: target, transport, port: port)
            (packet.input, packet.output) = (network.device, output)
            var walk = FirewallWalk(tables)
            return walk.isStopped(packet, by: chain.name, of: "nft \(chain.family ?? "") \(chain.table)")
        }
    }

    /// The name of the link that the default route has; nil: there is none.
    private static func uplink(_ family: AddressFamily) -> String? {
        guard var netlink = try? RouteSocket(),
            let index = try? netlink.route(to: PacketQuestion.elsewhere(family)).link
        else { return nil }
        return try? netlink.link(.index(index))?.name
    }

    /// The rules of a network that has its own in the legacy tables let it pass there.
    private static func legacyObstacles(to network: NetworkDefinition) -> [NetworkObstacle] {
        guard network.firewall != .iptables, FirewallBackend.legacyTablesDrop(forwardedBy: network.device) else {
            return []
        }
        let place = FirewallBackend.legacyPlace
        let rules = matches(network).map { "iptables-legacy \(place) \($0) -j ACCEPT" }
        return [obstacle("the legacy iptables chain \"FORWARD\"", network, rules)]
    }

    /// What rules that let it through are about, in the words of iptables(8).
    private static func matches(_ network: NetworkDefinition) -> [String] {
        let device = network.device
        return network.hasWayOut ? ["-i \(device)", "-o \(device)"] : ["-i \(device) -o \(device)"]
    }

    /// ufw(8) asks it from FORWARD.
    private static func chainOfUFW(_ family: AddressFamily) -> String {
        family == .ipv4 ? "ufw-before-forward" : "ufw6-before-forward"
    }

    /// - Parameter chain: as `nft` calls it.
    static func obstacle(to network: NetworkDefinition, _ chain: String, isOfUFW: Bool = false) -> NetworkObstacle {
        obstacle(
            "the nftables chain \"\(chain)\"", network,
            isOfUFW ? commandsOfUFW(network) : remedies(network, chain))
    }

    /// They last, where rules typed in go with the next reload of ufw.
    private static func commandsOfUFW(_ network: NetworkDefinition) -> [String] {
        let device = network.device
        return network.hasWayOut
            ? ["in", "out"].map { "ufw route allow \($0) on \(device)" }
            : ["ufw route allow in on \(device) out on \(device)"]
    }

    private static func remedies(_ network: NetworkDefinition, _ chain: String) -> [String] {
        switch chain {
        case "ip filter FORWARD", "ip6 filter FORWARD":  // the chains that iptables and ip6tables call FORWARD
            let tool = chain.hasPrefix("ip6") ? "ip6tables-nft" : "iptables-nft"
            return matches(network).map { "\(tool) -I FORWARD \($0) -j ACCEPT" }
        case "inet firewalld filter_FORWARD":
            return ["", "--permanent "].map { "firewall-cmd \($0)--zone=trusted --add-interface=\(network.device)" }
        default:
            let (input, output) = ("iifname \(network.device)", "oifname \(network.device)")
            let matches = network.hasWayOut ? [input, output] : ["\(input) \(output)"]
            return matches.map { "nft insert rule \(chain) \($0) accept" }
        }
    }

    private static func obstacle(_ chain: String, _ network: NetworkDefinition, _ rules: [String]) -> NetworkObstacle {
        let what =
            network.hasWayOut
            ? "\"\(network.device)\" exchanges with the outside" : "members of \"\(network.device)\" exchange"
        return NetworkObstacle(
            .foreign, chain, "drops what \(what)", remedy: "let it pass: " + rules.joined(separator: "; "))
    }
}
