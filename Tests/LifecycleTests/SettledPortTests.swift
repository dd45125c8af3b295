import Core
import Lifecycle
import TestSupport
import Testing

/// By which network ports are published.
@Suite struct SettledPorts {
    private enum Kind { case open, inner, nameless }

    private func network(_ kind: Kind) throws -> NetworkDefinition {
        var network = NetworkDefinition(
            id: .random(), name: try wanted(Name("some")), driver: "bridge",
            gateway: kind == .nameless ? nil : Subnet("10.1.2.1/24"), device: "br-some", mtu: nil,
            isInternal: kind == .inner, labels: [:], created: .now())
        network.givesAddresses = kind != .nameless
        return network
    }

    /// - Returns: the index of the one that publishes.
    private func publisher(_ kinds: [Kind], priorities: [Int] = [], asked: Int = 0) throws -> Int? {
        let request = try PublishRequest(parsing: "80:80")
        var wishes = try kinds.map { _ in EndpointWish(network: try wanted(Name("some"))) }
        for (index, priority) in priorities.enumerated() { wishes[index].gatewayPriority = priority }
        wishes[asked].publish = [request]
        let settled = try kinds.map(network).settlePorts(of: wishes)
        #expect(settled.flatMap(\.publish) == [request])
        return settled.firstIndex { !$0.publish.isEmpty }
    }

    @Test func thatWhichLeadsOut() throws {
        #expect(try publisher([.open, .open]) == 0)
        #expect(try publisher([.inner, .open]) == 1)
        #expect(try publisher([.nameless, .inner, .open, .open]) == 2)
        #expect(try publisher([.inner, .open, .open], priorities: [9, 1, 2]) == 2)
        // Where none does.
        #expect(try publisher([.inner, .inner]) == 0)
        #expect(try publisher([.inner, .inner], priorities: [0, 1], asked: 1) == 1)
        #expect(try publisher([.nameless, .inner]) == 1)
        #expect(try publisher([.nameless]) == 0)
    }
}
