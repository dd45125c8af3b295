import Core
import Netlink
import Testing

@testable import Firewall

/// How published ports stand where maps find them. No table is read.
@Suite struct PublishingMapsTests {
    private let loopback = IPAddress.loopbackIPv4

    private func rules(_ ports: [PortMapping]) -> [FirewallRule] {
        IntentRules.rules(of: PublishedPorts("0123456789ab", ports))
    }

    private func run(
        _ ports: ClosedRange<UInt16>, _ address: IPAddress = .anyIPv4, by distance: UInt16 = 0
    ) -> [PortMapping] {
        ports.map { .tcp($0, $0 + distance, address) }
    }

    private func element(_ ports: [PortMapping]) throws -> (map: PacketMap, key: PacketElement.Key)? {
        let rules = rules(ports)
        #expect(rules.count == 1)
        return PublishingMaps.element(try #require(rules.first))
    }

    @Test func whatIsAnElement() throws {
        let cases: [(ports: [PortMapping], map: String, key: PacketElement.Key)] = [
            ([.tcp(90, 80)], "MYDOCKER-DNAT-dport", .port(90, PacketDestination(6, nil))),
            (
                [PortMapping(hostPort: 53, containerPort: 53, transport: .udp)], "MYDOCKER-DNAT-dport",
                .port(53, PacketDestination(17, nil))
            ),
            ([.tcp(90, 80, loopback)], "MYDOCKER-DNAT-daddr-dport", .port(90, PacketDestination(6, loopback))),
            (
                run(8000...8999), "MYDOCKER-DNAT-range",
                .range(8000...8999, PacketDestination(6, nil))
            ),
            (
                run(8000...8001, loopback), "MYDOCKER-DNAT-daddr-range",
                .range(8000...8001, PacketDestination(6, loopback))
            ),
        ]
        for (ports, map, key) in cases {
            let found = try #require(try element(ports))
            #expect(found.map.name == map)
            #expect(found.key == key)
        }
    }

    /// One rule with a map of its own, however long the range is.
    @Test func aRangeWhoseNumbersMoveIsARule() throws {
        #expect(try element(run(8000...8999, by: 1)) == nil)
        #expect(try element(run(8000...8999, loopback, by: 1)) == nil)
    }

    /// Whoever has made it: a rule that asks for anything else is none of these, and neither is one of somebody else's.
    @Test func whatIsNone() throws {
        let target = FirewallRule.Target.dnat(to: loopback, ports: 80...80)
        let mark = "mydocker-0123456789ab"
        func isElement(_ rule: FirewallRule) -> Bool { PublishingMaps.element(rule) != nil }
        #expect(
            isElement(
                FirewallRule(.nat, IntentRules.publish, transport: .tcp, ports: 80...80, comment: mark, target: target))
        )
        let others = [
            FirewallRule(.nat, IntentRules.publish, transport: .tcp, ports: 80...80, target: target),
            FirewallRule(.nat, IntentRules.publish, transport: .tcp, ports: 80...80, comment: "mine", target: target),
            FirewallRule(.nat, IntentRules.publish, transport: .tcp, comment: mark, target: target),
            FirewallRule(.nat, IntentRules.publish, transport: .tcp, ports: 80...81, comment: mark, target: target),
            FirewallRule(.nat, IntentRules.publish, transport: .tcp, ports: 80...80, comment: mark, target: .accept),
            FirewallRule(
                .nat, IntentRules.publish, input: .yes("eth0"), transport: .tcp, ports: 80...80, comment: mark,
                target: target),
            FirewallRule(
                .nat, IntentRules.publish, destination: .not(Subnet(loopback, 32)), transport: .tcp, ports: 80...80,
                comment: mark, target: target),
            FirewallRule(
                .nat, IntentRules.publish, destination: .yes(Subnet(loopback, 8)), transport: .tcp, ports: 80...80,
                comment: mark, target: target),
            FirewallRule(.nat, "PREROUTING", transport: .tcp, ports: 80...80, comment: mark, target: target),
        ]
        for rule in others { #expect(!isElement(rule), "\(rule)") }
    }

    /// Rules of one endpoint meet no packet that is for another one of them. What is there stays, whatever is missing or too much.
    @Test func theOrderSaysNothing() throws {
        let wanted = rules([.tcp(300, 80), .tcp(20, 8080), .tcp(70, 80, loopback)] + run(5000...5009, by: 1))
        func difference(_ found: [FirewallRule]) throws -> ChainDifference? {
            let table = PlannedTable<NFTablesSyntax>(.nat)
            try table.create(IntentRules.publish)
            for rule in found { try table.insert(RawRule(rule), into: IntentRules.publish, at: 0) }
            var snapshot = TableSnapshot(table, .nat)
            return try snapshot.differences(of: .endpoint("0123456789ab"), from: wanted).first
        }
        #expect(wanted.count == 4)
        #expect(try difference(wanted) == nil)
        #expect(try difference(wanted.reversed()) == nil)
        let lack = try #require(try difference(Array(wanted.dropFirst())))
        #expect(lack.places == [])
        #expect(lack.wanted == [try RawRule(wanted[0])])
        let surplus = try #require(try difference([wanted[3]] + wanted))
        #expect(surplus.places == [4])
        #expect(surplus.wanted == [])
    }

    /// A chain's maps are asked behind all of its rules, those of one address before those of all.
    @Test func addressesOfTheirOwnComeFirst() {
        #expect(
            NFTablesMaps.maps(of: IntentRules.publish).map(\.name) == [
                "MYDOCKER-DNAT-daddr-dport", "MYDOCKER-DNAT-daddr-range", "MYDOCKER-DNAT-dport", "MYDOCKER-DNAT-range",
            ])
        #expect(NFTablesMaps.names(of: .nat6).count == 4 + 2)
        #expect(!NFTablesMaps.names(of: .filter).contains { $0.hasPrefix(IntentRules.publish) })
    }

    /// A rule that asks a map and comes back is asked where it was: all of them are put there anew.
    @Test func whatPutsTheOrderRight() {
        let maps = [PacketMap("a", .input), PacketMap("b", .output)]
        let commands = NFTablesSyntax.asking(maps, in: "C", of: .nat, insteadOf: [7, 9])
        #expect(
            commands.map(\.words.last) == [
                "add map ip mydocker-nat a { type ifname : verdict; }",
                "add map ip mydocker-nat b { type ifname : verdict; }",
                "insert rule ip mydocker-nat C handle 7 iifname vmap @a",
                "insert rule ip mydocker-nat C handle 7 oifname vmap @b", "delete rule ip mydocker-nat C handle 7",
                "delete rule ip mydocker-nat C handle 9",
            ])
    }

    /// The same rules, and so the same comparison, for both firewalls.
    @Test func elementsCarryTheirOwner() throws {
        let rule = try #require(rules([.tcp(90, 80)]).first)
        let (map, element) = try #require(try NFTablesSyntax.element(rule))
        #expect(element.comment == "mydocker-0123456789ab")
        #expect(try element.text() == "tcp . 90 comment \"mydocker-0123456789ab\" : 192.168.10.2 . 80")
        #expect(RawRule(noted: element.note).decoded(.nat, IntentRules.publish) == rule)
        #expect(map.lookupText(of: .ipv4) == "dnat to meta l4proto . th dport map @MYDOCKER-DNAT-dport")
    }
}
