import Core
import Testing

@testable import Networking

/// Whom a port that a supervisor passes on is not for.
@Suite struct InternalNetworksTests {
    private func network(
        _ name: String, _ gateway: String, isInternal: Bool, gateway6: String? = nil
    ) throws -> NetworkDefinition {
        var network = NetworkDefinition(
            id: .random(), name: try #require(Name(name)), driver: "bridge", gateway: Subnet(gateway), device: name,
            mtu: nil, isInternal: isInternal, labels: [:], created: .now())
        network.gateway6 = gateway6.flatMap { Subnet($0) }
        return network
    }

    @Test func membersHaveNoWayOutAndOthersNoneIn() throws {
        let open = try network("open", "10.1.1.1/24", isInternal: false)
        let closed = try network("closed", "10.1.2.1/24", isInternal: true)
        let networks = InternalNetworks(among: [open, closed])
        func refusing(_ client: String, at own: String? = nil, by publisher: NetworkDefinition) throws -> Name? {
            let own = try own.map { try #require(IPAddress($0)) }
            return networks.refusing(try #require(IPAddress(client)), at: own, publishedBy: publisher.id)?.name
        }
        for (client, isRefusedByOpen, isRefusedByClosed) in [
            ("127.0.0.1", false, false), ("::1", false, false), ("10.1.1.2", false, true), ("10.1.2.2", true, false),
            // The gateway's address is this host's.
            ("10.1.2.1", false, false), ("192.0.2.7", false, true), ("fd00::7", false, true),
        ] {
            #expect(try refusing(client, by: open) == (isRefusedByOpen ? closed.name : nil), "\(client)")
            #expect(try refusing(client, by: closed) == (isRefusedByClosed ? closed.name : nil), "\(client)")
        }
        // Of a link's own addresses nobody knows which link it is.
        let closed6 = try network("closed6", "10.1.3.1/24", isInternal: true, gateway6: "fd00:3::1/64")
        let alike = InternalNetworks(among: [open, closed6])
        for (own, name) in [("fd00:3::1", closed6.name), (nil, closed6.name), ("fd00:1::1", nil)] {
            let own = try own.map { try #require(IPAddress($0)) }
            let client = try #require(IPAddress("fe80::7"))
            #expect(alike.refusing(client, at: own, publishedBy: open.id)?.name == name)
        }
        // This host asks itself.
        #expect(try refusing("192.0.2.7", at: "192.0.2.7", by: closed) == nil)
        #expect(try refusing("192.0.2.7", at: "192.0.2.8", by: closed) == closed.name)
    }
}
