import Core
import Firewall
import Glibc
import Linux
import Testing

@testable import Networking

/// What the driver asks of its firewall. Nothing here changes this host.
@Suite struct BridgeDriverTests {
    private let firewall = IntentFirewall()
    private var driver: BridgeDriver { BridgeDriver(HostFirewalls([.iptables: firewall])) }

    @Test func onlyAnEndpointWithPortsIsWithdrawn() throws {
        let network = try NetworkDefinition.example()
        try driver.disconnect(network.member().endpoint)
        #expect(firewall.calls == [])
        let endpoint = try network.member(ports: [PortMapping(hostPort: 80, containerPort: 80)]).endpoint
        try driver.disconnect(endpoint)
        #expect(firewall.calls == ["withdraw endpoint \(endpoint.id.short)"])
    }

    /// The loopback interface is on every host, and never ours.
    @Test func anInterfaceOfSomebodyElseIsRefusedBeforeTheFirewallIsAsked() throws {
        let network = try NetworkDefinition.example("lo")
        let failures = driver.restore([network], members: []) { _ in false }
        #expect(failures.map(\.name) == [network.name])
        #expect(
            failures[0].failure.description
                == #"create bridge "lo": an interface of that name exists and is not mydocker's"#)
        #expect(firewall.calls == [])
    }

    @Test func aNetworkWithoutABridgeIsADeviant() throws {
        let network = try NetworkDefinition.example("mydockertest000")
        #expect(try driver.deviants(among: [network]) == [network])
        #expect(firewall.calls == [])
    }

    /// What is open at the endpoint's own addresses is in another table than what is published of this host.
    @Test func openPortsAreWithdrawnFromWhereTheyAre() throws {
        var endpoint = try NetworkDefinition.example().member().endpoint
        endpoint.openPorts = [PortMapping(hostPort: 80, containerPort: 80)]
        try driver.disconnect(endpoint)
        #expect(firewall.calls == ["withdraw endpoint \(endpoint.id.short) with open ports"])
    }

    /// One that does not answer keeps nothing in the others.
    @Test func eachFirewallIsClearedWhateverBecomesOfTheOthers() throws {
        let other = IntentFirewall()
        let driver = BridgeDriver(HostFirewalls([.iptables: firewall, .nftables: other]))
        firewall.isFailing = true
        let id = EndpointID.random()
        let cleared = "clear endpoint \(id.short)"
        #expect(throws: OperationError(cleared, reason: "it was told to fail")) { try driver.withdraw(id) }
        #expect(firewall.calls == [cleared] && other.calls == [cleared])
        let stray = BridgeDifference(
            subject: .rule, what: "", why: "", remedy: .removeRules(of: .network(bridge: "gone")))
        #expect(throws: OperationError.self) { try driver.clear([stray]) }
        #expect(other.calls.last == "clear network on bridge gone")
    }

    /// What an endpoint says of its firewall is from before the network moved: its ports go where the network's rules are.
    @Test func rulesOfEachNetworkGoToItsOwnFirewall() throws {
        let other = IntentFirewall()
        let driver = BridgeDriver(HostFirewalls([.iptables: firewall, .nftables: other]))
        let stays = try NetworkDefinition.example("stays")
        var moved = try NetworkDefinition.example("moved", gateway: "192.168.11.1/24")
        (moved.firewall, moved.formerFirewall) = (.nftables, .iptables)
        let ports = [PortMapping(hostPort: 80, containerPort: 80)]
        let own = try #require(ProcessIdentity(of: getpid()))
        let members = try [stays.member(ports: ports), moved.member("192.168.11.2/24", ports: ports)].map {
            NetworkMember(id: $0.id, endpoint: $0.endpoint, process: own)
        }
        #expect(members.map(\.endpoint.firewall) == [.iptables, .iptables])
        #expect(driver.establishRules(of: [stays, moved], members) { _ in false }.isEmpty)
        for (firewall, member, backend) in [
            (firewall, members[0], FirewallBackend.iptables), (other, members[1], .nftables),
        ] {
            #expect(firewall.calls == ["establish"])
            #expect(firewall.lastIntent.networks.map(\.bridge) == [member.endpoint.bridge])
            #expect(firewall.lastIntent.published.map(\.endpoint) == [member.endpoint.id])
            #expect(firewall.lastIntent.published.map(\.backend) == [backend])
        }
        // One that fails is no reason for the other not to be asked.
        firewall.isFailing = true
        #expect(driver.establishRules(of: [stays, moved], members) { _ in false }.count == 1)
        #expect(other.calls == ["establish", "establish"])
    }

    @Test func whatHasNoOwnerIsClearedAtOnce() throws {
        func stray(_ remedy: BridgeDifference.Remedy) -> BridgeDifference {
            BridgeDifference(subject: .rule, what: "", why: "", remedy: remedy)
        }
        let gone = BridgeDifference.Remedy.removeRules(of: .network(bridge: "gone"))
        try driver.clear([stray(gone), stray(.removeFrame), stray(gone), stray(.establishRules)])
        #expect(firewall.calls == ["clear network on bridge gone and frame"])
        try driver.clear([stray(.establishRules)])
        #expect(firewall.calls.count == 1)
    }
}
