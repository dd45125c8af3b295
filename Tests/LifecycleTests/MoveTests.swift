import Core
import Lifecycle
import Records
import TestSupport
import Testing

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

    @Test func whoeverRestoresANetworkEndsItsMove() throws {
        place.driver.failing = "leave"
        #expect(place.host.restore([network]).map(\.name) == [network.name])
        #expect(try former == .iptables)
        place.driver.failing = nil
        #expect(place.host.restore([network]).isEmpty)
        #expect(place.driver.calls == ["leave iptables web 0", "leave iptables web 0"])
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
        #expect(place.driver.calls == [String](repeating: "disconnect web", count: publishes ? 2 : 1))
    }
}
