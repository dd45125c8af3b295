import Core
import Netlink
import Testing

@testable import Firewall

/// How rules stand where maps lead to those of a network. No table is read.
@Suite struct NetworkBranchesTests {
    private func arranged(_ network: NetworkIntent) -> [FirewallRule] {
        NetworkBranches.arranged(IntentRules.rules(of: network))
    }

    private func chain(_ name: String, _ rules: [FirewallRule]) -> [String] {
        rules.filter { $0.chain == name }.map { $0.description.replacing("-A \(name) ", with: "") }
    }

    /// In a chain that all share there is nothing of a network but what a map can say.
    @Test func onlyElementsStandInSharedChains() throws {
        for isInternal in [false, true] {
            let network = NetworkIntent(
                bridge: "bd0", gateway: Subnet("10.77.7.1/24"), gateway6: Subnet("fd00:7::1/64"),
                isInternal: isInternal)
            let rules = arranged(network)
            for rule in rules where !rule.chain.hasSuffix("-bd0") {
                #expect(NetworkBranches.element(rule) != nil, "\(rule)")
            }
            for rule in rules where rule.chain.hasSuffix("-bd0") {
                #expect(NetworkBranches.element(rule) == nil, "\(rule)")
                #expect(rule.owner == network.owner)
            }
        }
    }

    /// Nothing is lost, and nothing changes its order behind the same element.
    @Test func theRulesAreTheSame() {
        for network in [NetworkIntent.testbridge, .testbridge6] {
            let before = IntentRules.rules(of: network)
            let after = arranged(network).filter { rule in
                if case .jump = rule.target { false } else { true }
            }
            #expect(after.count == before.count)
            let forward = before.filter { $0.chain == IntentRules.forward && $0.table == .filter }.map {
                $0.standing(in: "MYDOCKER-TO-testbridge")
            }
            #expect(after.filter { $0.chain == "MYDOCKER-TO-testbridge" && $0.table == .filter } == forward)
        }
    }

    @Test func aVerdictThatOneInterfaceDecidesIsAnElement() {
        let rules = arranged(.testbridge)
        #expect(chain(IntentRules.egress, rules) == ["-i testbridge -j ACCEPT"])
        #expect(chain(IntentRules.forward, rules) == ["-o testbridge -j MYDOCKER-TO-testbridge"])
        #expect(chain(IntentRules.input, rules) == ["-i testbridge -j MYDOCKER-HOST-testbridge"])
        #expect(rules.allSatisfy { $0.chain != "MYDOCKER-FROM-testbridge" })
    }

    /// What goes out is found by where it comes from, as no interface says so behind routing.
    @Test func translationIsFoundByTheSource() throws {
        let rules = arranged(.testbridge)
        let jumps = rules.filter { $0.chain == IntentRules.postrouting }
        #expect(
            try jumps.map { try #require(NetworkBranches.element($0)).key } == [
                .interface("testbridge"), .subnet(try #require(Subnet("192.168.10.0/24"))),
            ])
        #expect(
            jumps.map { NetworkBranches.element($0)?.map.name } == [
                "MYDOCKER-POSTROUTING-oifname", "MYDOCKER-POSTROUTING-saddr",
            ])
        #expect(jumps.allSatisfy { $0.owner == NetworkIntent.testbridge.owner })
    }

    /// Rules of endpoints stand where they did: they are few, and come first.
    @Test func endpointsHaveNoBranches() throws {
        let rules = FirewallRule.opening(
            [.tcp(80, 80)], in: IntentRules.forward, to: try #require(IPAddress("192.168.10.2")),
            owner: .endpoint("0123456789ab"))
        #expect(NetworkBranches.arranged(rules) == rules)
        #expect(NetworkBranches.branches(of: .endpoint("0123456789ab"), in: .filter) == [])
        #expect(rules.allSatisfy { NetworkBranches.element($0) == nil })
    }

    @Test func branchesAreThoseOfTheTable() {
        let owner = FirewallOwner.network(bridge: "bd0")
        #expect(NetworkBranches.branches(of: owner, in: .nat6) == ["MYDOCKER-NAT-bd0"])
        #expect(
            Set(NetworkBranches.branches(of: owner, in: .filter)) == [
                "MYDOCKER-APART-bd0", "MYDOCKER-TO-bd0", "MYDOCKER-FROM-bd0", "MYDOCKER-HOST-bd0",
            ])
    }

    /// Any name of an interface leads to a name that nft reads, each to another one, and to one that a rule can say.
    @Test func namesOfInterfacesAreWritten() throws {
        #expect(NFTablesName.written("br-7.a_b") == "br-7.a_b")
        let odd = ["a:b+", "a:b,", "a\u{1}é", String(repeating: "+", count: 15)].map(NFTablesName.written)
        #expect(Set(odd).count == odd.count)
        for name in odd {
            #expect(name.hasPrefix("/") && name.utf8.count <= 15)
            #expect(name.dropFirst().allSatisfy { $0.isHexDigit })
        }
        for bridge in ["br-0123456789ab", String(repeating: "b", count: 15), String(repeating: "+", count: 15)] {
            for isInternal in [false, true] {
                let network = NetworkIntent(
                    bridge: bridge, gateway: Subnet("10.77.7.1/24"), gateway6: Subnet("fd00:7::1/64"),
                    isInternal: isInternal)
                for rule in arranged(network) {
                    let raw = try RawRule(rule)
                    #expect(raw.decoded(rule.table, rule.chain) == rule)
                }
            }
        }
    }
}
