import Core
import Testing

@testable import Firewall

@Suite struct FirewallRuleTests {
    @Test func exampleNetworkPrintsAsIptablesDoes() throws {
        let firewall = MemoryFirewall()
        try firewall.apply(NetworkIntent.testbridge.creation)
        try firewall.apply(PublishedPorts("0123456789ab", Golden.mappings).connection)
        #expect(firewall.dump(.filter).joined(separator: "\n") == Golden.filter)
        #expect(firewall.dump(.nat).joined(separator: "\n") == Golden.nat)
    }

    @Test(arguments: [
        (
            FirewallRule(.nat, "C", destination: .yes(Subnet(IPAddress(ipv4: 0x0506_0708), 32)), target: .return),
            "-A C -d 5.6.7.8/32 -j RETURN"
        ),
        (
            FirewallRule(.nat, "C", source: .yes(Subnet(.anyIPv4, 0)), transport: .udp, target: .accept),
            "-A C -p udp -j ACCEPT"
        ),
        (
            FirewallRule(
                .nat, "C", source: .not(Subnet(.loopbackIPv4, 8)), input: .not("br0"), output: .yes("eth0"),
                transport: .udp, ports: 1...3, target: .drop),
            "-A C ! -s 127.0.0.0/8 ! -i br0 -o eth0 -p udp -m udp --dport 1:3 -j DROP"
        ),
        (
            FirewallRule(
                .nat, "C", states: .yes([.new, .invalid, .untracked, .snat, .dnat, .related, .established]),
                target: .accept),
            "-A C -m conntrack --ctstate INVALID,NEW,RELATED,ESTABLISHED,UNTRACKED,SNAT,DNAT -j ACCEPT"
        ),
        (
            FirewallRule(.nat, "C", comment: #"it's "a\b""#, target: .jump("D")),
            #"-A C -m comment --comment "it\'s \"a\\b\"" -j D"#
        ),
        (
            FirewallRule(.nat, "C", transport: .tcp, ports: 0...65535, target: .dnat(to: .loopbackIPv4, ports: 1...2)),
            "-A C -p tcp -j DNAT --to-destination 127.0.0.1:1-2"
        ),
    ]) func printsAsIptablesDoes(rule: FirewallRule, line: String) {
        #expect(rule.description == line)
    }

    @Test func hostBitsMakeNoDifference() {
        let one = FirewallRule(.nat, "C", source: .yes(Subnet(IPAddress(ipv4: 0x0a00_0001), 8)), target: .drop)
        let other = FirewallRule(.nat, "C", source: .yes(Subnet(IPAddress(ipv4: 0x0a00_0000), 8)), target: .drop)
        #expect(one == other)
    }

    @Test func theRuleNamesItsOwner() {
        let container = FirewallOwner.endpoint("0123456789ab")
        #expect(FirewallRule(.nat, "C", comment: container.comment, target: .drop).owner == container)
        #expect(FirewallRule(.nat, "C", output: .not("br0"), target: .drop).owner == .network(bridge: "br0"))
        #expect(FirewallRule(.nat, "C", input: .yes("br0"), target: .drop).owner == .network(bridge: "br0"))
        #expect(FirewallRule(.nat, "C", input: .yes("br0"), comment: "my own", target: .drop).owner == nil)
        #expect(FirewallRule(.nat, "C", target: .drop).owner == nil)
    }

    @Test(arguments: ["mydocker-", "mydocker-0123456789a", "mydocker-0123456789AB", "mydocker-0123456789abc", "x"])
    func foreignCommentsNameNoOwner(comment: String) {
        #expect(FirewallOwner(comment: comment) == nil)
    }
}

@Suite struct PublishedPortsTests {
    private func lines(_ mappings: [PortMapping]) -> [String] {
        FirewallRule.publishing(mappings, in: "C", to: .loopbackIPv4, owner: .endpoint("0123456789ab"))
            .map { $0.description.replacing(" -m comment --comment mydocker-0123456789ab", with: "") }
    }

    @Test func onePort() {
        #expect(lines([.tcp(90, 90)]) == ["-A C -p tcp -m tcp --dport 90 -j DNAT --to-destination 127.0.0.1:90"])
        #expect(lines([.tcp(80, 90)]) == ["-A C -p tcp -m tcp --dport 80 -j DNAT --to-destination 127.0.0.1:90"])
    }

    @Test func runsBecomeOneRule() {
        #expect(
            lines((1...100).map { .tcp($0, $0) }.shuffled())
                == ["-A C -p tcp -m tcp --dport 1:100 -j DNAT --to-destination 127.0.0.1"])
        #expect(
            lines((1...100).map { .tcp($0, $0 + 5) }.shuffled())
                == ["-A C -p tcp -m tcp --dport 1:100 -j DNAT --to-destination 127.0.0.1:6-105/1"])
        #expect(lines([.tcp(65534, 65534), .tcp(65535, 65535), .tcp(1, 1)]).count == 2)
    }

    @Test func gapsAddressesAndProtocolsDivide() {
        #expect(lines([.tcp(1, 1), .tcp(3, 3)]).count == 2)
        #expect(lines([.tcp(1, 1), .tcp(2, 3)]).count == 2)
        #expect(lines([.tcp(1, 1), .tcp(2, 2, .loopbackIPv4)]).count == 2)
        #expect(lines([.tcp(1, 1), PortMapping(hostPort: 2, containerPort: 2, transport: .udp)]).count == 2)
        #expect(lines([.tcp(1, 1), .tcp(1, 1)]).count == 1)
    }

    @Test func anAddressOfItsOwnComesFirst() {
        #expect(lines([.tcp(80, 1), .tcp(80, 2, .loopbackIPv4)]).first?.contains("-d 127.0.0.1/32") == true)
    }

    @Test func everyMappingIsCoveredOnce() {
        var generator = Seeded(1)
        for _ in 0..<200 {
            var mappings: Set<PortMapping> = []
            for _ in 0..<20 {
                let port = UInt16.random(in: 1...30, using: &generator)
                mappings.insert(.tcp(port, port + UInt16.random(in: 0...1, using: &generator)))
            }
            let owner = FirewallOwner.endpoint("0123456789ab")
            let rules = FirewallRule.publishing(Array(mappings), in: "C", to: .loopbackIPv4, owner: owner)
            #expect(Set(rules.flatMap(\.expanded)) == mappings)
            #expect(rules.flatMap(\.expanded).count == mappings.count)
        }
    }
}

extension FirewallRule {
    /// What a DNAT rule of ours does, port by port.
    fileprivate var expanded: [PortMapping] {
        guard let ports, case .dnat(_, let to, _) = target else { return [] }
        return ports.map { port in
            .tcp(port, to.map { range in range.lowerBound + (port - ports.lowerBound) } ?? port)
        }
    }
}

/// The same numbers in every run (SplitMix64).
struct Seeded: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }
    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }
}
