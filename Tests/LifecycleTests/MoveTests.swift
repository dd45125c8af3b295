import Core
import Records
import TestSupport
import Testing

@testable import Lifecycle

/// Networks that are on their way from one firewall to another.
@Suite struct Moves {
    private let place: Place
    private let network: NetworkDefinition

    init() throws {
        place = try Place()
        var network = try place.network("web", "10.1.2.1/24")
        (network.firewall, network.formerFirewall) = (.nftables, .iptables)
        try place.host.networkStore.replace(network)
        self.network = network
    }

    private var former: FirewallBackend? {
        get throws { try place.host.networkStore.definition(named: network.name)?.formerFirewall }
    }

    /// The new rules are there before the old ones go.
    @Test func whoeverRestoresANetworkEndsItsMove() throws {
        place.driver.failing = "leave"
        #expect(place.host.restore([network]).map(\.name) == [network.name])
        #expect(try former == .iptables)
        place.driver.failing = nil
        #expect(place.host.restore([network]).isEmpty)
        let once = ["restore web on nftables", "leave iptables web 0"]
        #expect(place.driver.calls == once + once)
        #expect(try former == nil)
    }

    /// What a dead container has published may be with either.
    @Test(arguments: [true, false]) func rulesGoFromBoth(publishes: Bool) throws {
        let id = try place.make(place.definition("box", on: [network]))
        var endpoint = try place.endpoint("10.1.2.3", of: id, on: network)
        if publishes { endpoint.ports = [PortMapping(hostPort: 80, containerPort: 80)] }
        var state = place.deadState(.running, started: Timestamp(nanoseconds: 1))
        state.endpoints = [endpoint]
        try place.leave(state, of: id)
        try place.host.reclaim(id)
        #expect(place.driver.calls == ["disconnect web"] + (publishes ? ["disconnect web on nftables"] : []))
    }

    /// Of an endpoint that publishes something. Nothing is on record of it.
    private func endpoint(on backend: FirewallBackend) throws -> Endpoint {
        var endpoint = try place.endpoint("10.1.2.3", of: .random(), on: network)
        endpoint.ports = [PortMapping(hostPort: 80, containerPort: 80)]
        endpoint.firewall = backend
        return endpoint
    }

    /// One of the two that does not answer keeps nothing in the other.
    @Test func rulesGoFromTheOtherWhenOneFails() throws {
        place.driver.failing = "disconnect web"
        let endpoint = try endpoint(on: .iptables)
        let error = #expect(throws: OperationError.self) { try place.host.withdrawRules(of: endpoint) }
        #expect(error?.operation == "disconnect web")
        #expect(place.driver.calls == ["disconnect web", "disconnect web on nftables"])
    }

    /// The rules of the network itself are there: what the other firewall has still is told.
    @Test func whatCannotBeLeftKeepsNobodyFromRunning() throws {
        place.driver.deviating = [network.name]
        place.driver.failing = "leave"
        try place.host.establish([network])
        #expect(place.warnings == ["leave iptables web 0: it was told to fail"])
        #expect(try former == .iptables)
        place.driver.failing = nil
        try place.host.establish([network])
        #expect(place.warnings.count == 1)
        #expect(try former == nil)
    }

    /// A container that began where no move found it says where its rules are only when they are there alone.
    @Test func whoWasNotFoundFollows() throws {
        var endpoint = try endpoint(on: .iptables)
        let before = endpoint
        for (failing, calls) in [
            ("publish", ["publish web on nftables"]), ("leave", ["publish web on nftables", "leave iptables - 1"]),
        ] {
            let earlier = place.driver.calls.count
            place.driver.failing = failing
            #expect(throws: OperationError.self) { _ = try place.host.follow(&endpoint) }
            #expect(endpoint == before, "\(failing)")
            #expect(place.driver.calls.dropFirst(earlier) == calls[...], "\(failing)")
        }
        place.driver.failing = nil
        let hasFollowed = try place.host.follow(&endpoint)
        #expect(hasFollowed && endpoint.firewall == .nftables)
        let calls = place.driver.calls.count
        let followsAgain = try place.host.follow(&endpoint)
        #expect(!followsAgain && place.driver.calls.count == calls)
    }

    /// Before anything is published of it, an endpoint need only be told.
    @Test func whereAnEndpointsRulesBelong() throws {
        var endpoint = try endpoint(on: .iptables)
        #expect(place.host.firewallMovedTo(by: endpoint) == .nftables)
        endpoint.firewall = .nftables
        #expect(place.host.firewallMovedTo(by: endpoint) == nil)
        endpoint.firewall = .iptables
        try place.host.networkStore.remove(network)
        #expect(place.host.firewallMovedTo(by: endpoint) == nil)
    }
}
