import Core
import Firewall
import Glibc
import Netlink

/// Chains that are not ours and drop what a network forwards, by a rule or by their policy: Docker's on a host whose iptables is
/// that of nftables, ufw's, firewalld's, or an administrator's own. What our tables accept is dropped there all the same.
enum ForwardPolicy {
    private enum Matter {
        /// What its members exchange with others.
        /// - isPlanned: whether whoever makes the network is still to have it let through where others leave a place for that.
        case network(isPlanned: Bool)
        /// What comes for the ports of a member.
        case ports(Endpoint)
    }

    /// One for each chain that has no rule about the network's bridge. Of nftables nothing where that cannot be asked.
    /// - Parameter isPlanned: whether whoever makes the network is still to have it let through where others leave a place for that.
    static func obstacles(
        to network: NetworkDefinition, isPlanned: Bool = false, _ host: inout HostReading
    ) -> [NetworkObstacle] {
        let families = network.families.filter { isAsked(about: network, $0) }
        return obstacles(to: network, families, .network(isPlanned: isPlanned), &host)
    }

    /// Those that drop by their policy what comes for a member's ports from elsewhere. Where no chain has such a policy, as on most
    /// hosts, no rule of nftables is read: this is asked whenever a container begins. The legacy table tells its policy with its rules
    /// alone, and is read where somebody uses it and the network has its own rules in nftables.
    static func obstacles(
        to network: NetworkDefinition, portsOf endpoint: Endpoint, _ host: inout HostReading
    ) -> [NetworkObstacle] {
        guard network.hasWayOut else { return [] }
        let families = endpoint.families.filter { !ForwardedPackets(for: endpoint, $0, from: nil).isEmpty }
        return obstacles(to: network, families, .ports(endpoint), &host)
    }

    private static func obstacles(
        to network: NetworkDefinition, _ families: [AddressFamily], _ matter: Matter, _ host: inout HostReading
    ) -> [NetworkObstacle] {
        var obstacles: [NetworkObstacle] = []
        for family in families { obstacles += legacyObstacles(to: network, family, matter, &host) }
        guard !families.isEmpty, let chains = host.baseChains() else { return obstacles }
        for family in families {
            let foreign = foreign(chains, family)
            var suspects: [BaseChain] = []
            for chain in foreign where isSuspect(chain, network, family, matter, &host) { suspects.append(chain) }
            for chain in stopping(network, family, suspects, matter, &host) {
                guard let name = chain.family else { continue }
                let isOfUFW = host.mentions(Self.chainOfUFW(family), in: chain)
                let obstacle = obstacle(to: network, "\(name) \(chain.table) \(chain.name)", isOfUFW: isOfUFW)
                if !obstacles.contains(obstacle) { obstacles.append(obstacle) }
            }
        }
        return obstacles
    }

    /// Whether what a chain does to packets is to be found out.
    private static func isSuspect(
        _ chain: BaseChain, _ network: NetworkDefinition, _ family: AddressFamily, _ matter: Matter,
        _ host: inout HostReading
    ) -> Bool {
        guard case .network(let isPlanned) = matter else { return chain.drops }
        if host.mentions(network.device, in: chain) { return false }
        return !(isPlanned && letsThrough(network, family, chain, &host))
    }

    /// What a network exchanges with the outside is forwarded; what goes from port to port of a bridge is where bridges ask.
    private static func isAsked(about network: NetworkDefinition, _ family: AddressFamily) -> Bool {
        network.hasWayOut || network.options.membersMeet && BridgeNetfilter.isOn(family)
    }

    /// Docker's FORWARD asks the chain that is left to others; firewalld is told of the bridge.
    private static func letsThrough(
        _ network: NetworkDefinition, _ family: AddressFamily, _ chain: BaseChain, _ host: inout HostReading
    ) -> Bool {
        let left = DockerUserChain(family)
        switch chain.table {
        case left.chain.table:
            return left.isAbout(network) && host.mentions(left.chain.name, in: chain)
        case "firewalld": return !FirewalldZone.devices(of: [network]).isEmpty
        default: return false
        }
    }

    private static func foreign(_ chains: [BaseChain], _ family: AddressFamily) -> [BaseChain] {
        chains.filter { $0.isForward && $0.isPassed(by: family) && !$0.table.hasPrefix("mydocker-") }
    }

    /// Those of `chains` that stop it. Rules are read where there are any, and once for all of them.
    private static func stopping(
        _ network: NetworkDefinition, _ family: AddressFamily, _ chains: [BaseChain], _ matter: Matter,
        _ host: inout HostReading
    ) -> [BaseChain] {
        if chains.isEmpty { return [] }
        let packets = packets(matter, network, family, &host)
        let tables = host.nftables(family)
        return chains.filter { chain in
            guard stops(packets, in: chain, tables) else { return false }
            guard hasItsPlace(network, family, in: chain) else { return true }
            // A container that begins does not wait, and is no place to tell of what may be over already.
            guard case .network = matter else { return false }
            return keepsStopping(family, in: chain, packets)
        }
    }

    /// Whether a chain is Docker's, which leaves DOCKER-USER to others, and the network has its rules there.
    private static func hasItsPlace(_ network: NetworkDefinition, _ family: AddressFamily, in chain: BaseChain) -> Bool
    {
        let left = DockerUserChain(family)
        return chain.table == left.chain.table && chain.name == "FORWARD" && chain.family != "inet"
            && left.admits(network)
    }

    /// Docker takes its jump to DOCKER-USER out and puts it back, by one command each: a moment without it is not what stays.
    private static func keepsStopping(
        _ family: AddressFamily, in chain: BaseChain, _ packets: ForwardedPackets
    ) -> Bool {
        for _ in 0..<10 {
            usleep(50_000)
            if !stops(packets, in: chain, HostReading.readNFTables(family)) { return false }
        }
        return true
    }

    /// - Parameter tables: nil where they could not be read.
    private static func stops(_ packets: ForwardedPackets, in chain: BaseChain, _ tables: [TraceableTable]?) -> Bool {
        guard let tables else { return chain.drops }
        return packets.areStopped(by: chain.name, of: "nft \(chain.family ?? "") \(chain.table)", in: tables)
    }

    private static func packets(
        _ matter: Matter, _ network: NetworkDefinition, _ family: AddressFamily, _ host: inout HostReading
    ) -> ForwardedPackets {
        switch matter {
        case .network:
            ForwardedPackets(of: network, family, to: network.hasWayOut ? host.uplink(family) : network.device)
        case .ports(let endpoint): ForwardedPackets(for: endpoint, family, from: host.uplink(family))
        }
    }

    /// The rules of a network that has its own in the legacy tables let it pass there.
    private static func legacyObstacles(
        to network: NetworkDefinition, _ family: AddressFamily, _ matter: Matter, _ host: inout HostReading
    ) -> [NetworkObstacle] {
        guard network.firewall != .iptables, let table = host.legacyFilter(family),
            table.chain("FORWARD")?.drops == true,
            packets(matter, network, family, &host).areStopped(by: "FORWARD", of: table.name, in: [table])
        else { return [] }
        let tool = family == .ipv4 ? "iptables" : "ip6tables"
        let place = FirewallBackend.legacyPlace(of: family)
        let rules = matches(network).map { "\(tool)-legacy \(place) \($0) -j ACCEPT" }
        return [obstacle("the legacy \(tool) chain \"FORWARD\"", network, rules)]
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
