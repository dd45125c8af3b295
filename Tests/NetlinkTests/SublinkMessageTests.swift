import Core
import Testing

@testable import Netlink

/// Values from the headers linux/rtnetlink.h and if_link.h, for a little-endian machine.
struct SublinkMessageTests {
    private let mac = MACAddress(for: IPAddress(ipv4: 0xc0a8_4d80))

    @Test func aLinkOnAnotherOneIsBornInANamespace() {
        let request = SublinkRequest(
            name: "eth0", parent: 7, kind: .macvlan(4), mac: mac, mtu: 1400, namespace: .descriptor(9))
        let expected = golden(
            """
            6c 00 00 00  ; nlmsg_len 108
            10 00 0d 06  ; RTM_NEWLINK; CREATE, EXCL, ECHO, ACK, REQUEST
            00 00 00 00
            00 00 00 00
            00 00 00 00  ; ifinfomsg
            00 00 00 00
            00 00 00 00
            00 00 00 00  ; down
            09 00 03 00  ; IFLA_IFNAME
            65 74 68 30  ; eth0
            00 00 00 00
            08 00 05 00  ; IFLA_LINK
            07 00 00 00
            0a 00 01 00  ; IFLA_ADDRESS
            02 42 c0 a8
            4d 80 00 00
            08 00 04 00  ; IFLA_MTU
            78 05 00 00
            08 00 1c 00  ; IFLA_NET_NS_FD
            09 00 00 00
            1c 00 12 80  ; IFLA_LINKINFO, nested
            0c 00 01 00  ; IFLA_INFO_KIND
            6d 61 63 76  ; macvlan
            6c 61 6e 00
            0c 00 02 80  ; IFLA_INFO_DATA, nested
            08 00 01 00  ; IFLA_MACVLAN_MODE
            04 00 00 00  ; bridge
            """)
        #expect(encoded { $0.createSublink(request) } == lines(expected))
    }

    /// One of ipvlan has the parent's MAC address; its mode has two bytes.
    @Test func oneWithoutAMACOfItsOwn() {
        let request = SublinkRequest(
            name: "e", parent: 7, kind: .ipvlan(0), mac: mac, mtu: nil, namespace: .descriptor(9))
        let words = encoded { $0.createSublink(request) }
        #expect(!words.contains("0a 00 01 00"))
        #expect(
            words.suffix(6) == [
                "0b 00 01 00", "69 70 76 6c", "61 6e 00 00", "0c 00 02 80", "06 00 01 00", "00 00 00 00",
            ])
    }

    /// What is for elsewhere goes to the parent's routing: by the link, and to nobody on it.
    @Test func modesOfIPvlan() throws {
        for (mode, number, routes) in [("l2", 0, false), ("l3", 1, true), ("l3s", 2, true)] as [(String, UInt16, Bool)]
        {
            let kind = try #require(SublinkRequest.Kind(driver: "ipvlan", mode: mode))
            #expect(kind == .ipvlan(number) && kind.routesByParent == routes)
        }
        #expect(SublinkRequest.Kind(driver: "ipvlan", mode: "bridge") == nil)
        let gateway = try #require(IPAddress("10.0.0.1"))
        var request = ContainerNetworkRequest(index: 3, addresses: [], gateways: [gateway])
        #expect(encoded { $0.configureContainer(request, index: 3) }.contains("08 00 05 00"), "RTA_GATEWAY")
        request.routesByLink = true
        #expect(!encoded { $0.configureContainer(request, index: 3) }.contains("08 00 05 00"))
    }

    @Test func aVLAN() {
        let request = ParentRequest(name: "e.5", mac: mac, kind: .vlan(5, of: 3))
        let words = encoded { $0.createParent(request) }
        // Up: IFF_UP as flag and as mask.
        #expect(words[6...7] == ["01 00 00 00", "01 00 00 00"])
        #expect(words.contains("08 00 05 00") && words.contains("03 00 00 00"))
        #expect(
            words.suffix(7) == [
                "1c 00 12 80", "09 00 01 00", "76 6c 61 6e", "00 00 00 00", "0c 00 02 80", "06 00 01 00", "05 00 00 00",
            ])
        let dummy = encoded { $0.createParent(ParentRequest(name: "dm-1", mac: mac, kind: .dummy)) }
        #expect(dummy.suffix(3) == ["0a 00 01 00", "64 75 6d 6d", "79 00 00 00"])
    }

    @Test func modes() {
        let all: [(String, String?, SublinkRequest.Kind?)] = [
            ("macvlan", nil, .macvlan(4)), ("macvlan", "private", .macvlan(1)), ("macvlan", "vepa", .macvlan(2)),
            ("macvlan", "bridge", .macvlan(4)), ("macvlan", "passthru", .macvlan(8)), ("macvlan", "l2", nil),
            ("ipvlan", nil, .ipvlan(0)), ("ipvlan", "l4", nil), ("bridge", nil, nil),
        ]
        for (driver, mode, kind) in all { #expect(SublinkRequest.Kind(driver: driver, mode: mode) == kind) }
    }
}
