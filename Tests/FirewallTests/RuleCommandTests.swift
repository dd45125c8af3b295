import Core
import Testing

@testable import Firewall

/// What the firewalls' own tools would be told. No table is read.
@Suite struct RuleCommandTests {
    private let network = NetworkIntent.testbridge
    private let published = PublishedPorts(
        "0123456789ab", [.tcp(90, 80, .loopbackIPv4), .tcp(8000, 9000), .tcp(8001, 9001)])
    private var intent: FirewallIntent { FirewallIntent(networks: [network]) }

    private func commands(
        _ firewall: any Firewall, _ intent: FirewallIntent, upon ground: FirewallGround = .nothing
    ) throws -> [String] {
        try firewall.commands(establishing: intent, upon: ground) { _ in false }.map(\.description)
    }

    /// Chains first, jumps at the head in their order, rules behind each other.
    @Test func ofTheLegacyTables() throws {
        let lines = try commands(IPTablesFirewall(), intent)
        let golden = (Golden.filter + "\n" + Golden.nat).split(separator: "\n").map(String.init)
        let rules = golden.filter { $0.hasPrefix("-A MYDOCKER") && !$0.contains("mydocker-") }
        for rule in rules {
            #expect(["filter", "nat"].contains { lines.contains("iptables-legacy -t \($0) \(rule)") }, "\(rule)")
        }
        #expect(lines.filter { $0.contains(" -N ") }.count == 7)
        #expect(
            lines.filter { $0.contains(" FORWARD ") } == [
                "iptables-legacy -t filter -A FORWARD -j MYDOCKER-USER",
                "iptables-legacy -t filter -A FORWARD -j MYDOCKER-ISOLATE",
                "iptables-legacy -t filter -A FORWARD -j MYDOCKER-FORWARD",
                "iptables-legacy -t filter -A FORWARD -j MYDOCKER-EGRESS",
            ])
        #expect(lines.count == 7 + 8 + rules.count)
    }

    @Test func ofNFTables() throws {
        let lines = try commands(NFTablesFirewall(), intent)
        #expect(lines.first == "nft 'add table ip mydocker-filter'")
        #expect(
            lines.contains(
                "nft 'add chain ip mydocker-nat PREROUTING { type nat hook prerouting priority -105; }'"))
        #expect(
            lines.contains(
                "nft 'add rule ip mydocker-filter MYDOCKER-HOST-testbridge ip daddr 127.0.0.0/8 iifname \"testbridge\" "
                    + "ct state ! established,related counter drop'"))
        #expect(
            lines.filter { $0.contains("MYDOCKER-EGRESS-") } == [
                "nft 'add map ip mydocker-filter MYDOCKER-EGRESS-iifname { type ifname : verdict; }'",
                "nft 'add rule ip mydocker-filter MYDOCKER-EGRESS iifname vmap @MYDOCKER-EGRESS-iifname'",
                "nft 'add element ip mydocker-filter MYDOCKER-EGRESS-iifname { \"testbridge\" : accept }'",
            ])
        #expect(
            lines.filter { $0.contains("MYDOCKER-DNAT-daddr-range") } == [
                "nft 'add map ip mydocker-nat MYDOCKER-DNAT-daddr-range "
                    + "{ type inet_proto . ipv4_addr . inet_service : ipv4_addr; flags interval; }'",
                "nft 'add rule ip mydocker-nat MYDOCKER-DNAT "
                    + "dnat to meta l4proto . ip daddr . th dport map @MYDOCKER-DNAT-daddr-range'",
            ])
        #expect(
            lines.contains(
                "nft 'add element ip mydocker-nat MYDOCKER-POSTROUTING-saddr "
                    + "{ 192.168.10.0/24 : jump MYDOCKER-NAT-testbridge }'"))
        #expect(
            lines.contains(
                "nft 'add rule ip mydocker-nat PREROUTING ip daddr != 127.0.0.0/8 fib daddr type local counter jump MYDOCKER-DNAT'"
            ))
    }

    /// A range that is moved is one rule of the legacy tables, and with a map for nftables; a port is an element there.
    @Test func ofPorts() throws {
        let ground = FirewallGround.nothing.adding(intent)
        let comment = "-m comment --comment mydocker-0123456789ab"
        let ports = FirewallIntent(published: [published])
        #expect(
            try commands(IPTablesFirewall(), ports, upon: ground) == [
                "iptables-legacy -t nat -A MYDOCKER-DNAT -d 127.0.0.1/32 -p tcp -m tcp --dport 90 \(comment) "
                    + "-j DNAT --to-destination 192.168.10.2:80",
                "iptables-legacy -t nat -A MYDOCKER-DNAT -p tcp -m tcp --dport 8000:8001 \(comment) "
                    + "-j DNAT --to-destination 192.168.10.2:9000-9001/8000",
            ])
        let mark = "comment \"mydocker-0123456789ab\""
        #expect(
            try commands(NFTablesFirewall(), ports, upon: ground) == [
                "nft 'add element ip mydocker-nat MYDOCKER-DNAT-daddr-dport "
                    + "{ tcp . 127.0.0.1 . 90 \(mark) : 192.168.10.2 . 80 }'",
                "nft 'insert rule ip mydocker-nat MYDOCKER-DNAT tcp dport 8000-8001 counter "
                    + "dnat to 192.168.10.2 : tcp dport map { 8000 : 9000, 8001 : 9001 } \(mark)'",
            ])
    }

    @Test func nothingOfWhatIsThere() throws {
        for firewall in [IPTablesFirewall() as any Firewall, NFTablesFirewall()] {
            #expect(try commands(firewall, intent, upon: .nothing.adding(intent)) == [])
        }
        #expect(try commands(NoFirewall(), intent) == [])
    }

    /// nft reads no other names of interfaces.
    @Test func aNameThatCannotBeWritten() throws {
        let odd = NetworkIntent(bridge: "a\"b", gateway: network.gateway, isInternal: false)
        #expect(try commands(IPTablesFirewall(), FirewallIntent(networks: [odd])).contains { $0.contains("'a\"b'") })
        #expect(throws: OperationError.self) { try commands(NFTablesFirewall(), FirewallIntent(networks: [odd])) }
    }

    /// Tables of their own, with addresses in brackets.
    @Test func ofIPv6() throws {
        let six = NetworkIntent(
            bridge: "br6", gateway: network.gateway, gateway6: Subnet("fd00::1/64"), isInternal: false)
        let both = FirewallIntent(networks: [six])
        let lines = try commands(IPTablesFirewall(), both)
        #expect(
            lines.contains("ip6tables-legacy -t nat -A MYDOCKER-POSTROUTING -s fd00::/64 ! -o br6 -j MASQUERADE"))
        let more = try commands(NFTablesFirewall(), both)
        #expect(more.contains("nft 'add table ip6 mydocker-nat'"))
        #expect(
            more.contains(
                "nft 'add rule ip6 mydocker-nat MYDOCKER-NAT-br6 ip6 saddr fd00::/64 oifname != \"br6\" counter masquerade'"
            ))
        let mapping = PortMapping(hostAddress: IPAddress(ipv6: 0), hostPort: 80, containerPort: 8080)
        let ports = PublishedPorts(
            endpoint: .unknown, address: IPAddress(ipv4: 0xc0a8_0a02), address6: IPAddress("fd00::2"), ports: [mapping])
        let published = try commands(
            NFTablesFirewall(), FirewallIntent(published: [ports]), upon: .nothing.adding(both))
        #expect(published.count == 1 && published[0].contains("ip6 mydocker-nat MYDOCKER-DNAT-dport { tcp . 80 "))
        #expect(published[0].hasSuffix(" : fd00::2 . 8080 }'"))
    }

    /// A port that another living endpoint has is refused as it is when rules are written.
    @Test func aPortThatIsTaken() throws {
        let other = FirewallIntent(published: [PublishedPorts("ba9876543210", [.tcp(8000, 80)], to: "192.168.10.3")])
        let ground = FirewallGround.nothing.adding(other)
        #expect(throws: OperationError.self) {
            try commands(IPTablesFirewall(), FirewallIntent(published: [published]), upon: ground)
        }
    }
}
