import Core
import Firewall
import Testing

@testable import Networking

/// What there should be against what there is, without a kernel.
@Suite struct BridgeDifferencesTests {
    private let network: NetworkDefinition
    private let member: NetworkMember

    init() throws {
        network = try .example()
        member = try network.member(ports: [PortMapping(hostPort: 80, containerPort: 80)])
    }

    /// As somebody who is about to use the network sees it.
    private func lacks(_ links: [ObservedBridges.Link], routed: Set<AddressFamily> = [.ipv4, .ipv6])
        -> [BridgeDifference]
    {
        WantedBridges(needed: [network], members: [member]).differences(from: .having(links, routed: routed))
    }

    private func whole() -> [ObservedBridges.Link] { [network.bridge(), member.link()] }

    @Test func whatIsThereDoesNotDiffer() {
        #expect(lacks(whole()) == [])
        #expect(lacks([network.bridge(addresses: network.gateways), member.link()]) == [])
    }

    @Test func aMissingBridgeIsMadeBeforeAnythingElseIsSaid() throws {
        #expect(lacks([member.link()]).map(\.remedy) == [.makeBridge])
        let finding = try #require(lacks([]).first)
        #expect(finding.what == "web" && finding.why == #"it is missing, and containers are on network "web""#)
    }

    @Test func aBridgeWithoutAnAliasIsFinishedAndAnyOtherRefused() {
        // Known by its MAC alone.
        let half = ObservedBridges.Link(.example(5, "web", "bridge", mac: network.bridgeMAC))
        #expect(lacks([half]).map(\.remedy) == [.finishBridge(half.info.index)])
        #expect(lacks([network.bridge(alias: "mine")]).map(\.remedy) == [.refuse])
        #expect(lacks([.init(.example(3, "web", nil))]).map(\.remedy) == [.refuse])
    }

    @Test func eachLackOfABridgeHasItsRemedy() throws {
        let gateway = try #require(network.gateway)
        let other = Subnet(gateway.address, 16)
        let link = network.bridge(isUp: false, rightFilter: 0, addresses: [other])
        #expect(
            lacks([link, member.link()], routed: []).map(\.remedy) == [
                .applySettings, .addAddress(gateway, 7), .bringUp(7), .switchRoutingOn(.ipv4),
            ])
        // Nobody has looked for addresses.
        #expect(lacks([network.bridge(isUp: false), member.link()]).map(\.remedy) == [.bringUp(7)])
    }

    /// Members would send to another one than it has.
    @Test func aBridgeHasTheMACAddressThatItsMembersKnow() throws {
        let other = try #require(MACAddress("02:00:00:00:00:99"))
        let found = lacks([network.bridge(mac: other), member.link()])
        #expect(found.map(\.remedy) == [.giveMAC(7)] && found.allSatisfy { $0.isLack(of: network) })
        #expect(found.map(\.why) == ["its MAC address is not \(network.bridgeMAC)"])
    }

    /// What sets that of the host sets it of all its links.
    @Test func aBridgeForwardsWhereTheHostDoes() throws {
        let links = [network.bridge(forwards: 0), member.link()]
        let finding = try #require(lacks(links).first)
        #expect(lacks(links).map(\.remedy) == [.switchForwardingOn(.ipv4)])
        #expect(finding.why == "it does not forward: net/ipv4/conf/web/forwarding is 0")
        #expect(lacks(links, routed: [.ipv6]).map(\.remedy) == [.switchRoutingOn(.ipv4)])
    }

    /// One at a time: a link that joins a bridge is guarded and up.
    @Test func eachLackOfAPortHasItsRemedy() throws {
        let name = member.endpoint.hostInterface
        func remedies(_ link: ObservedBridges.Link?) -> [BridgeDifference.Remedy] {
            lacks([network.bridge()] + [link].compactMap(\.self)).map(\.remedy)
        }
        #expect(remedies(nil) == [.joinBridge(member, link: nil, bridge: 7)])
        #expect(remedies(.init(.example(9, name, "dummy"))) == [.joinBridge(member, link: nil, bridge: 7)])
        #expect(remedies(member.link(master: nil, isUp: false)) == [.joinBridge(member, link: 8, bridge: 7)])
        #expect(remedies(member.link(master: 99)) == [.joinBridge(member, link: 8, bridge: 7)])
        #expect(remedies(member.link(isUp: false, learns: true)) == [.guardPort(member, link: 8)])
        #expect(remedies(member.link(isUp: false)) == [.bringPortUp(member, link: 8)])
        let finding = try #require(lacks([network.bridge(), member.link(learns: true)]).first)
        #expect(finding.subject == .veth && finding.what == name)
        #expect(finding.why == "it lets in more than container \(member.id.short) may send")
    }

    @Test func rulesAreWantedOfThoseThatHaveABridge() throws {
        let unmade = try NetworkDefinition.example("unmade", gateway: "10.0.0.1/16")
        let wanted = WantedBridges(needed: [network, unmade], members: [member, try unmade.member("10.0.0.2/16")])
        let intent = wanted.intent(on: .having(whole()))
        #expect(intent.networks.map(\.bridge) == ["web"])
        #expect(intent.networks[0].gateway?.description == "192.168.10.1/24")
        #expect(
            intent.published == [
                PublishedPorts(
                    endpoint: member.endpoint.id, address: member.endpoint.address?.address,
                    ports: member.endpoint.ports)
            ])
    }

    /// A lack is its owner's network's, and a fault of the frame concerns all.
    @Test func whatTheFirewallLacksIsSaidOfItsNetwork() throws {
        let other = try NetworkDefinition.example("other", gateway: "10.0.0.1/16")
        let wanted = WantedBridges(needed: [network, other], members: [member])
        let links = whole() + [other.bridge(17)]
        func deviants(_ change: (inout FirewallDifferences) -> Void) -> [String] {
            var firewall = FirewallDifferences()
            change(&firewall)
            let differences = wanted.differences(from: .having(links, firewall))
            return [network, other].filter { network in differences.contains { $0.isLack(of: network) } }
                .map(\.device)
        }
        #expect(deviants { _ in } == [])
        #expect(deviants { $0.lacks = [.init(of: .network(bridge: "other"), "entry")] } == ["other"])
        #expect(deviants { $0.lacks = [.init(of: .endpoint(member.endpoint.id), nil)] } == ["web"])
        #expect(deviants { $0.faults = [.init("place", "why")] } == ["web", "other"])
    }

    /// Both firewalls may have rules of one that moves; those of its members are where its own are going.
    @Test func oneThatMovesIsToBeRestored() {
        var moving = network
        (moving.firewall, moving.formerFirewall) = (.nftables, .iptables)
        let wanted = WantedBridges(needed: [moving], members: [member])
        let found = wanted.differences(from: .having(whole()))
        #expect(found.map(\.what) == [#"network "web""#])
        #expect(found.map(\.why) == ["its move from iptables to nftables has not come to its end"])
        #expect(found.allSatisfy { $0.isLack(of: moving) })
        #expect(moving.firewalls == [.nftables, .iptables] && network.firewalls == [.iptables])
        var publishing = member.endpoint
        publishing.ports = [PortMapping(hostPort: 80, containerPort: 80)]
        let publisher = NetworkMember(id: member.id, endpoint: publishing, process: member.process)
        #expect(publishing.firewall == .iptables)
        #expect(FirewallIntent([moving], [publisher]).published.map(\.backend) == [.nftables])
    }

    /// Its members may give themselves addresses of each family that the firewall has rules of.
    @Test func aNetworkWithoutAddressesHasRulesOfWhatThereIs() throws {
        var bare = try NetworkDefinition.example()
        (bare.givesAddresses, bare.firewall) = (false, .nftables)
        for families in [[AddressFamily.ipv4], AddressFamily.allCases] {
            let intent = NetworkIntent(bare) { $0 == .nftables ? families : [] }
            #expect(intent.memberFamilies == families)
        }
        let usual = NetworkIntent(try .example()) { _ in AddressFamily.allCases }
        #expect(usual.memberFamilies == [.ipv4])
    }

    @Test func theFirewallsTextsAreSaidWithWhoNeedsThem() {
        var firewall = FirewallDifferences()
        firewall.lacks = [
            .init(of: .network(bridge: "web"), "entry 1"), .init(of: .endpoint(member.endpoint.id), "entry 2"),
            .init(of: .network(bridge: "web"), nil),
        ]
        let found = WantedBridges(needed: [network], members: [member]).differences(from: .having(whole(), firewall))
        #expect(found.map(\.what) == ["entry 1", "entry 2", #"network "web""#])
        #expect(
            found.map(\.why) == [
                #"missing; network "web" needs it"#, "missing; container \(member.id.short) needs it",
                "its rules are there, but not each once and in order",
            ])
        #expect(found.allSatisfy { $0.subject == .rule && $0.isLack })
    }
}

/// The whole host, as `system check` sees it.
@Suite struct BridgeStraysTests {
    private let network: NetworkDefinition
    private let member: NetworkMember

    init() throws {
        network = try .example()
        member = try network.member()
    }

    private func found(
        _ links: [ObservedBridges.Link], _ networks: [NetworkDefinition], isComplete: Bool = true,
        living: Set<ContainerID> = [], members: [NetworkMember] = [], _ firewall: FirewallDifferences = .init()
    ) -> [BridgeDifference] {
        WantedBridges(networks, isComplete: isComplete, living: living, members: members)
            .differences(from: .having(links, firewall))
    }

    @Test func aNetworkThatNobodyIsOnNeedsNoBridge() throws {
        #expect(found([], [network]) == [])
        #expect(WantedBridges([network], isComplete: true, living: [], members: []).established(in: .init()) == [])
        #expect(found([], [network], living: [member.id], members: [member]).map(\.remedy) == [.makeBridge])
        let foreign = found([network.bridge(alias: "mine")], [network])
        #expect(foreign.map(\.remedy) == [.refuse] && !foreign[0].isRepairable)
        // One that is there must be whole all the same.
        #expect(found([network.bridge(isUp: false)], [network]).map(\.remedy) == [.bringUp(7)])
    }

    @Test func aBridgeOfNoNetworkGoesUnlessThatIsNotKnown() {
        #expect(found([network.bridge()], []).map(\.remedy) == [.removeLink("web")])
        #expect(found([network.bridge()], [], isComplete: false) == [])
        #expect(found([network.bridge(alias: "mine")], []) == [])
    }

    @Test func aPortOfNobodyGoesAndAnybodyElsesIsTakenOff() {
        let link = member.link()
        let name = member.endpoint.hostInterface
        #expect(found([network.bridge(), link], [network]).map(\.remedy) == [.removeLink(name)])
        #expect(found([network.bridge(), link], [network], living: [member.id]) == [])
        let users = ObservedBridges.Link(.example(9, "vethuser", "veth", master: 7))
        #expect(found([network.bridge(), users], [network]).map(\.remedy) == [.takeOffBridge("vethuser")])
        let elsewhere = ObservedBridges.Link(.example(9, "abcde", "veth", master: 70))
        #expect(found([network.bridge(), elsewhere], [network]) == [])
    }

    @Test func ownersAreThoseThatLiveAndThoseThatAreDefined() throws {
        let owners = try #require(
            WantedBridges([network], isComplete: true, living: [member.id], members: []).owners)
        #expect(owners.include(.endpoint(member.id)) && owners.include(.network(bridge: "web")))
        #expect(!owners.include(.endpoint(.random())) && !owners.include(.network(bridge: "gone")))
        let uncertain = try #require(WantedBridges([], isComplete: false, living: [], members: []).owners)
        #expect(uncertain.include(.network(bridge: "gone")) && !uncertain.include(.endpoint(member.id)))
    }

    @Test func whatTheFirewallHasWithoutAnOwnerIsCleared() {
        var firewall = FirewallDifferences()
        firewall.strays = [.init(of: .network(bridge: "gone"), "entry")]
        firewall.unusedFrame = ["jump"]
        let strays = found([network.bridge()], [network], firewall)
        #expect(strays.map(\.what) == ["entry"] && strays[0].why == "network on bridge gone does not exist")
        #expect(strays.map(\.remedy) == [.removeRules(of: .network(bridge: "gone"))])
        #expect(found([], [], firewall).map(\.remedy).contains(.removeFrame))
        #expect(!found([], [], isComplete: false, firewall).map(\.remedy).contains(.removeFrame))
        #expect(strays.allSatisfy { !$0.isLack && !$0.isLack(of: network) })
    }
}
