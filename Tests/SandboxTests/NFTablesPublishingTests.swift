import Core
import Netlink
import Testing

@testable import Firewall

/// Published ports in tables of nftables against the kernel, each test in a network namespace of its own.
@Suite(.serialized) struct NFTablesPublishingTests {
    private let firewall = NFTablesFirewall()
    private let network = NetworkIntent(
        bridge: "bd1", gateway: Subnet("10.77.1.1/24"), gateway6: Subnet("fd00:77:1::1/64"), isInternal: false)

    /// - Parameter number: from 2 to 9.
    private func endpoint(_ number: Int, _ ports: [PortMapping]) throws -> PublishedPorts {
        PublishedPorts(
            endpoint: try #require(EndpointID(String(repeating: "\(number)", count: 64))),
            address: IPAddress("10.77.1.\(number)"), address6: IPAddress("fd00:77:1::\(number)"), ports: ports,
            backend: .nftables)
    }

    /// A hundred ports of each family that are no range, others for each number.
    private func scattered(_ number: Int) -> [PortMapping] {
        [IPAddress.anyIPv4, .anyIPv6].flatMap { address in
            (0..<100).map {
                PortMapping(hostAddress: address, hostPort: UInt16(20_000 + 10 * $0 + number), containerPort: 80)
            }
        }
    }

    private func range(_ ports: ClosedRange<UInt16>, _ address: IPAddress = .anyIPv4, by distance: UInt16 = 0)
        -> [PortMapping]
    {
        ports.map { PortMapping(hostAddress: address, hostPort: $0, containerPort: $0 + distance) }
    }

    /// A port, a port of one address and ranges, of which one is moved.
    private func various() throws -> PublishedPorts {
        let own = PortMapping(hostAddress: .loopbackIPv4, hostPort: 81, containerPort: 80)
        let datagrams = PortMapping(hostPort: 53, containerPort: 53, transport: .udp)
        return try endpoint(
            7,
            [PortMapping(hostPort: 80, containerPort: 8080), own, datagrams] + range(8000...8099)
                + range(8000...8099, .anyIPv6) + range(9000...9009, .loopbackIPv4) + range(7000...7009, by: 1000))
    }

    @discardableResult
    private func establish(_ published: PublishedPorts..., with networks: [NetworkIntent] = []) throws -> Bool {
        let intent = FirewallIntent(networks: networks, published: published)
        return try firewall.establish(isStale: { _ in false }) { intent }
    }

    private func withdraw(_ published: PublishedPorts) throws {
        try firewall.withdraw(published.owner, of: [.ipv4, .ipv6], withOpenPorts: false)
    }

    private func differences(_ networks: [NetworkIntent], _ published: PublishedPorts...) throws -> FirewallDifferences
    {
        let owners = networks.map(\.owner) + published.map(\.owner)
        return try firewall.differences(
            from: FirewallIntent(networks: networks, published: published), isOwner: { owners.contains($0) })
    }

    @discardableResult
    private func nft(_ words: String...) throws -> [String] { try run(["/usr/sbin/nft"] + words) }

    /// Elements by themselves, as the kernel has no order of them.
    private func ruleset() throws -> [String] {
        let parts = try nft("-s", "list", "ruleset").flatMap { $0.split { ",{}\t".contains($0) } }
        return parts.map(trimmed).filter { !$0.isEmpty }.sorted()
    }

    private func trimmed(_ text: Substring) -> String {
        var text = text
        while text.last == " " { text.removeLast() }
        return String(text.drop { $0 == " " })
    }

    private func rules(_ family: String) throws -> [String] {
        try nft("-s", "list", "chain", family, "mydocker-nat", "MYDOCKER-DNAT").filter { $0.hasPrefix("\t\t") }
    }

    private func count(_ family: String, _ map: String) throws -> Int {
        let lines = try nft("list", "map", family, "mydocker-nat", "MYDOCKER-DNAT-\(map)")
        return lines.joined().ranges(of: "comment \"mydocker-").count
    }

    /// However many ports there are, a packet meets the rules that ask maps, and no others.
    @Test func theChainHasNoRuleOfAPort() throws {
        try inFreshNetwork {
            try establish(with: [network])
            let before = try ruleset()
            let endpoints = try (2...4).map { try endpoint($0, scattered($0)) }
            for published in endpoints { #expect(try establish(published)) }
            let long = try endpoint(5, range(30_000...30_999))
            try establish(long)
            for (family, ranges) in [("ip", 1), ("ip6", 0)] {
                #expect(try rules(family).count == 4)
                #expect(try rules(family).allSatisfy { $0.contains("map @MYDOCKER-DNAT-") })
                #expect(try count(family, "dport") == 300)
                #expect(try count(family, "range") == ranges)
            }
            for published in endpoints + [long] { #expect(try !establish(published), "nothing is written twice") }
            #expect(try differences([network], endpoints[0], endpoints[1], endpoints[2], long) == FirewallDifferences())
            try withdraw(endpoints[1])
            for family in ["ip", "ip6"] { #expect(try count(family, "dport") == 200) }
            let strays = try differences([network], endpoints[0], long).strays
            #expect(strays.count == 200 && strays.allSatisfy { $0.owner == endpoints[2].owner })
            for published in [endpoints[0], endpoints[2], long] { try withdraw(published) }
            #expect(try ruleset() == before)
            try firewall.withdraw(network.owner, of: [.ipv4, .ipv6], withOpenPorts: false)
            #expect(try ruleset() == [])
        }
    }

    /// The kernel has what was meant, and nft reads it.
    @Test func whatStandsInTheMaps() throws {
        try inFreshNetwork {
            try establish(try various(), with: [network])
            let end = "comment \"mydocker-777777777777\""
            let found = try ruleset().filter { $0.hasPrefix("tcp . ") || $0.hasPrefix("udp . ") }
            #expect(
                found == [
                    "tcp . 127.0.0.1 . 81 \(end) : 10.77.1.7 . 80", "tcp . 127.0.0.1 . 9000-9009 \(end) : 10.77.1.7",
                    "tcp . 80 \(end) : 10.77.1.7 . 8080", "tcp . 8000-8099 \(end) : 10.77.1.7",
                    "tcp . 8000-8099 \(end) : fd00:77:1::7", "udp . 53 \(end) : 10.77.1.7 . 53",
                ])
            let lines = try rules("ip")
            #expect(lines.count == 5)
            #expect(lines.first?.contains("tcp dport 7000-7009 ") == true, "a range that is moved is a rule")
        }
    }

    /// What somebody takes out, or puts in its place, is put right, and nothing else is touched.
    @Test(arguments: [
        "flush map ip mydocker-nat MYDOCKER-DNAT-dport", "flush chain ip mydocker-nat MYDOCKER-DNAT",
        "delete element ip6 mydocker-nat MYDOCKER-DNAT-range { tcp . 8000-8099 }",
        "delete element ip mydocker-nat MYDOCKER-DNAT-dport { tcp . 80 } ;; "
            + "add element ip mydocker-nat MYDOCKER-DNAT-dport { tcp . 80 : 192.0.2.1 . 80 }",
        "delete element ip mydocker-nat MYDOCKER-DNAT-range { tcp . 8000-8099 } ;; "
            + "add element ip mydocker-nat MYDOCKER-DNAT-range { tcp . 7990-8010 : 192.0.2.1, tcp . 8050-8060 : 192.0.2.2 }",
        "delete table ip mydocker-nat ;; add table ip mydocker-nat ;; "
            + "add map ip mydocker-nat MYDOCKER-DNAT-range { type inet_proto . inet_service : ipv4_addr; flags interval; } ;; "
            + "add element ip mydocker-nat MYDOCKER-DNAT-range { tcp . 1-9 : 192.0.2.1 }",
    ]) func whatIsTakenAwayComesBack(damage: String) throws {
        try inFreshNetwork {
            try establish(try various(), with: [network])
            try nft("add", "element", "ip", "mydocker-nat", "MYDOCKER-DNAT-range", "{ tcp . 1-9 : 192.0.2.1 }")
            let before = try ruleset()
            for command in damage.split(separator: " ;; ").map(String.init) { try nft(command) }
            #expect(try ruleset() != before)
            let found = try differences([network], try various())
            #expect(!found.lacks.isEmpty || !found.faults.isEmpty)
            #expect(try establish(try various(), with: [network]))
            #expect(try ruleset() == before)
            #expect(try differences([network], try various()) == FirewallDifferences())
            #expect(try !establish(try various(), with: [network]))
        }
    }

    /// Addresses of their own come before "all addresses": a rule that asks a map comes back where it was, and one that was moved, too.
    @Test(arguments: PublishingMaps.all.dropLast()) func mapsAreAskedInOrder(map: PacketMap) throws {
        try inFreshNetwork {
            try establish(try various(), with: [network])
            try nft("add", "rule", "ip", "mydocker-nat", "MYDOCKER-DNAT", "counter", "comment", "\"mine\"")
            let before = try rules("ip")
            for (isMoved, fault) in [(false, "all of its maps"), (true, "its maps in order")] {
                try removeLookup(map)
                if isMoved { try appendLookup(map, to: IntentRules.publish, of: .nat) }
                let faults = try differences([network], try various()).faults
                #expect(faults == [.init("table nat", "the chain MYDOCKER-DNAT does not ask \(fault)")])
                #expect(try establish(with: [network]))
                #expect(try rules("ip") == before)
                #expect(try differences([network], try various()) == FirewallDifferences())
            }
        }
    }

    private func removeLookup(_ map: PacketMap) throws {
        let lines = try nft("-a", "list", "chain", "ip", "mydocker-nat", "MYDOCKER-DNAT")
        let words = try #require(lines.first { $0.contains("@\(map.name) ") }).split(separator: " ")
        try nft("delete", "rule", "ip", "mydocker-nat", "MYDOCKER-DNAT", "handle", String(try #require(words.last)))
    }

    /// What others put there stays, whoever comes and goes.
    @Test func whatOthersPutThereStays() throws {
        try inFreshNetwork {
            try establish(with: [network])
            for command in [
                "add rule ip mydocker-nat MYDOCKER-DNAT counter comment \"mine\"",
                "insert rule ip mydocker-nat MYDOCKER-DNAT counter comment \"first\"",
                "add element ip mydocker-nat MYDOCKER-DNAT-dport { tcp . 9 : 192.0.2.1 . 9 }",
                "add element ip mydocker-nat MYDOCKER-DNAT-daddr-range { tcp . 127.0.0.1 . 1-9 : 192.0.2.1 }",
            ] { try nft(command) }
            let before = try ruleset()
            try establish(try various())
            let lines = try rules("ip")
            let order = ["first", "7000", "@MYDOCKER-DNAT-daddr-dport", "@MYDOCKER-DNAT-range", "mine"].map { word in
                lines.firstIndex { $0.contains(word) }
            }
            #expect(order == order.compactMap { $0 }.sorted(), "\(lines)")
            try withdraw(try various())
            #expect(try ruleset() == before)
            try firewall.withdraw(network.owner, of: [.ipv4, .ipv6], withOpenPorts: false)
            let left = try ruleset()
            for word in ["\"mine\"", "\"first\"", "192.0.2.1 . 9", "1-9"] {
                #expect(left.contains { $0.contains(word) }, "\(word)")
            }
        }
    }

    /// Somebody's element in a map that is asked earlier would be the one that decides.
    @Test func whatWouldHideAPortGivesWay() throws {
        try inFreshNetwork {
            try establish(with: [network])
            let keeps = "{ tcp . 8999 : 10.9.9.9 . 80, udp . 9001 : 10.9.9.9 . 80 }"
            try nft("add", "element", "ip", "mydocker-nat", "MYDOCKER-DNAT-dport", keeps)
            let before = try ruleset()
            for (map, element) in [
                ("dport", "{ tcp . 9001 : 10.9.9.9 . 80, tcp . 9003 : 10.9.9.9 . 80 }"),
                ("daddr-dport", "{ tcp . 127.0.0.1 . 9002 : 10.9.9.9 . 80 }"),
                ("daddr-range", "{ tcp . 127.0.0.1 . 9100-9101 : 10.9.9.9 }"),
            ] { try nft("add", "element", "ip", "mydocker-nat", "MYDOCKER-DNAT-\(map)", element) }
            let published = try endpoint(2, range(9000...9003) + [PortMapping(hostPort: 9100, containerPort: 80)])
            try establish(published)
            #expect(try ruleset().filter { $0.hasSuffix("10.9.9.9 . 80") || $0.hasSuffix("10.9.9.9") }.count == 2)
            #expect(try differences([network], published) == FirewallDifferences())
            try withdraw(published)
            #expect(try ruleset() == before)
        }
    }

    /// It is in the way, whether it has elements or not, and is named.
    @Test func aMapOfAnotherKindIsNamed() throws {
        try inFreshNetwork {
            try nft("add", "table", "ip", "mydocker-nat")
            try nft(
                "add", "map", "ip", "mydocker-nat", "MYDOCKER-DNAT-dport", "{ type ipv4_addr : verdict; }")
            let error = try #require(throws: OperationError.self) { try establish(with: [network]) }
            #expect(error.remedy == "run: nft delete map ip mydocker-nat MYDOCKER-DNAT-dport", "\(error)")
        }
    }

    /// A port is one endpoint's, whichever map has it: of a dead one it is free.
    @Test func aPortIsOneEndpoints() throws {
        try inFreshNetwork {
            try establish(try various(), with: [network])
            for ports in [[PortMapping(hostPort: 81, containerPort: 80)], range(8050...8150), range(7005...7005)] {
                let other = try endpoint(3, ports)
                #expect(throws: OperationError.self) { try establish(other) }
                let intent = FirewallIntent(published: [other])
                try firewall.establish(isStale: { $0 == .endpoint("777777777777") }) { intent }
                #expect(try !ruleset().contains { $0.contains("10.77.1.7") })
                try withdraw(other)
                try establish(try various())
            }
        }
    }

    /// Former releases had a rule for each run of ports. Containers of theirs run on, with supervisors that know no elements: such a rule
    /// stays one, in front of what asks the maps, and goes with its endpoint.
    @Test func whatFormerReleasesMadeStays() throws {
        try inFreshNetwork {
            let (old, added) = (try various(), try endpoint(2, scattered(2)))
            try establish(added, with: [network])
            let wanted = try ruleset()
            try nft("flush", "ruleset")
            let former = IntentRules.rules(of: network) + IntentRules.rules(of: old)
            for name in FirewallTable.allCases { try makeFormerTable(name, former) }
            let listed = try ["ip", "ip6"].map(rules)
            #expect(listed.map(\.count) == [6, 1])
            #expect(try !differences([network], old).faults.isEmpty)
            #expect(try establish(old, with: [network]), "the network's own are rearranged, and the maps are asked")
            #expect(try establish(added))
            for (family, listed) in zip(["ip", "ip6"], listed) {
                let found = try rules(family)
                #expect(Array(found.prefix(listed.count)) == listed && found.count == listed.count + 4)
                #expect(try count(family, "dport") == 100)
                #expect(try count(family, "range") == 0)
            }
            #expect(try differences([network], old, added) == FirewallDifferences())
            #expect(try !establish(old, added, with: [network]))
            try withdraw(old)
            #expect(try ruleset() == wanted)
        }
    }

    /// A supervisor of a former release puts its rules behind what asks the maps, and has nothing else taken away.
    @Test func whatFormerReleasesAddStays() throws {
        try inFreshNetwork {
            let old = try various()
            try establish(with: [network])
            let before = try ruleset()
            for name in [FirewallTable.nat, .nat6] { try appendFormer(IntentRules.rules(of: old), to: name) }
            #expect(try differences([network], old) == FirewallDifferences())
            #expect(try !establish(old, with: [network]))
            try withdraw(old)
            #expect(try ruleset() == before)
            // Where there are both, it is the rule that stays: its supervisor takes it away.
            try establish(old)
            for name in [FirewallTable.nat, .nat6] { try appendFormer(IntentRules.rules(of: old), to: name) }
            #expect(try !differences([network], old).lacks.isEmpty)
            #expect(try establish(old, with: [network]))
            #expect(try !ruleset().contains { $0.contains("tcp . ") || $0.contains("udp . ") })
            #expect(try differences([network], old) == FirewallDifferences())
        }
    }

    /// They go as they are, too; and where no port is published, what asks the maps comes with the network.
    @Test func whatFormerReleasesMadeGoes() throws {
        try inFreshNetwork {
            let published = try various()
            let former = IntentRules.rules(of: network) + IntentRules.rules(of: published)
            for name in FirewallTable.allCases { try makeFormerTable(name, former) }
            try withdraw(published)
            for family in ["ip", "ip6"] { #expect(try rules(family) == []) }
            #expect(try establish(with: [network]))
            #expect(try rules("ip").count == 4)
            #expect(try differences([network]) == FirewallDifferences())
        }
    }
}
