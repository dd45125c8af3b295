import Core
import Testing

@testable import Networking

@Suite struct MasqueradedSourceTests {
    @Test(arguments: [
        (["10.250.0.1/24"], "10.250.0.2", "192.0.2.1", "10.250.0.1"),
        // The router's subnet decides.
        (["10.1.0.1/24", "10.250.0.1/24", "10.250.0.9/24"], "10.250.0.2", "192.0.2.1", "10.250.0.1"),
        (["10.1.0.1/24", "10.250.0.1/24"], "172.16.0.1", "192.0.2.1", "10.1.0.1"),
        // What is of the link alone is for the link alone.
        (["fe80::1/64", "fd00:250::1/64"], "fd00:250::2", "fd00:250::2", "fd00:250::1"),
        (["fe80::1/64", "fd00:250::1/64"], "fe80::2", "2001:db8::1", "fd00:250::1"),
        (["fd00:1::1/64", "2001:db8:1::1/64"], "fe80::2", "2001:db8::1", "2001:db8:1::1"),
        (["fd00:1::1/64", "fd00:1::2/64"], "fe80::2", "2001:db8::1", "fd00:1::1"),
    ])
    func asTheKernelChooses(addresses: [String], hop: String, destination: String, source: String) throws {
        let chosen = MasqueradedSource.choose(
            among: addresses.compactMap { Subnet($0) }, toward: try #require(IPAddress(hop)),
            to: try #require(IPAddress(destination)))
        #expect(chosen == IPAddress(source))
    }

    @Test func linksWithoutAnAddress() throws {
        let there = try #require(IPAddress("2001:db8::1"))
        #expect(MasqueradedSource.choose(among: [], toward: there, to: there) == nil)
        let ofLink = [Subnet("fe80::1/64")].compactMap { $0 }
        #expect(MasqueradedSource.choose(among: ofLink, toward: there, to: there) == nil)
    }
}
