import Core
import Netlink
import Testing

@testable import Networking

/// The link that a macvlan network's members are on, and what is done about it.
@Suite struct ParentLinkTests {
    private func network(parent: String?) throws -> NetworkDefinition {
        var network = NetworkDefinition(
            id: try #require(ContainerID(String(repeating: "0a", count: 32))), name: try #require(Name("lan")),
            driver: "macvlan", gateway: Subnet("10.9.1.1/24"), device: parent ?? "dm-0a0a0a0a0a0a",
            mtu: nil, isInternal: false, labels: [:], created: Timestamp(nanoseconds: 0))
        network.options.parent = parent
        return network
    }

    private func link(
        _ kind: String?, mac: MACAddress? = nil, alias: String? = nil, isUp: Bool = true
    ) -> LinkInfo { .example(7, "eth0.5", kind, mac: mac, isUp: isUp, alias: alias) }

    @Test func whatThereIs() throws {
        let network = try network(parent: "eth0.5")
        #expect(ParentState(of: nil, for: network) == .missing)
        #expect(ParentState(of: link("vlan", mac: network.parentMAC), for: network) == .unmarked(7))
        #expect(ParentState(of: link("vlan", alias: network.parentAlias, isUp: false), for: network) == .down(7))
        #expect(ParentState(of: link("vlan", alias: network.parentAlias), for: network) == .whole)
        // Somebody else's: also when it is down.
        for kind in ["vlan", "veth", nil] {
            #expect(ParentState(of: link(kind, isUp: false), for: network) == .whole)
            #expect(!network.ownsParent(link(kind)))
        }
        #expect(!network.ownsParent(link("vlan", mac: network.parentMAC, alias: "mydocker:000000000000")))
        #expect(!network.ownsParent(link("veth", alias: network.parentAlias)))
    }

    @Test func whatIsMade() throws {
        func request(_ parent: String?) throws -> ParentRequest? {
            try network(parent: parent).parentRequest { $0 == "eth0" ? 3 : nil }
        }
        let mac = MACAddress(for: IPAddress(ipv4: 0x0a09_0101))
        #expect(try request(nil) == ParentRequest(name: "dm-0a0a0a0a0a0a", mac: mac, kind: .dummy))
        #expect(try request("eth0.5") == ParentRequest(name: "eth0.5", mac: mac, kind: .vlan(5, of: 3)))
        for parent in ["eth1", "eth1.5", "eth0.0", "eth0.4095", "eth0.05", "eth0.5.6", "eth0.", ".5"] {
            #expect(try request(parent) == nil, "\(parent)")
        }
    }
}
