import Core
import Testing

@testable import Firewall

/// What a look at the tables finds, against what somebody has done to them.
@Suite struct TableInspectionTests {
    private let firewall = MemoryFirewall()
    private let network = NetworkIntent.testbridge
    private let published = PublishedPorts("0123456789ab", [.tcp(80, 80), .tcp(99, 1)])
    private var intent: FirewallIntent { FirewallIntent(networks: [network], published: [published]) }

    init() throws { try firewall.apply(FirewallChange(establishing: intent)) }

    private func isOwner(_ owner: FirewallOwner) -> Bool { owner == network.owner || owner == published.owner }

    @Test func whatWasBroughtAboutDoesNotDiffer() throws {
        #expect(try firewall.differences(from: intent, isOwner: isOwner) == FirewallDifferences())
    }

    @Test func aTableThatIsSwitchedOffIsAFault() throws {
        let table = MemoryTable(["INPUT", "FORWARD", "OUTPUT"])
        table.faults = ["it is dormant: no packet meets its rules"]
        var inspection = TableInspection(FirewallChange(establishing: intent), isOwner: nil)
        try inspection.look(at: table, .filter)
        #expect(inspection.differences.faults.first?.place == "table filter")
        #expect(inspection.differences.faults.first?.why == "it is dormant: no packet meets its rules")
    }

    @Test func lookingChangesNothing() throws {
        firewall.flush(.nat)
        let before = firewall.dump(.filter) + firewall.dump(.nat)
        _ = try firewall.differences(from: intent, isOwner: isOwner)
        #expect(firewall.dump(.filter) + firewall.dump(.nat) == before)
    }

    /// A look and a change go by the same comparison: what one finds the other puts right, and then it is not found.
    @Test func aRuleThatIsMissingIsNamed() throws {
        let rule = try #require(network.rules.first { $0.target == .masquerade })
        try firewall.remove(rule)
        let differences = try firewall.differences(from: intent)
        #expect(
            differences.lacks == [
                .init(
                    of: .network(bridge: "testbridge"),
                    "nat -A MYDOCKER-POSTROUTING -s 192.168.10.0/24 ! -o testbridge -j MASQUERADE")
            ])
        #expect(differences.faults.isEmpty)
        try firewall.apply(FirewallChange(establishing: intent))
        #expect(try firewall.differences(from: intent) == FirewallDifferences())
    }

    @Test func aRuleThatIsThereTwiceIsOneOfItsOwnersDisorder() throws {
        let rules = IntentRules.rules(of: published)
        try firewall.append(rules[0])
        #expect(try firewall.differences(from: intent).lacks == [.init(of: published.owner, nil)])
        // That one of them is missing says more.
        try firewall.remove(rules[1])
        let lacks = try firewall.differences(from: intent).lacks
        #expect(lacks.map(\.owner) == [published.owner])
        #expect(lacks[0].entry?.hasPrefix("nat -A MYDOCKER-DNAT -p tcp") == true)
    }

    /// In the table that is looked at first the order is wrong, in the other one something is missing.
    @Test func whatIsMissingSaysMoreThanAnOrderInAnotherTable() throws {
        try firewall.append(try #require(network.rules.first { $0.chain == "MYDOCKER-FORWARD" }))
        #expect(try firewall.differences(from: intent).lacks == [.init(of: network.owner, nil)])
        try firewall.remove(try #require(network.rules.first { $0.target == .masquerade }))
        let lacks = try firewall.differences(from: intent).lacks
        #expect(lacks.count == 1 && lacks[0].entry?.hasSuffix("MASQUERADE") == true, "\(lacks)")
    }

    @Test func aJumpThatIsMissingOrThereTwiceIsAFaultOfItsPlace() throws {
        try firewall.remove(FirewallRule(.filter, "FORWARD", target: .jump("MYDOCKER-EGRESS")))
        try firewall.append(FirewallRule(.nat, "POSTROUTING", target: .jump("MYDOCKER-POSTROUTING")))
        let differences = try firewall.differences(from: intent)
        #expect(differences.faults.map(\.place) == ["filter FORWARD", "nat POSTROUTING"])
        #expect(differences.lacks.isEmpty)
    }

    /// Ports alone are looked for in their own table.
    @Test func portsConcernNatAlone() throws {
        firewall.flush(.filter)
        #expect(try firewall.differences(from: FirewallIntent(published: [published])) == FirewallDifferences())
        #expect(try firewall.differences(from: intent).faults.map(\.place) == ["filter FORWARD", "filter INPUT"])
    }

    @Test func whatHasNoOwnerIsNamedWhoeverAsksForIt() throws {
        let strays = try firewall.differences(
            from: FirewallIntent(networks: [network]), isOwner: { $0 == network.owner }
        )
        .strays
        #expect(Set(strays.map(\.owner)) == [published.owner])
        #expect(strays.count == 2 && strays.allSatisfy { $0.entry.hasPrefix("nat -A MYDOCKER-DNAT ") }, "\(strays)")
        // Nobody asked for them.
        #expect(try firewall.differences(from: FirewallIntent(networks: [network])).strays.isEmpty)
    }

    @Test func rulesOfTheUsersAreNobodysConcern() throws {
        try firewall.append(FirewallRule(.filter, "MYDOCKER-USER", input: .yes("eth0"), target: .drop))
        try firewall.append(FirewallRule(.filter, "FORWARD", input: .yes("eth0"), target: .drop))
        #expect(try firewall.differences(from: intent, isOwner: isOwner) == FirewallDifferences())
    }

    /// Where nothing is wanted, and no rule has an owner, the chains are left over.
    @Test func chainsWithoutANetworkAreUnused() throws {
        let nothing = FirewallIntent()
        #expect(try firewall.differences(from: nothing, isOwner: isOwner).unusedFrame.isEmpty)
        try firewall.apply(published.disconnection)
        try firewall.apply(FirewallChange(clearing: [network.owner], withChains: false))
        let unused = try firewall.differences(from: nothing, isOwner: isOwner).unusedFrame
        #expect(unused.count == 8 && unused.contains("filter -A FORWARD -j MYDOCKER-ISOLATE"), "\(unused)")
        try firewall.apply(FirewallChange(clearing: [], withChains: true))
        #expect(try firewall.differences(from: nothing, isOwner: isOwner) == FirewallDifferences())
        #expect(!(firewall.dump(.filter) + firewall.dump(.nat)).contains { $0.contains("MYDOCKER") })
    }
}
