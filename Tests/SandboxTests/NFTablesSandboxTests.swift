import Core
import Glibc
import Netlink
import Testing

@testable import Firewall

/// Tables of nftables against the kernel, each test in a network namespace of its own.
@Suite(.serialized) struct NFTablesSandboxTests {
    private let firewall = NFTablesFirewall()

    private func network(_ number: Int, isInternal: Bool = false) -> NetworkIntent {
        NetworkIntent(
            bridge: "bd\(number)", gateway: Subnet("10.77.\(number).1/24"), gateway6: Subnet("fd00:77:\(number)::1/64"),
            isInternal: isInternal)
    }

    private func establish(_ networks: NetworkIntent...) throws -> Bool {
        try firewall.establish(isStale: { _ in false }) { FirewallIntent(networks: networks) }
    }

    private func ruleset() throws -> [String] { try nft("-s", "list", "ruleset") }

    /// A thousand answers do not fit into the socket's buffer: the first of them is the one that is told, and the socket goes on.
    @Test func aThousandChangesThatAreRefused() throws {
        try inFreshNetwork {
            var socket = try NFTablesSocket()
            let read = try socket.read("nowhere", of: .ipv4, maps: [])
            let changes: [PacketTableChange] = (0..<4000).map { .removeChain("chain\($0)") }
            let refused = try #require(
                try socket.change([PacketTableWrite("nowhere", of: .ipv4, changes, since: read)]))
            #expect(refused.error.errno == ENOENT && refused.error.operation == "remove chain")
            #expect(refused.error.subject == "chain0")
            #expect(try socket.change([PacketTableWrite("somewhere", of: .ipv4, [.addTable], since: read)]) == nil)
            #expect(try nft("list", "tables") == ["table ip somewhere"])
        }
    }

    /// Whichever table the kernel refuses, nothing is written to the others, and the error is about that one.
    @Test func tablesAreWrittenTogether() throws {
        for table in ["ip mydocker-nat", "ip6 mydocker-nat", "ip6 mydocker-filter"] {
            try inFreshNetwork {
                let map = table.hasSuffix("nat") ? "MYDOCKER-DNAT-dport" : "MYDOCKER-INPUT-iifname"
                try run(["/usr/sbin/nft", "add table \(table); add map \(table) \(map) { type mark : mark; }"])
                let before = try ruleset()
                let error = #expect(throws: OperationError.self) { try establish(network(1)) }
                let what = error?.description ?? ""
                #expect(what.contains("there is a map \(map) of another kind"), "\(what)")
                #expect(error?.remedy == "run: nft delete map \(table) \(map)")
                #expect(try ruleset() == before)
                try run(["/usr/sbin/nft", "delete map \(table) \(map)"])
                #expect(try establish(network(1)))
            }
        }
    }

    /// A write that was made for what is no longer there is none, also where only one of its tables was read too early.
    @Test func tablesThatWereReadApart() throws {
        try inFreshNetwork {
            var socket = try NFTablesSocket()
            let early = try socket.read("one", of: .ipv4, maps: [])
            try run(["/usr/sbin/nft", "add table ip between"])
            let late = try socket.read("two", of: .ipv4, maps: [])
            for reads in [[early, late], [late, early], [early, early]] {
                let writes = zip(["one", "two"], reads).map { PacketTableWrite($0, of: .ipv4, [.addTable], since: $1) }
                #expect(try socket.change(writes)?.error.errno == ERESTART)
            }
            #expect(try nft("list", "tables") == ["table ip between"])
        }
    }

    /// However many networks there are, a packet passes no more rules on its way to those of its own.
    @Test func chainsThatAllShareDoNotGrow() throws {
        try inFreshNetwork {
            _ = try establish(network(1), network(2, isInternal: true))
            let shared = try sharedRules()
            for number in 3..<40 { _ = try establish(network(number, isInternal: number % 2 == 0)) }
            #expect(try sharedRules() == shared)
            #expect(shared.count == 2 * (1 + 2 + 1 + 1 + 2 + 4), "one rule asks each map, in both families: \(shared)")
        }
    }

    /// Rules of our chains that networks share.
    private func sharedRules() throws -> [String] {
        var rules: [String] = []
        for family in ["ip", "ip6"] {
            for (table, chains) in [
                ("filter", ["USER", "ISOLATE", "FORWARD", "EGRESS", "INPUT"]), ("nat", ["DNAT", "POSTROUTING"]),
            ] {
                for chain in chains {
                    let lines = try nft("-s", "list", "chain", family, "mydocker-\(table)", "MYDOCKER-\(chain)")
                    rules += lines.map { $0.replacing("\t", with: "") }.filter {
                        !$0.hasPrefix("table") && !$0.hasPrefix("chain") && !$0.hasPrefix("}") && !$0.isEmpty
                    }
                }
            }
        }
        return rules
    }

    /// Each network goes with all that is its own, and the last one with the table.
    @Test func whatIsOfANetworkGoesWithIt() throws {
        try inFreshNetwork {
            _ = try establish(network(1))
            let before = try ruleset()
            _ = try establish(network(2), network(3, isInternal: true))
            #expect(try !establish(network(1), network(2), network(3, isInternal: true)), "nothing is written twice")
            for number in [2, 3] {
                try firewall.withdraw(network(number).owner, of: [.ipv4, .ipv6], withOpenPorts: false)
            }
            #expect(try ruleset() == before)
            try firewall.withdraw(network(1).owner, of: [.ipv4, .ipv6], withOpenPorts: false)
            #expect(try ruleset() == [])
        }
    }

    /// What somebody takes out of a map, out of a chain or puts in its place is put right, and nothing else is touched.
    @Test(arguments: [
        "flush map ip mydocker-filter MYDOCKER-FORWARD-oifname",
        "delete element ip mydocker-nat MYDOCKER-POSTROUTING-saddr { 10.77.1.0/24 }",
        "flush chain ip mydocker-filter MYDOCKER-ISOLATE", "flush chain ip6 mydocker-nat MYDOCKER-POSTROUTING",
        "flush chain ip mydocker-filter MYDOCKER-TO-bd1",
        "delete element ip mydocker-filter MYDOCKER-FORWARD-oifname { \"bd1\" } ;; "
            + "add element ip mydocker-filter MYDOCKER-FORWARD-oifname { \"bd1\" : accept }",
        "delete table ip6 mydocker-filter",
        "add chain ip mydocker-nat POSTROUTING { policy drop; }",
        "add chain ip mydocker-filter FORWARD { policy drop; }",
        "flush chain ip mydocker-filter INPUT ;; delete chain ip mydocker-filter INPUT ;; add chain ip mydocker-filter INPUT",
        "flush chain ip mydocker-nat PREROUTING ;; delete chain ip mydocker-nat PREROUTING ;; "
            + "add chain ip mydocker-nat PREROUTING { type nat hook prerouting priority 0; }",
    ]) func whatIsTakenAwayComesBack(damage: String) throws {
        try inFreshNetwork {
            let networks = [network(1), network(2, isInternal: true)]
            _ = try establish(networks[0], networks[1])
            try nft("add", "rule", "ip", "mydocker-filter", "MYDOCKER-FORWARD", "ip", "saddr", "192.0.2.1", "drop")
            try nft("add", "element", "ip", "mydocker-filter", "MYDOCKER-EGRESS-iifname", "{ \"other\" : drop }")
            let before = try ruleset().sorted()
            for command in damage.split(separator: " ;; ").map(String.init) { try nft(command) }
            #expect(try ruleset().sorted() != before)
            let found = try firewall.differences(from: FirewallIntent(networks: networks), isOwner: nil)
            #expect(!found.lacks.isEmpty || !found.faults.isEmpty)
            #expect(try establish(networks[0], networks[1]))
            #expect(try ruleset().sorted() == before)
            #expect(
                try firewall.differences(from: FirewallIntent(networks: networks), isOwner: nil)
                    == FirewallDifferences())
            #expect(try !establish(networks[0], networks[1]))
        }
    }

    /// Rules of the user's may stand behind those by which packets leave a chain: ports that are let in stand in front of both.
    @Test func openPortsStandInFrontOfTheMap() throws {
        try inFreshNetwork {
            var routed = network(1)
            routed.routed = [.ipv4]
            _ = try establish(routed)
            try nft("add", "rule", "ip", "mydocker-filter", "MYDOCKER-FORWARD", "counter", "comment", "\"mine\"")
            let published = PublishedPorts(
                endpoint: .random(), address: IPAddress("10.77.1.2"), ports: [],
                openPorts: [PortMapping(hostPort: 80, containerPort: 80)], backend: .nftables)
            let intent = FirewallIntent(networks: [routed], published: [published])
            try firewall.establish(isStale: { _ in false }) { intent }
            let lines = try nft("-s", "list", "chain", "ip", "mydocker-filter", "MYDOCKER-FORWARD")
            let order = ["dport 80", "vmap", "mine"].map { word in lines.firstIndex { $0.contains(word) } }
            #expect(order == order.compactMap { $0 }.sorted(), "\(lines)")
        }
    }

    /// What a network has left behind whose record is gone does not keep its addresses from another one.
    @Test func aLeftOverGivesWay() throws {
        try inFreshNetwork {
            _ = try establish(network(1))
            for (bridge, gateway) in [
                ("same", "10.77.1.1/24"), ("within", "10.77.1.129/25"), ("around", "10.77.0.1/16"),
            ] {
                let other = NetworkIntent(bridge: bridge, gateway: Subnet(gateway), isInternal: false)
                #expect(try establish(other), "\(bridge)")
                #expect(try !establish(other), "\(bridge)")
            }
            // A network that comes back with another subnet keeps nothing of its former one.
            let again = NetworkIntent(bridge: "around", gateway: Subnet("10.78.0.1/24"), isInternal: false)
            _ = try establish(again)
            #expect(try !ruleset().contains { $0.contains("10.77.0.0/16") })
            for bridge in ["bd1", "same", "within", "around"] {
                try firewall.withdraw(.network(bridge: bridge), of: [.ipv4, .ipv6], withOpenPorts: false)
            }
            #expect(try ruleset() == [])
        }
    }

    /// Who goes takes nothing of the others' with it, whatever somebody has made of the chains that packets come by.
    @Test func whoGoesLeavesTheJumps() throws {
        try inFreshNetwork {
            _ = try establish(network(1), network(2))
            for command in [
                "flush chain ip mydocker-filter FORWARD", "delete chain ip mydocker-filter FORWARD",
                "add chain ip mydocker-filter FORWARD { type filter hook forward priority -10; }",
                "add rule ip mydocker-filter FORWARD counter jump MYDOCKER-FORWARD",
            ] { try nft(command) }
            let forward = { try nft("-s", "list", "chain", "ip", "mydocker-filter", "FORWARD") }
            let before = try forward()
            try firewall.withdraw(network(2).owner, of: [.ipv4, .ipv6], withOpenPorts: false)
            try firewall.withdraw(.endpoint("0123456789ab"), of: [.ipv4], withOpenPorts: true)
            #expect(try forward() == before)
            #expect(try establish(network(1)))
            #expect(try forward().filter { $0.contains("jump") }.count == 4)
        }
    }

    /// Two networks of one change, of which one has left something behind at the other's subnet.
    @Test func aLeftOverOfOneGivesWayToAnother() throws {
        try inFreshNetwork {
            func network(_ bridge: String, _ gateway: String) -> NetworkIntent {
                NetworkIntent(bridge: bridge, gateway: Subnet(gateway), isInternal: false)
            }
            _ = try establish(network("one", "10.77.1.1/24"), network("two", "10.77.2.1/24"))
            #expect(try establish(network("two", "10.77.1.1/24"), network("one", "10.77.2.1/24")))
            #expect(try !establish(network("two", "10.77.1.1/24"), network("one", "10.77.2.1/24")))
        }
    }

    /// What others put into our tables stays, and keeps no network from coming and going.
    @Test func whatOthersPutThereStays() throws {
        try inFreshNetwork {
            _ = try establish(network(1), network(2))
            let theirs = [
                "add chain ip mydocker-filter mine",
                "add rule ip mydocker-filter mine oifname vmap @MYDOCKER-FORWARD-oifname",
                "add element ip mydocker-filter MYDOCKER-FORWARD-oifname { \"eth7\" : jump MYDOCKER-TO-bd1 }",
                "add element ip mydocker-filter MYDOCKER-EGRESS-iifname { * : accept }",
                "add set ip mydocker-nat blocked { type ipv4_addr; }",
            ]
            for command in theirs { try nft(command) }
            #expect(try !establish(network(1)))
            for number in [1, 2] {
                try firewall.withdraw(network(number).owner, of: [.ipv4, .ipv6], withOpenPorts: false)
            }
            let left = try ruleset()
            for word in [
                "chain mine", "vmap @MYDOCKER-FORWARD-oifname", "\"eth7\" : jump", "* : accept", "set blocked",
            ] {
                #expect(left.contains { $0.contains(word) }, "\(word)")
            }
            #expect(!left.contains { $0.contains("bd2") || $0.contains("10.77") })
            #expect(try establish(network(1)))
        }
    }

    /// One write for any number of networks, beyond what a socket holds.
    @Test func aThousandNetworksAreOneWrite() throws {
        try inFreshNetwork {
            let networks = (0..<1000).map { number in
                NetworkIntent(
                    bridge: "bd\(number)", gateway: Subnet("10.\(number / 250).\(number % 250).1/24"),
                    isInternal: number % 5 == 0)
            }
            let intent = FirewallIntent(networks: networks)
            let isWritten = try firewall.establish(isStale: { _ in false }) { intent }
            #expect(isWritten)
            #expect(try firewall.differences(from: intent, isOwner: { _ in true }) == FirewallDifferences())
        }
    }

    /// Tables of former releases have all rules in the chains that networks share.
    @Test func whatFormerReleasesMadeIsRearranged() throws {
        try inFreshNetwork {
            let networks = [network(1), network(2, isInternal: true)]
            _ = try establish(networks[0], networks[1])
            let wanted = try ruleset().sorted()
            try nft("flush", "ruleset")
            for name in FirewallTable.allCases { try makeFormerTable(name, networks.flatMap(IntentRules.rules)) }
            #expect(try ruleset().contains { $0.contains("oifname \"bd1\" counter drop") })
            #expect(try !ruleset().contains { $0.contains("map") })
            // The one that is touched first goes first; the other's stay where they were until then.
            #expect(try establish(networks[0]))
            #expect(try ruleset().contains { $0.contains("iifname \"bd2\" oifname != \"bd2\" counter drop") })
            #expect(try establish(networks[1]))
            #expect(try ruleset().sorted() == wanted)
        }
    }

    /// They go as they are, too, and what the user has in them stays.
    @Test func whatFormerReleasesMadeGoes() throws {
        try inFreshNetwork {
            let networks = [network(1), network(2, isInternal: true)]
            for name in FirewallTable.allCases { try makeFormerTable(name, networks.flatMap(IntentRules.rules)) }
            try nft("add", "rule", "ip", "mydocker-filter", "MYDOCKER-USER", "ip", "saddr", "192.0.2.1", "drop")
            for network in networks {
                try firewall.withdraw(network.owner, of: [.ipv4, .ipv6], withOpenPorts: false)
            }
            let left = try ruleset().filter { $0.contains("chain MYDOCKER") || $0.contains("saddr") }
            #expect(left == ["\tchain MYDOCKER-USER {", "\t\tip saddr 192.0.2.1 drop"])
        }
    }

    @discardableResult
    private func nft(_ words: String...) throws -> [String] { try run(["/usr/sbin/nft"] + words) }
}
