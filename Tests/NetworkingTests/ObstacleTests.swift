import Core
import Testing

@testable import Firewall
@testable import Netlink
@testable import Networking

/// What has become of a host since a network was made, without a kernel.
@Suite struct ObstacleTests {
    private func route(_ destination: String, link: Int32? = 3, table: UInt32 = 254) throws -> RouteInfo {
        RouteInfo(
            destination: try #require(Subnet(destination)), gateway: nil, link: link, priority: 0, mtu: nil,
            table: table,
            type: 1)
    }

    private func found(_ routes: [RouteInfo]) throws -> [String] {
        let network = try NetworkDefinition.example(gateway: "10.77.7.1/24")
        return RouteObstacles.find(to: network, routes, bridge: 7, links: [3: "wg0", 7: "web"]).map(\.warning)
    }

    /// Each firewall's owner has a command of its own.
    @Test(arguments: [
        ("nft inet strict", "input", "nft insert rule inet strict input udp dport 53 accept"),
        ("nft ip filter", "INPUT", "iptables-nft -I INPUT -p udp --dport 53 -j ACCEPT"),
        ("iptables-legacy filter", "INPUT", "iptables-legacy -I INPUT -p udp --dport 53 -j ACCEPT"),
        ("iptables-legacy filter", "ufw-reject-input", "ufw allow 53/udp"),
        (
            "nft inet firewalld", "filter_INPUT",
            "firewall-cmd --add-port=53/udp; firewall-cmd --permanent --add-port=53/udp"
        ),
    ])
    func whatLetsInWhatASupervisorAnswers(table: String, chain: String, remedy: String) {
        let step = FirewallWalk.Step(table: table, chain: chain, text: "policy DROP")
        let obstacle = InputObstacles.obstacle(step, .ipv4, .udp, "53")
        #expect(
            obstacle.warning
                == "the chain \"\(table) \(chain)\" drops what comes for port 53/udp at addresses of IPv4, "
                + "which no rule sends on: a supervisor answers there; let it in: \(remedy)")
    }

    @Test func routesThatAreInTheWay() throws {
        let remedy = "; make the network anew with another --subnet, or take the route away"
        #expect(
            try found([route("10.77.7.128/25"), route("10.77.7.0/24"), route("10.0.0.0/8", link: nil)]) == [
                "the route 10.77.7.128/25 dev wg0 takes what is for these addresses of 10.77.7.0/24 away from its containers"
                    + remedy,
                "the route 10.77.7.0/24 dev wg0 is for the same addresses as the network: which way a packet goes is left to chance"
                    + remedy,
                "the route 10.0.0.0/8 leads to hosts that cannot be reached from here where they have addresses of 10.77.7.0/24"
                    + remedy,
            ])
    }

    @Test func routesThatAreNot() throws {
        #expect(
            try found([
                route("10.77.7.0/24", link: 7), route("10.77.7.1/32", link: 7, table: 255), route("0.0.0.0/0"),
                route("0.0.0.0/1"), route("10.77.8.0/24"), route("10.77.7.9/32", table: 255),
            ]) == [])
    }

    /// The same as by asking each of them, and in their order.
    @Test func routesAreFoundByPlace() throws {
        var subnets: [Subnet] = []
        for third in 0..<8 {
            for fourth in [0, 64, 128, 200] {
                for length in [0, 8, 16, 23, 24, 25, 26, 30, 32] {
                    subnets.append(try #require(Subnet("10.77.\(third).\(fourth)/\(length)")).network)
                }
            }
        }
        let some = subnets.enumerated().filter { $0.offset % 7 == 0 || $0.element.prefixLength == 25 }.map(\.element)
        let routes = try some.reversed().map { try route($0.description) }
        let byPlace = RoutesByPlace(routes)
        for subnet in subnets {
            #expect(byPlace.overlapping(subnet) == routes.filter { $0.destination.overlaps(subnet) }, "\(subnet)")
        }
        #expect(RoutesByPlace([]).overlapping(subnets[0]) == [])
    }

    @Test func aWayOutThatSendsNothingOn() throws {
        let network = try NetworkDefinition.example()
        var settings = LinkSettings()
        settings.forwards = 0
        let links = [
            LinkInfo.example(3, "eth0.5", nil, settings: settings), .example(4, "eth1", nil, settings: settings),
        ]
        let routes = try [route("0.0.0.0/0"), route("10.0.0.0/8", link: 4)]
        #expect(
            ForwardingObstacles.find(to: network, routes, links, isRouting: true).map(\.warning) == [
                "the setting net/ipv4/conf/eth0.5/forwarding=0 loses what comes in by eth0.5 for containers: answers, and "
                    + "what is for published ports; run: sysctl -w net/ipv4/conf/eth0.5/forwarding=1"
            ])
        #expect(ForwardingObstacles.find(to: network, routes, links, isRouting: false) == [])
        settings.forwards = 1
        #expect(
            ForwardingObstacles.find(
                to: network, routes, [.example(3, "eth0", nil, settings: settings)], isRouting: true) == [])
    }

    /// What arrives elsewhere, or as somebody else, is a fault where a rule of others has decided so.
    @Test func whatOthersDoToPackets() throws {
        let question = PacketQuestion(from: IPAddress(ipv4: 0xc633_6401), to: IPAddress(ipv4: 0x0afa_0001), 6, port: 80)
        var probe = PacketProbe(question)
        probe.container = "web"
        var way = PacketWay()
        way.end = .arrives("at this host")
        #expect(probe.fault(way) == nil)
        way.steps = [.init("prerouting", "nat: ACCEPT", isForeignTranslation: true), .init("routing", "local")]
        let fault = try #require(probe.fault(way))
        #expect(fault.rule == "nat: ACCEPT")
        #expect(fault.effect == "keeps what is for 10.250.0.1, port 80 from container web")
        way.container = "web"
        #expect(probe.fault(way) == nil)
        way.end = .isStopped(by: "raw: DROP", isOurs: false)
        #expect(probe.fault(way)?.effect == "drops what 198.51.100.1 sends to 10.250.0.1, port 80")
        var out = PacketProbe(question)
        out.isMasqueraded = true
        way.end = .arrives("it leaves this host")
        way.steps = [.init("postrouting", "nat: ACCEPT", isForeignTranslation: true)]
        way.source = question.source
        #expect(out.fault(way)?.effect == "lets what 198.51.100.1 sends to 10.250.0.1 out under its own address")
        way.source = question.destination
        #expect(out.fault(way) == nil)
    }

    /// Nobody reads them, so that what they do is not known.
    @Test func tablesOfTheLegacyEbtables() {
        #expect(LegacyBridgeTables.found { _ in false } == [])
        #expect(
            LegacyBridgeTables.found { ["ebtable_nat", "ebtable_filter", "ebtables"].contains($0) } == [
                "ebtables-legacy filter", "ebtables-legacy nat",
            ])
    }

    @Test func packetsThatAreTooLarge() throws {
        let network = try NetworkDefinition.example()
        #expect(SizeObstacles.find(to: network, bridge: 1500, outside: 1500) == [])
        #expect(SizeObstacles.find(to: network, bridge: 1500, outside: nil) == [])
        #expect(
            SizeObstacles.find(to: network, bridge: 1500, outside: 1420).map(\.remedy) == [
                "make the network anew with -o mtu=1420"
            ])
    }
}
