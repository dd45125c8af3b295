import Core
import Firewall
import Netlink

/// Rules of others that stop what comes for published ports which the kernel does not send on: a supervisor listens for them, so that they
/// are asked about on the way into this host (INPUT), and not through it.
enum InputObstacles {
    /// The ports of its members are asked about; where none has such a port, and the network is of IPv6 alone, any.
    static func find(to network: NetworkDefinition, _ host: inout HostReading) -> [NetworkObstacle] {
        guard let family = family(of: network) else { return [] }
        let ports = ports(of: host.members(of: network).flatMap(\.endpoints), on: network, family)
        if ports.isEmpty, family == .ipv6 { return [] }
        guard let walk = try? host.walk(family), let door = host.door(family) else { return [] }
        if ports.isEmpty {
            // No port is let in for itself: not those that web servers have, nor any of UDP.
            let probes: [(transport: UInt8, port: UInt16)] = [(6, 8080), (17, 40000)]
            let steps = probes.map { stop($0.transport, $0.port, door, walk) }
            guard let step = steps.first ?? nil, steps.allSatisfy({ $0 != nil }) else { return [] }
            return [obstacle(step, family, .tcp, "PORT")]
        }
        var found: [NetworkObstacle] = []
        for port in ports {
            guard let step = stop(port.transport.number, port.hostPort, door, walk) else { continue }
            let obstacle = obstacle(step, family, port.transport, "\(port.hostPort)")
            if !found.contains(obstacle) { found.append(obstacle) }
        }
        return found
    }

    /// The same of one member's ports, in one line. Few members have such a port, and of others nothing is read.
    static func find(
        to network: NetworkDefinition, portsOf endpoint: Endpoint, _ host: inout HostReading
    ) -> [NetworkObstacle] {
        guard let family = family(of: network) else { return [] }
        let ports = ports(of: [endpoint], on: network, family).prefix(16)
        guard !ports.isEmpty, let walk = try? host.walk(family), let door = host.door(family) else { return [] }
        let stops = ports.compactMap { port in
            stop(port.transport.number, port.hostPort, door, walk).map { (port: port, step: $0) }
        }
        guard let first = stops.first else { return [] }
        let number = stops.count == 1 ? "\(first.port.hostPort)" : "PORT"
        return [obstacle(first.step, family, first.port.transport, number)]
    }

    /// That of which members have no address, where they have one of the other.
    private static func family(of network: NetworkDefinition) -> AddressFamily? {
        guard !network.isInternal, network.givesAddresses, network.gateways.count == 1 else { return nil }
        return network.gateway == nil ? .ipv4 : .ipv6
    }

    /// Those that come in from elsewhere.
    private static func ports(
        of endpoints: [Endpoint], on network: NetworkDefinition, _ family: AddressFamily
    ) -> [PortMapping] {
        endpoints.filter { $0.networkID == network.id }.flatMap(\.ports).filter {
            $0.hostAddress.family == family && !$0.hostAddress.isLoopback && $0.transport != .sctp
        }
    }

    private static func stop(_ transport: UInt8, _ port: UInt16, _ door: Door, _ walk: FirewallWalk)
        -> FirewallWalk.Step?
    {
        var walk = walk
        var packet = TracedPacket(from: door.outside, to: door.address, transport, port: port)
        packet.input = door.link
        packet.addressTypes = [door.outside: 1, door.address: 2]  // RTN_UNICAST, RTN_LOCAL
        switch walk.pass(.input, &packet) {
        case .passes: return nil
        case .dropped(let step), .rejected(let step): return step.isOurs ? nil : step
        }
    }

    /// - Parameter port: its number.
    static func obstacle(
        _ step: FirewallWalk.Step, _ family: AddressFamily, _ transport: TransportProtocol, _ port: String
    ) -> NetworkObstacle {
        let place = "\(step.table) \(step.chain)"
        let isPolicy = step.text == "policy DROP"
        let name = family == .ipv4 ? "IPv4" : "IPv6"
        return NetworkObstacle(
            .foreign, isPolicy ? "the chain \"\(place)\"" : "the rule \(step.description)",
            "drops what comes for \(port == "PORT" ? "published ports" : "port \(port)/\(transport.rawValue)") "
                + "at addresses of \(name), which no rule sends on: a supervisor answers there",
            remedy: "let it in: \(remedy(step, family, transport, port))")
    }

    private static func remedy(
        _ step: FirewallWalk.Step, _ family: AddressFamily, _ transport: TransportProtocol, _ port: String
    ) -> String {
        let name = transport.rawValue
        let tool = family == .ipv4 ? "iptables" : "ip6tables"
        if step.chain.hasPrefix("ufw") { return "ufw allow \(port)/\(name)" }
        switch step.table {
        case "nft inet firewalld":
            return ["", "--permanent "].map { "firewall-cmd \($0)--add-port=\(port)/\(name)" }.joined(separator: "; ")
        case "nft ip filter", "nft ip6 filter": return "\(tool)-nft -I INPUT -p \(name) --dport \(port) -j ACCEPT"
        case let table where table.hasPrefix("nft "):
            return "nft insert rule \(table.dropFirst(4)) \(step.chain) \(name) dport \(port) accept"
        default: return "\(tool)-legacy -I INPUT -p \(name) --dport \(port) -j ACCEPT"
        }
    }
}
