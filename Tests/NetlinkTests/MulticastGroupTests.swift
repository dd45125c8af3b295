import Core
import Testing

@testable import Netlink

/// Groups of IPv6 that links have joined. Numbers as in linux/rtnetlink.h and if_addr.h.
struct MulticastGroupTests {
    private static let allNodes: [UInt8] = [0xff, 2] + Array(repeating: 0, count: 13) + [1]

    @Test func theyAreAskedFor() {
        let expected = golden(
            """
            18 00 00 00  ; nlmsg_len 24
            3a 00 01 03  ; RTM_GETMULTICAST; DUMP, REQUEST
            00 00 00 00
            00 00 00 00
            0a 00 00 00  ; ifaddrmsg: AF_INET6
            07 00 00 00  ; index
            """)
        #expect(encoded { $0.getMulticastGroups(on: 7) } == lines(expected))
    }

    /// 58 is RTM_GETMULTICAST, 56 RTM_NEWMULTICAST.
    @Test(arguments: [UInt16(58), 56]) func aGroup(type: UInt16) throws {
        // As the kernel sends it: /128, IFA_F_PERMANENT, scope, and when it was joined (IFA_CACHEINFO).
        let datagram = message(
            type,
            [10, 128, 0x80, 253] + u32(3) + attribute(7, Self.allNodes) + attribute(6, [UInt8](repeating: 9, count: 16))
        )
        #expect(
            try parsed(datagram, MulticastGroup.init)
                == MulticastGroup(address: try #require(IPAddress("ff02::1")), link: 3))
    }

    @Test(arguments: [
        message(20, [10, 128, 0x80, 0] + u32(3) + attribute(7, allNodes)),  // RTM_NEWADDR
        message(58, [2, 32, 0x80, 0] + u32(3) + attribute(7, [224, 0, 0, 1])),  // AF_INET
        message(58, [10, 128, 0x80, 0] + u32(3)),
        message(58, [10, 128, 0x80, 0] + u32(3) + attribute(7, [224, 0, 0, 1])),
        message(58, [10, 128, 0x80, 0] + u32(3) + attribute(7, [0xfd] + allNodes.dropFirst())),
        message(58, [10, 128, 0x80, 0] + u32(3) + attribute(1, allNodes)),  // IFA_ADDRESS
        message(58, [10, 128, 0x80]),
    ]) func whatIsNone(datagram: [UInt8]) {
        #expect(throws: OperationError.self) { try parsed(datagram, MulticastGroup.init) }
    }

    /// The example of RFC 4291, 2.7.1, and one whose last 24 bits are all used.
    @Test(arguments: [
        ("4037::1:800:200e:8c6c", "ff02::1:ff0e:8c6c"), ("fd00:77:7::2", "ff02::1:ff00:2"),
        ("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ff02::1:ffff:ffff"),
    ]) func whoIsAskedForANeighbour(address: String, group: String) throws {
        #expect(try #require(IPAddress(address)).solicitedNode == IPAddress(group))
    }

    @Test func asTheyAreTraced() {
        var batch = RequestBatch()
        batch.getMulticastGroups(on: 7)
        #expect(
            MessageText.lines(batch.bytes, protocol: 0, sign: ">") == [
                "> RTM_GETMULTICAST REQUEST DUMP #0 family 10 /0 index 7"
            ])
        let reply = message(58, [10, 128, 0x80, 253] + u32(3) + attribute(7, Self.allNodes))
        #expect(MessageText.lines(reply, protocol: 0, sign: "<").last == "<     IFA_MULTICAST ff02::1")
    }
}
