import Core
import Glibc
import Testing

@testable import Firewall

@Suite struct TableEditorTests {
    private let firewall = MemoryFirewall()
    private let network = NetworkIntent.testbridge
    private let other = NetworkIntent(
        bridge: "br1", gateway: Subnet(IPAddress(ipv4: 0x0a09_0001), 16), isInternal: false)

    private func dump() -> [String] { firewall.dump(.filter) + firewall.dump(.nat) }
    private func connect(_ id: String, _ port: UInt16, _ address: IPAddress = .anyIPv4) -> FirewallChange {
        PublishedPorts(id, [.tcp(port, 80, address)]).connection
    }

    @Test func applyingTwiceWritesOnce() throws {
        #expect(try firewall.apply(network.creation))
        let before = dump()
        #expect(try !firewall.apply(network.creation))
        #expect(dump() == before)
        #expect(firewall.writes == 2)
    }

    @Test func aContainersPortsAreOneWriteOfNat() throws {
        try firewall.apply(network.creation)
        try firewall.apply(PublishedPorts("0123456789ab", Golden.mappings).connection)
        #expect(firewall.writes == 3)
        #expect(try !firewall.apply(PublishedPorts("0123456789ab", Golden.mappings).connection))
    }

    @Test func removalLeavesNothing() throws {
        let before = dump()
        try firewall.apply(network.creation)
        try firewall.apply(other.creation)
        try firewall.apply(connect("0123456789ab", 80))
        #expect(try firewall.apply(PublishedPorts("0123456789ab", []).disconnection))
        #expect(try !firewall.apply(PublishedPorts("0123456789ab", []).disconnection))
        try firewall.apply(network.removal)
        #expect(dump().contains { $0.contains("MYDOCKER-") })
        #expect(!dump().contains { $0.contains("testbridge") })
        try firewall.apply(other.removal)
        #expect(dump() == before)
        #expect(try !firewall.apply(other.removal))
    }

    @Test func aRepairKeepsTheOrderOfNetworks() throws {
        try firewall.apply(network.creation)
        try firewall.apply(other.creation)
        let before = dump()
        var damage = FirewallChange([.filter, .nat])
        damage.set(network.owner, Array(network.rules.reversed().dropFirst()))
        try firewall.apply(damage)
        #expect(dump() != before)
        try firewall.apply(network.creation)
        #expect(dump() == before)
    }

    @Test func jumpsAreThereOnceAndInOrder() throws {
        let foreign = FirewallRule(.filter, "FORWARD", input: .yes("eth0"), target: .drop)
        try firewall.append(foreign)
        try firewall.apply(network.creation)
        let before = dump()
        // Twice, and one in front of the others.
        try firewall.append(FirewallRule(.filter, "FORWARD", target: .jump("MYDOCKER-USER")))
        try firewall.append(FirewallRule(.nat, "OUTPUT", isToLocalAddress: true, target: .jump("MYDOCKER-DNAT")))
        try firewall.apply(network.creation)
        #expect(dump() == before)
        #expect(firewall.dump(.filter).contains(foreign.description))
    }

    @Test func jumpsBehindForeignRulesStay() throws {
        try firewall.append(FirewallRule(.filter, "FORWARD", input: .yes("eth0"), target: .drop))
        var layout = IntentRules.layout(of: .ipv4)
        layout.tailJumps += layout.headJumps
        layout.headJumps = []
        try firewall.apply(FirewallChange([.filter], layouts: .ensure([layout])))
        #expect(try !firewall.apply(FirewallChange([.filter], layouts: .ensure([IntentRules.layout(of: .ipv4)]))))
    }

    @Test func aFlushIsRepaired() throws {
        try firewall.apply(network.creation)
        let before = dump()
        for table in FirewallTable.allCases { firewall.flush(table) }
        try firewall.apply(network.creation)
        #expect(dump() == before)
    }

    @Test func usersRulesStay() throws {
        try firewall.apply(network.creation)
        try firewall.append(FirewallRule(.filter, "MYDOCKER-USER", input: .yes("testbridge"), target: .drop))
        try firewall.append(FirewallRule(.nat, "POSTROUTING", output: .yes("testbridge"), target: .masquerade))
        try firewall.apply(network.removal)
        let left = dump().filter { $0.contains("USER") || $0.contains("testbridge") }
        #expect(
            left == [
                "-N MYDOCKER-USER", "-A FORWARD -j MYDOCKER-USER", "-A MYDOCKER-USER -i testbridge -j DROP",
                "-A POSTROUTING -o testbridge -j MASQUERADE",
            ])
        #expect(!dump().contains("-N MYDOCKER-FORWARD"))
    }

    @Test func aChainThatOthersUseStays() throws {
        try firewall.apply(network.creation)
        let foreign = FirewallRule(.filter, "OUTPUT", output: .yes("x"), target: .jump("MYDOCKER-EGRESS"))
        try firewall.append(foreign)
        try firewall.apply(network.removal)
        #expect(firewall.dump(.filter).filter { $0.contains("EGRESS") } == ["-N MYDOCKER-EGRESS", foreign.description])
    }

    @Test func aTakenPortIsAnErrorThatNamesTheOwner() throws {
        try firewall.apply(connect("0123456789ab", 80))
        let before = dump()
        let error = #expect(throws: OperationError.self) {
            try firewall.apply(connect("ffffffffffff", 80, .loopbackIPv4))
        }
        #expect(error?.description == #"publish port "80/tcp": endpoint 0123456789ab has it"#)
        #expect(dump() == before)
    }

    @Test func aStaleOwnerLosesAllItsRules() throws {
        try firewall.apply(PublishedPorts("0123456789ab", [.tcp(80, 80), .tcp(99, 1)]).connection)
        var asked: [FirewallOwner] = []
        try firewall.apply(connect("ffffffffffff", 80)) { owner in
            asked.append(owner)
            return true
        }
        #expect(asked == [.endpoint("0123456789ab")])
        #expect(!dump().contains { $0.contains("0123456789ab") })
        #expect(firewall.dump(.nat).count { $0.contains("DNAT --to") } == 1)
    }

    @Test func anOwnerThatGoesInTheSameChangeNeedsNoQuestion() throws {
        try firewall.apply(connect("0123456789ab", 80))
        let writes = firewall.writes
        var change = connect("ffffffffffff", 80)
        change.remove(.endpoint("0123456789ab"))
        try firewall.apply(change)
        #expect(!dump().contains { $0.contains("0123456789ab") })
        #expect(firewall.writes == writes + 1)
    }

    @Test func someoneElsesRuleForThePortIsNamed() throws {
        try firewall.apply(network.creation)
        try firewall.append(
            FirewallRule(.nat, "MYDOCKER-DNAT", transport: .tcp, ports: 70...90, target: .dnat(to: .loopbackIPv4)))
        let error = #expect(throws: OperationError.self) {
            try firewall.apply(connect("ffffffffffff", 80)) { _ in true }
        }
        #expect(error?.description.contains("-A MYDOCKER-DNAT -p tcp -m tcp --dport 70:90") == true)
    }

    @Test func otherAddressesAndProtocolsAreFree() throws {
        try firewall.apply(connect("0123456789ab", 80, .loopbackIPv4))
        try firewall.apply(connect("0123456789ac", 80, IPAddress(ipv4: 0x7f00_0002)))
        try firewall.apply(connect("0123456789ad", 81))
        let udp = PortMapping(hostPort: 80, containerPort: 80, transport: .udp)
        try firewall.apply(PublishedPorts("0123456789ae", [udp]).connection)
        #expect(firewall.dump(.nat).count { $0.contains("--to-destination") } == 4)
    }

    @Test func aRemovalUndoesWhateverHappened() throws {
        let before = dump()
        try firewall.apply(network.removal)
        #expect(dump() == before)
        try firewall.apply(network.creation)
        try firewall.apply(network.removal)
        #expect(dump() == before)
    }
}

@Suite struct IPTablesTableErrorTests {
    /// By ENOENT the kernel says that it has no such table, by ENOPROTOOPT that it has none of the family.
    @Test(arguments: [
        (
            FirewallTable.nat, ENOENT, "has no legacy iptables for it (CONFIG_IP_NF_NAT, module iptable_nat)",
            "run: modprobe iptable_nat, or do without a bridge: --network none or --network host"
        ),
        (
            FirewallTable.filter, ENOPROTOOPT,
            "has no legacy iptables (CONFIG_IP_NF_IPTABLES, of newer ones CONFIG_IP_NF_IPTABLES_LEGACY, module ip_tables)",
            "run: modprobe ip_tables, or do without a bridge: --network none or --network host"
        ),
        (
            FirewallTable.filter6, ENOENT,
            "has no legacy ip6tables for it (CONFIG_IP6_NF_FILTER, module ip6table_filter)",
            "run: modprobe ip6table_filter, or use --firewall nftables with network create or network reload"
        ),
        (
            FirewallTable.nat6, ENOPROTOOPT,
            "has no legacy ip6tables (CONFIG_IP6_NF_IPTABLES, of newer ones CONFIG_IP6_NF_IPTABLES_LEGACY, module ip6_tables)",
            "run: modprobe ip6_tables, or use --firewall nftables with network create or network reload"
        ),
    ])
    func aMissingTableIsExplained(table: FirewallTable, errno: Int32, lack: String, remedy: String) {
        let error = IPTablesTable.cannotOpen(table, errno: errno)
        let tool = table.family == .ipv4 ? "iptables" : "ip6tables"
        #expect(error.description == "read \(tool) table \"\(table.name)\": the kernel \(lack)")
        #expect(error.remedy == remedy)
    }

    /// A network without addresses does without rules of a family that nothing has tables of, and not where those cannot be read.
    @Test func whatIsMissingIsNotWhatFails() {
        #expect([ENOENT, ENOPROTOOPT, ELIBACC].allSatisfy(IPTablesTable.isMissing))
        #expect(![EPERM, ENOMEM, EAGAIN, EINVAL].contains(where: IPTablesTable.isMissing))
    }

    @Test func otherFailuresKeepTheirErrno() {
        #expect(IPTablesTable.cannotOpen(.filter, errno: EPERM).errno == EPERM)
    }
}
