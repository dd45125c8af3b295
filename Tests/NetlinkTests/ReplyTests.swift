import Core
import Testing

@testable import Netlink

struct ReplyTests {
    @Test func link() throws {
        let link = try parsed(vethReply(), LinkInfo.init)
        #expect(
            link
                == LinkInfo(
                    index: 13, name: "veth1a2b", kind: "veth", mac: MACAddress("02:42:0a:4d:00:02"), mtu: 1450,
                    isUp: true, isOperational: true,
                    alias: "mydocker:ab", master: 12, peer: 2, settings: LinkSettings()))
    }

    /// Of arrays that end early, as those of an older kernel do, there is what there is.
    @Test func settings() throws {
        func settings(_ ipv4: [UInt32], _ ipv6: [UInt32]) throws -> LinkSettings {
            let families =
                attribute(2, attribute(1, ipv4.flatMap(u32))) + attribute(10, attribute(2, ipv6.flatMap(u32)))
            let payload = linkHeader(index: 4) + attribute(3, text("br0")) + attribute(26, families)
            return try parsed(message(16, payload), LinkInfo.init).settings
        }
        var expected = LinkSettings()
        expected.forwards = 100
        expected.reversePathFilter = 107
        #expect(try settings(Array(100...110), []) == expected)
        expected.forwardsIPv6 = 0
        expected.routeLocalnet = 125
        expected.ignoresARP = 118
        expected.acceptRouterAdvertisements = 3
        expected.disableIPv6 = 26
        expected.asksForDuplicates = 27
        #expect(try settings(Array(100...130), Array(0...40)) == expected)
    }

    @Test func loopbackHasNoAddress() throws {
        let datagram = message(
            16, linkHeader(index: 1, flags: 8) + attribute(3, text("lo")) + attribute(1, [0, 0, 0, 0, 0, 0]))
        let link = try parsed(datagram, LinkInfo.init)
        #expect(link.mac == nil)
        #expect(!link.isUp)
    }

    @Test func theDeviceBelowAVLANIsNoPeer() throws {
        let payload = linkHeader(index: 4) + attribute(3, text("v5")) + attribute(5, u32(2))
        let vlan = try parsed(message(16, payload + attribute(18, attribute(1, text("vlan")))), LinkInfo.init)
        #expect(vlan.peer == nil && vlan.below == 2)
        // IFLA_LINK_NETNSID: another link has that number here.
        let moved = try parsed(
            message(16, payload + attribute(18, attribute(1, text("vlan"))) + attribute(37, u32(0))), LinkInfo.init)
        #expect(moved.kind == "vlan" && moved.below == nil)
    }

    @Test func address() throws {
        let datagram = message(
            20, [2, 24, 0, 0] + u32(3) + attribute(1, [10, 0, 0, 2]) + attribute(2, [192, 168, 10, 7]))
        #expect(
            try parsed(datagram, AddressInfo.init)
                == AddressInfo(address: try #require(Subnet("192.168.10.7/24")), link: 3))
    }

    private static let ofIPv6: [UInt8] = [0xfd, 0, 0, 0x10] + Array(repeating: 0, count: 11) + [7]

    @Test func addressOfIPv6() throws {
        // Flags IFA_F_PERMANENT, scope universe; without IFA_LOCAL, which the kernel sends with a peer's address only.
        let datagram = message(20, [10, 64, 0x80, 0] + u32(3) + attribute(1, Self.ofIPv6))
        #expect(
            try parsed(datagram, AddressInfo.init)
                == AddressInfo(address: try #require(Subnet("fd00:10::7/64")), link: 3))
    }

    @Test func routeOfIPv6() throws {
        let whole = message(
            24,
            [10, 0, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(15, u32(254)) + attribute(6, u32(1024))
                + attribute(5, Self.ofIPv6) + attribute(4, u32(2)))
        let route = try parsed(whole, RouteInfo.init)
        #expect(route.destination.description == "::/0" && route.gateway == IPAddress("fd00:10::7"))
        #expect(route.link == 2 && route.priority == 1024 && route.isDefault)
        let subnet = message(
            24, [10, 64, 0, 0, 254, 2, 0, 1] + u32(0) + attribute(1, Self.ofIPv6) + attribute(4, u32(2)))
        #expect(try parsed(subnet, RouteInfo.init).destination.description == "fd00:10::7/64")
    }

    /// An address of one family in a message of the other.
    @Test(arguments: [
        message(20, [10, 24, 0, 0] + u32(3) + attribute(1, [10, 0, 0, 2])),
        message(20, [2, 24, 0, 0] + u32(3) + attribute(1, ofIPv6)),
        message(20, [10, 129, 0, 0] + u32(3) + attribute(1, ofIPv6)),
        message(20, [7, 24, 0, 0] + u32(3) + attribute(1, ofIPv6)),
        message(24, [2, 0, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(5, ofIPv6)),
        message(24, [10, 0, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(5, [10, 0, 0, 1])),
        message(24, [10, 129, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(1, ofIPv6)),
        message(24, [0, 0, 0, 0, 254, 3, 0, 1] + u32(0)),
    ]) func mixedFamilies(datagram: [UInt8]) throws {
        #expect(throws: OperationError.self) {
            if datagram[4] == 20 {
                _ = try parsed(datagram, AddressInfo.init)
            } else {
                _ = try parsed(datagram, RouteInfo.init)
            }
        }
    }

    @Test func routeWithItsOwnMTU() throws {
        let datagram = message(
            24,
            [2, 0, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(15, u32(254)) + attribute(6, u32(100))
                + attribute(5, [10, 0, 0, 1]) + attribute(4, u32(2)) + attribute(8, attribute(2, u32(1380))))
        let route = try parsed(datagram, RouteInfo.init)
        #expect(
            route
                == RouteInfo(
                    destination: Subnet(.anyIPv4, 0), gateway: IPAddress("10.0.0.1"), link: 2, priority: 100, mtu: 1380,
                    table: 254,
                    type: 1))
        #expect(route.isDefault)
    }

    @Test func routeOfALargeTable() throws {
        let datagram = message(
            24, [2, 16, 0, 0, 252, 3, 253, 1] + u32(0) + attribute(15, u32(1000)) + attribute(1, [10, 9, 0, 0]))
        let route = try parsed(datagram, RouteInfo.init)
        #expect(route.table == 1000)
        #expect(route.destination.description == "10.9.0.0/16")
        #expect(!route.isDefault)
    }

    @Test func ofSeveralNextHopsTheFirst() throws {
        func hop(_ index: UInt32, _ gateway: [UInt8]) -> [UInt8] {
            u16(16) + [0, 0] + u32(index) + attribute(5, gateway)
        }
        let datagram = message(
            24, [2, 0, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(9, hop(2, [10, 0, 0, 1]) + hop(3, [10, 0, 1, 1])))
        let route = try parsed(datagram, RouteInfo.init)
        #expect(route.link == 2)
        #expect(route.gateway == IPAddress("10.0.0.1"))
    }

    @Test(arguments: [UInt16(0), 7, 17, 0xffff]) func nextHopOfImpossibleLength(length: UInt16) {
        let datagram = message(
            24,
            [2, 0, 0, 0, 254, 3, 0, 1] + u32(0)
                + attribute(9, u16(length) + [0, 0] + u32(2) + attribute(5, [10, 0, 0, 1])))
        #expect(throws: OperationError.self) { try parsed(datagram, RouteInfo.init) }
    }

    // ---- replies that must be refused ----

    @Test(arguments: [UInt32(0), 15, 37, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0]) func messageOfImpossibleLength(
        length: UInt32
    ) {
        var datagram = message(16, linkHeader(index: 1) + u32(0))
        datagram.replaceSubrange(0..<4, with: u32(length))
        #expect(throws: OperationError("read netlink reply", reason: "malformed message")) {
            try Message.all(in: datagram)
        }
    }

    @Test(arguments: [UInt16(0), 3, 9, 0xffff]) func attributeOfImpossibleLength(length: UInt16) {
        let datagram = message(16, linkHeader(index: 1) + u16(length) + u16(3) + text("lo"))
        #expect(throws: OperationError("read netlink reply", reason: "malformed attribute")) {
            try parsed(datagram, LinkInfo.init)
        }
    }

    @Test(
        arguments: [
            [],  // no header
            linkHeader(index: 1),  // no name
            linkHeader(index: 0) + attribute(3, text("lo")),
            linkHeader(index: -5) + attribute(3, text("lo")),
            linkHeader(index: 1) + attribute(3, text("lo")) + attribute(4, [1, 2]),  // short MTU
            linkHeader(index: 1) + attribute(3, text("lo")) + attribute(10, [1, 2, 3, 4, 5]),
            linkHeader(index: 1) + attribute(3, text("lo")) + attribute(18, u16(200) + u16(1)),  // nested, too long
        ] as [[UInt8]]) func linkThatContradictsItself(payload: [UInt8])
    {
        #expect(throws: OperationError.self) { try parsed(message(16, payload), LinkInfo.init) }
    }

    @Test func prefixLongerThanAnAddress() {
        let address = message(20, [2, 33, 0, 0] + u32(3) + attribute(2, [10, 0, 0, 1]))
        #expect(throws: OperationError.self) { try parsed(address, AddressInfo.init) }
        let route = message(24, [2, 255, 0, 0, 254, 3, 0, 1] + u32(0))
        #expect(throws: OperationError.self) { try parsed(route, RouteInfo.init) }
    }

    @Test func messagesOfAnotherKind() {
        #expect(throws: OperationError.self) { try parsed(vethReply(), AddressInfo.init) }
        #expect(throws: OperationError.self) { try parsed(vethReply(), RouteInfo.init) }
        let address = message(20, [2, 24, 0, 0] + u32(3) + u32(0) + u32(0))
        #expect(throws: OperationError.self) { try parsed(address, LinkInfo.init) }
    }

    @Test func everyTruncationIsRefused() {
        let whole = vethReply()
        for length in 1..<whole.count {
            #expect(throws: OperationError.self) { try parsed(Array(whole[..<length]), LinkInfo.init) }
        }
    }

    /// Whatever the bytes are, reading them ends in a value or an error.
    @Test func damagedRepliesNeverTrap() {
        let samples = [
            vethReply(), acknowledgement(22, sequence: 7, "no"),
            message(3, flags: 2, u32(0)),
            message(20, [2, 24, 0, 0] + u32(3) + attribute(1, [10, 0, 0, 2]) + attribute(2, [192, 168, 10, 7])),
            message(
                24,
                [2, 0, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(8, attribute(2, u32(1380)))
                    + attribute(9, u16(16) + [0, 0] + u32(2) + attribute(5, [10, 0, 0, 1]))),
        ]
        var refused = 0
        for sample in samples {
            for place in sample.indices {
                for value: UInt8 in [0, 1, 2, 3, 4, 5, 7, 8, 0x10, 0x7f, 0x80, 0xff] {
                    var damaged = sample
                    damaged[place] = value
                    if !readEverything(damaged) { refused += 1 }
                }
            }
        }
        #expect(refused > 100)
    }

    private func readEverything(_ datagram: [UInt8]) -> Bool {
        do throws(OperationError) {
            var exchange = Exchange(first: 7, count: 1, port: 99)
            try exchange.accept(datagram)
            for message in try Message.all(in: datagram) {
                switch message.header.type {
                case 20: _ = try AddressInfo(message)
                case 24: _ = try RouteInfo(message)
                default: _ = try LinkInfo(message)
                }
            }
            return true
        } catch {
            return false
        }
    }
}
