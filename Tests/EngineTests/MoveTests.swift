import Core
import Engine
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// Networks whose rules go to another firewall (`network reload --firewall`), with a driver that only remembers.
@Suite struct MovingNetworks {
    private func scene(_ change: (inout NetworkDefinition) -> Void = { _ in }) throws -> Scene {
        try Scene(.exited) { place, _ in
            var network = try place.network("web", "10.9.1.1/24")
            change(&network)
            try place.host.networkStore.replace(network)
        }
    }

    private func web(_ scene: Scene) throws -> NetworkDefinition {
        try wanted(scene.place.host.networkStore.find("web"))
    }

    /// The firewall that it was on its way to need not take anything.
    @Test func halfAMoveGoesBack() throws {
        let scene = try scene { ($0.firewall, $0.formerFirewall) = (.nftables, .iptables) }
        scene.place.driver.failing = "restore web on nftables"
        let listing = try scene.engine.reloadNetworks(["web"], movingTo: .iptables)
        #expect(listing.elements == ["web"] && listing.failures.isEmpty)
        #expect(
            scene.place.driver.calls == [
                "restore web on iptables", "leave nftables web 0", "restore web on iptables",
            ])
        let network = try web(scene)
        #expect(network.firewall == .iptables && network.formerFirewall == nil)
    }

    /// What the other firewall does not take stays where it was, and on record as that.
    @Test func aMoveThatFailsGoesBack() throws {
        let scene = try scene()
        scene.place.driver.failing = "restore web on nftables"
        let listing = try scene.engine.reloadNetworks(["web"], movingTo: .nftables)
        #expect(listing.elements.isEmpty)
        #expect(listing.failures.map(\.description) == ["restore web on nftables: it was told to fail"])
        #expect(scene.place.driver.calls.contains("leave nftables web 0"))
        let network = try web(scene)
        #expect(network.firewall == .iptables && network.formerFirewall == nil)
    }

    /// Of all networks those that have no firewall stay as they are; of one that somebody has named that is an error.
    @Test func whatHasNoFirewallStays() throws {
        let scene = try scene()
        let model = NetworkDefinition(
            id: .random(), name: try wanted(Name("model")), driver: "null", gateway: try wanted(Subnet("10.9.9.1/24")),
            device: "model", mtu: nil, isInternal: false, labels: [:], created: .now())
        try scene.place.host.networkStore.create(model)
        let all = try scene.engine.reloadNetworks([], movingTo: .nftables)
        #expect(all.elements == ["web"] && all.failures.isEmpty)
        #expect(try web(scene).firewall == .nftables)
        let named = try scene.engine.reloadNetworks(["model", "web"], movingTo: .iptables)
        #expect(named.elements == ["web"])
        #expect(
            named.failures.map(\.description) == [
                "network model is there for others to be made like it and has no firewall"
            ])
    }

    @Test func whatNeedsAFirewallKeepsIt() throws {
        let changes: [(inout NetworkDefinition) -> Void] = [
            { $0.options.membersMeet = false }, { $0.options.gatewayMode = .routed },
            { ($0.options.gatewayMode6, $0.gateway6) = (.routed, Subnet("fd00:9::1/64")) },
        ]
        for change in changes {
            let scene = try scene(change)
            let listing = try scene.engine.reloadNetworks(["web"], movingTo: FirewallBackend.none)
            #expect(listing.elements.isEmpty && listing.failures.map(\.kind) == [.conflict])
            #expect(listing.failures[0].description.hasSuffix(", and it would have none"))
            #expect(try web(scene).firewall == .iptables)
            #expect(scene.place.driver.calls.isEmpty)
        }
    }

    /// They are not ours to move. Said once, whatever the number of networks.
    @Test func rulesOfTheUserThatStayAreTold() throws {
        let scene = try scene()
        _ = try scene.place.network("second", "10.9.2.1/24")
        scene.place.driver.userRules = [.iptables]
        _ = try scene.engine.reloadNetworks([], movingTo: .nftables)
        let warning = "the rules in MYDOCKER-USER of iptables do not move"
        #expect(scene.place.warnings.count == 1)
        #expect(scene.place.warnings[0].hasPrefix(warning))
        // They stand there already, and so do these networks.
        _ = try scene.engine.reloadNetworks([], movingTo: .nftables)
        _ = try scene.engine.reloadNetworks([], movingTo: .iptables)
        #expect(scene.place.warnings.count == 1)
    }
}

/// What `network create` is not asked for, but settled by the configuration.
@Suite struct SettledFirewalls {
    @Test func theOneThatIsSettledIsLookedAt() throws {
        let scene = try Scene(.created)
        try Files.create(scene.layout.configuration, Array(#"{"firewall-backend": "none"}"#.utf8))
        for (change, sentence): ((inout NetworkRequest) -> Void, String) in [
            ({ $0.options.membersMeet = false }, "members of a network are kept apart by its firewall"),
            ({ $0.isInternal = true }, "members of an internal network are kept in by its firewall"),
            (
                { $0.options.gatewayMode = .routed },
                "with gateway mode 'routed' a firewall keeps out what is not published"
            ),
        ] {
            var request = NetworkRequest(name: "new")
            request.subnets = [try wanted(Subnet("10.255.77.1/24"))]
            change(&request)
            let error = scene.refusal("network create") { _ = try $0.createNetwork(request) }
            #expect(error?.description == "conflicting options: \(sentence), and it has none")
            #expect(error?.remedy == "name one with --firewall")
        }
        #expect(scene.place.driver.calls.isEmpty)
    }
}
