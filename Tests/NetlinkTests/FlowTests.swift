import Core
import Testing

@testable import Netlink

/// Values from linux/netfilter/nfnetlink.h and nfnetlink_conntrack.h: numbers in attributes are in network byte order.
struct FlowTests {
    private static func tuple(
        _ type: UInt16, _ source: [UInt8], _ destination: [UInt8], _ sourcePort: [UInt8], _ destinationPort: [UInt8]
    ) -> [UInt8] {
        // CTA_TUPLE_IP with CTA_IP_V4_SRC and _DST; CTA_TUPLE_PROTO with CTA_PROTO_NUM, _SRC_PORT, _DST_PORT.
        attribute(
            type | 0x8000,
            attribute(0x8001, attribute(1, source) + attribute(2, destination))
                + attribute(
                    0x8002, attribute(1, [17]) + attribute(2, sourcePort) + attribute(3, destinationPort)))
    }

    /// IPCTNL_MSG_CT_NEW of a flow from 198.51.100.7:40000 to port 53 of 203.0.113.1, translated to 10.1.0.5:5353.
    private static let flow = message(
        0x100,
        [2, 0, 0, 0] + tuple(1, [198, 51, 100, 7], [203, 0, 113, 1], [0x9c, 0x40], [0, 53])
            + tuple(2, [10, 1, 0, 5], [198, 51, 100, 7], [0x14, 0xe9], [0x9c, 0x40]) + attribute(12, [1, 2, 3, 4]))

    @Test func bothDirectionsAreRead() throws {
        let flow = try FlowInfo(try #require(try Message.all(in: Self.flow).first))
        let client = try #require(IPAddress("198.51.100.7"))
        let expected = FlowTuple(
            source: client, destination: try #require(IPAddress("203.0.113.1")), transport: 17, sourcePort: 40_000,
            destinationPort: 53)
        #expect(flow.original == expected)
        let reply = FlowTuple(
            source: try #require(IPAddress("10.1.0.5")), destination: client, transport: 17, sourcePort: 5353,
            destinationPort: 40_000)
        #expect(flow.reply == reply)
    }

    @Test func deletionNamesTheVeryFlow() throws {
        let flow = try FlowInfo(try #require(try Message.all(in: Self.flow).first))
        let expected = golden(
            """
            50 00 00 00  ; nlmsg_len 80
            02 01 05 00  ; NFNL_SUBSYS_CTNETLINK << 8 | IPCTNL_MSG_CT_DELETE; ACK 4, REQUEST 1
            00 00 00 00  ; sequence 0
            00 00 00 00  ; port
            02 00 00 00  ; nfgenmsg: AF_INET, NFNETLINK_V0
            34 00 01 80  ; CTA_TUPLE_ORIG, nested
            14 00 01 80  ; CTA_TUPLE_IP, nested
            08 00 01 00  ; CTA_IP_V4_SRC
            c6 33 64 07  ; 198.51.100.7
            08 00 02 00  ; CTA_IP_V4_DST
            cb 00 71 01  ; 203.0.113.1
            1c 00 02 80  ; CTA_TUPLE_PROTO, nested
            05 00 01 00  ; CTA_PROTO_NUM
            11 00 00 00  ; UDP
            06 00 02 00  ; CTA_PROTO_SRC_PORT
            9c 40 00 00  ; 40000
            06 00 03 00  ; CTA_PROTO_DST_PORT
            00 35 00 00  ; 53
            08 00 0c 00  ; CTA_ID
            01 02 03 04
            """)
        #expect(encoded { $0.deleteFlow(flow) } == lines(expected))
    }

    @Test func aFlowWithoutBothDirectionsIsRefused() throws {
        let half = message(
            0x100, [2, 0, 0, 0] + Self.tuple(1, [198, 51, 100, 7], [203, 0, 113, 1], [0x9c, 0x40], [0, 53]))
        let first = try #require(try Message.all(in: half).first)
        #expect(throws: OperationError.self) { try FlowInfo(first) }
    }

    /// CTA_IP_V6_SRC is 3, CTA_IP_V6_DST is 4.
    @Test func addressesOfIPv6AreRead() throws {
        let one: [UInt8] = [0xfd] + Array(repeating: 0, count: 14) + [1]
        let other: [UInt8] = [0xfd] + Array(repeating: 0, count: 14) + [2]
        func tuple(_ type: UInt16, _ source: [UInt8], _ destination: [UInt8]) -> [UInt8] {
            attribute(type | 0x8000, attribute(0x8001, attribute(3, source) + attribute(4, destination)))
        }
        let datagram = message(0x100, [10, 0, 0, 0] + tuple(1, one, other) + tuple(2, other, one))
        let flow = try FlowInfo(try #require(try Message.all(in: datagram).first))
        #expect(flow.original.source == IPAddress("fd00::1") && flow.original.destination == IPAddress("fd00::2"))
        #expect(flow.reply.source == IPAddress("fd00::2") && flow.reply.destination == IPAddress("fd00::1"))
    }
}
