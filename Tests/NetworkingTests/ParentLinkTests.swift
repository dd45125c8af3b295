import Core
import Testing

@testable import Netlink
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

    @Test func whatIsNoParent() throws {
        let network = try network(parent: "eth0.5")
        func refusal(_ link: LinkInfo, above lower: LinkInfo? = nil) -> OperationError? {
            let error = #expect(throws: OperationError.self) {
                try MacvlanDriver("macvlan").check(link, above: lower, network)
            }
            return error
        }
        let own = try NetworkDefinition.example().bridge().info
        #expect(
            refusal(own)?.description == "parent interface \"web\": it is the bridge of a network of its own")
        #expect(refusal(own)?.remedy == "use that network")
        #expect(refusal(.example(8, "port", "veth", master: 7))?.kind == .conflict)
        #expect(
            refusal(link("vlan"), above: own)?.description
                == "parent interface \"eth0.5\": it would be a VLAN of \"web\", which is the bridge of a network of its own"
        )
        try MacvlanDriver("macvlan").check(.example(7, "br9", "bridge"), above: nil, network)
        try MacvlanDriver("macvlan").check(link("vlan"), above: nil, network)
    }

    /// Also where a network is joined that was made before a bridge had the name, or on a link that is a VLAN of one by now.
    @Test func whatNoMemberIsPutOn() throws {
        let driver = MacvlanDriver("macvlan")
        let endpoint = try NetworkDefinition.example().member().endpoint
        let own = try NetworkDefinition.example().bridge().info
        func refusal(_ parent: LinkInfo, above lower: LinkInfo?) -> OperationError? {
            let error = #expect(throws: OperationError.self) {
                try driver.check(parent, above: lower, for: endpoint)
            }
            return error
        }
        let ofABridge = refusal(own, above: nil)
        #expect(
            ofABridge?.description
                == "network web: its parent interface \"web\" is the bridge of a network of its own")
        let ofAVLAN = refusal(link("vlan"), above: own)
        #expect(
            ofAVLAN?.description == "network web: its parent interface \"eth0.5\" is a VLAN of \"web\", which is the "
                + "bridge of a network of its own")
        #expect(ofAVLAN?.kind == .conflict)
        #expect(
            ofAVLAN?.remedy?.hasPrefix("use that network, and remove this one: ") == true
                && ofAVLAN?.remedy?.hasSuffix(" network rm web") == true)
        try driver.check(link("vlan"), above: nil, for: endpoint)
    }

    /// However many VLANs are between them.
    @Test func theBridgeBelowAVLAN() throws {
        let own = try NetworkDefinition.example().bridge().info
        func vlan(_ index: Int32, on below: Int32?) -> LinkInfo {
            var link = LinkInfo.example(index, "v\(index)", "vlan")
            link.below = below
            return link
        }
        func bridge(below link: LinkInfo, _ others: LinkInfo...) throws -> String? {
            try MacvlanDriver.ownBridge(below: link) { index in
                index == 99 ? own : others.first { $0.index == index }
            }?.name
        }
        #expect(try bridge(below: vlan(7, on: 99)) == "web")
        #expect(try bridge(below: vlan(7, on: 8), vlan(8, on: 99)) == "web")
        #expect(try bridge(below: vlan(7, on: 8), vlan(8, on: 9), vlan(9, on: 99)) == "web")
        for lower in [LinkInfo.example(8, "br9", "bridge"), .example(8, "eth0", nil), vlan(8, on: nil)] {
            #expect(try bridge(below: vlan(7, on: 8), lower) == nil)
        }
        #expect(try bridge(below: vlan(7, on: nil)) == nil)
        // One that has just gone, and numbers that were given anew meanwhile.
        #expect(try bridge(below: vlan(7, on: 6)) == nil)
        #expect(try bridge(below: vlan(7, on: 8), vlan(8, on: 8)) == nil)
    }

    @Test func whoHasAParentForItself() throws {
        var endpoint = try NetworkDefinition.example().member().endpoint
        endpoint.bridge = "eth9"
        #expect(
            MacvlanDriver.parentIsTaken(endpoint).description
                == "network web: a macvlan link of mode passthru has \"eth9\" for itself")
        endpoint.mode = "passthru"
        #expect(
            MacvlanDriver.parentIsTaken(endpoint).description
                == "network web: mode passthru takes \"eth9\" for itself, and another macvlan link is on it")
    }

    /// Those of ipvlan all have the parent's MAC address.
    @Test func whichLinkIsAnEndpointsOwn() throws {
        var endpoint = try NetworkDefinition.example().member("10.9.1.5/24").endpoint
        endpoint.mac = try #require(MACAddress("02:00:00:00:09:09"))
        endpoint.interface = "eth1"
        func link(_ index: Int32, _ name: String, _ kind: String, mac: MACAddress?) -> LinkInfo {
            .example(index, name, kind, mac: mac)
        }
        let other = try #require(MACAddress("02:00:00:00:08:08"))
        func own(_ driver: String, _ addresses: [(String, Int32)]) throws -> [Int32] {
            let links = [
                link(2, "eth0", driver, mac: endpoint.mac), link(3, "renamed", driver, mac: endpoint.mac),
                link(4, "eth1", "dummy", mac: endpoint.mac), link(5, "eth5", driver, mac: other),
            ]
            let found = try addresses.map { address, index in
                AddressInfo(address: try #require(Subnet(address)), link: index)
            }
            return MacvlanDriver(driver).own(endpoint, among: links, found).map(\.index)
        }
        #expect(try own("macvlan", [("10.9.1.4/24", 2)]) == [2, 3])
        #expect(try own("ipvlan", [("10.9.1.4/24", 2), ("10.9.1.5/24", 3)]) == [3])
        // Of what is somebody else's nothing goes, whatever address it has.
        #expect(try own("ipvlan", [("10.9.1.5/24", 5)]) == [])
        #expect(try own("ipvlan", [("10.9.1.5/24", 4)]) == [])
        endpoint.interface = "eth0"
        #expect(try own("ipvlan", []) == [2])
    }

    /// As a person would make them, in ip(8)'s words.
    @Test func whatAPersonWouldType() {
        let mac = MACAddress(for: IPAddress(ipv4: 0x0a09_0101))
        #expect(
            ParentRequest(name: "eth0.5", mac: mac, kind: .vlan(5, of: 3)).command(on: "eth0").description
                == "ip link add link eth0 name eth0.5 address 02:42:0a:09:01:01 type vlan id 5")
        #expect(
            ParentRequest(name: "dm-0a0a0a0a0a0a", mac: mac, kind: .dummy).command(on: "dm-0a0a0a0a0a0a").description
                == "ip link add name dm-0a0a0a0a0a0a address 02:42:0a:09:01:01 type dummy")
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
