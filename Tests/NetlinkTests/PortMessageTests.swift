import CNetlink
import Core
import Testing

@testable import Netlink

/// Values from the headers linux/rtnetlink.h, if_link.h, neighbour.h, pkt_sched.h, pkt_cls.h, bpf_common.h and if_ether.h, for
/// a little-endian machine.
struct PortMessageTests {
    private func port() throws -> PortRequest {
        PortRequest(
            name: "abcde", index: 13, source: try source("10.77.0.2"), hairpin: true, hostHasIPv6: true)
    }

    private func source(_ addresses: String..., onlyPeer: OwnSource.Peer? = nil) throws -> OwnSource {
        OwnSource(
            mac: try #require(MACAddress("02:42:0a:4d:00:02")), addresses: addresses.compactMap { IPAddress($0) },
            onlyPeer: onlyPeer)
    }

    @Test func S4_aPortIsGuardedInOneSend() throws {
        let expected = lines(
            golden(
                """
                54 00 00 00  ; nlmsg_len 84
                10 00 05 00  ; RTM_NEWLINK; ACK, REQUEST
                00 00 00 00
                00 00 00 00
                00 00 00 00  ; ifinfomsg
                0d 00 00 00  ; index
                00 00 00 00
                00 00 00 00  ; no flag changes
                10 00 1a 80  ; IFLA_AF_SPEC, nested
                0c 00 0a 80  ; AF_INET6, nested
                05 00 08 00  ; IFLA_INET6_ADDR_GEN_MODE
                01 00 00 00  ; none
                24 00 12 80  ; IFLA_LINKINFO, nested
                0b 00 04 00  ; IFLA_INFO_SLAVE_KIND
                62 72 69 64
                67 65 00 00
                14 00 05 80  ; IFLA_INFO_SLAVE_DATA, nested
                05 00 04 00  ; IFLA_BRPORT_MODE
                01 00 00 00
                05 00 08 00  ; IFLA_BRPORT_LEARNING
                00 00 00 00
                28 00 00 00  ; nlmsg_len 40
                1c 00 05 05  ; RTM_NEWNEIGH; CREATE 400, REPLACE 100, ACK, REQUEST
                01 00 00 00
                00 00 00 00
                07 00 00 00  ; ndmsg: AF_BRIDGE
                0d 00 00 00  ; index
                40 00 44 00  ; NUD_NOARP; NTF_MASTER 04, NTF_STICKY 40
                0a 00 02 00  ; NDA_LLADDR
                02 42 0a 4d
                00 02 00 00
                30 00 00 00  ; nlmsg_len 48
                24 00 05 04  ; RTM_NEWQDISC; CREATE, ACK, REQUEST
                02 00 00 00
                00 00 00 00
                00 00 00 00  ; tcmsg
                0d 00 00 00  ; index
                00 00 ff ff  ; handle ffff:
                f1 ff ff ff  ; TC_H_INGRESS
                00 00 00 00
                0c 00 01 00  ; TCA_KIND
                69 6e 67 72
                65 73 73 00
                f4 00 00 00  ; nlmsg_len 244
                2c 00 05 04  ; RTM_NEWTFILTER; CREATE, ACK, REQUEST
                03 00 00 00
                00 00 00 00
                00 00 00 00  ; tcmsg
                0d 00 00 00  ; index
                01 00 00 00  ; handle
                f2 ff ff ff  ; TC_H_CLSACT major, TC_H_MIN_INGRESS
                00 03 01 00  ; ETH_P_ALL in network byte order; priority 1
                08 00 01 00  ; TCA_KIND
                62 70 66 00
                c8 00 02 80  ; TCA_OPTIONS, nested
                08 00 08 00  ; TCA_BPF_FLAGS
                01 00 00 00  ; TCA_BPF_FLAG_ACT_DIRECT
                06 00 04 00  ; TCA_BPF_OPS_LEN
                16 00 00 00  ; 22
                b4 00 05 00  ; TCA_BPF_OPS
                """))
        let port = try port()
        let encoded = encoded { $0.guardPort(port) }
        #expect(Array(encoded.prefix(expected.count)) == expected)
        // Up at the end.
        let up = lines(
            golden(
                """
                20 00 00 00
                13 00 05 00  ; RTM_SETLINK; ACK, REQUEST
                04 00 00 00
                00 00 00 00
                00 00 00 00
                0d 00 00 00  ; index
                01 00 00 00  ; IFF_UP
                01 00 00 00
                """))
        #expect(Array(encoded.suffix(up.count)) == up)
        #expect(encoded.count == expected.count + 2 * 22 + up.count)
    }

    /// Code, jumps when true and when not, operand. LD 00: W ABS 20, H ABS 28, W LEN 80; JMP 05: JEQ 15, JGE 35; RET 06.
    @Test func S4_theFilterLetsInOnesOwnAlone() throws {
        let program = golden(
            """
            80 00 00 00
            00 00 00 00
            35 00 00 13  ; an IPv4 header
            22 00 00 00
            20 00 00 00
            06 00 00 00  ; source MAC
            15 00 00 11
            4d 0a 42 02
            28 00 00 00
            0a 00 00 00
            15 00 00 0f
            02 00 00 00
            28 00 00 00
            0c 00 00 00  ; type
            15 00 04 00
            06 08 00 00  ; ARP
            15 00 00 0c
            00 08 00 00  ; IPv4
            20 00 00 00
            1a 00 00 00  ; source address
            15 00 00 0a
            02 00 4d 0a
            06 00 00 00
            00 00 00 00  ; TC_ACT_OK
            80 00 00 00
            00 00 00 00
            35 00 00 07  ; an ARP of IPv4
            2a 00 00 00
            20 00 00 00
            16 00 00 00  ; sender's MAC
            15 00 00 05
            4d 0a 42 02
            28 00 00 00
            1a 00 00 00
            15 00 00 03
            02 00 00 00
            20 00 00 00
            1c 00 00 00  ; sender's address
            15 00 00 01
            02 00 4d 0a
            06 00 00 00
            00 00 00 00  ; TC_ACT_OK
            06 00 00 00
            02 00 00 00  ; TC_ACT_SHOT
            """)
        #expect(lines(try port().source.program()) == lines(program))
    }

    /// What the program says of a frame, by a reading of its own.
    @Test func whomAFrameMayGoTo() throws {
        let bridge = OwnSource.Peer(
            mac: try #require(MACAddress("02:42:0a:4d:00:01")), address: IPAddress("10.77.0.1"))
        let free = try source("10.77.0.2", "169.254.9.9")
        let bound = try source("10.77.0.2", "169.254.9.9", onlyPeer: bridge)
        let (gateway, neighbour): ([UInt8], [UInt8]) = ([2, 0x42, 10, 77, 0, 1], [2, 0x42, 10, 77, 0, 3])
        let everybody = [UInt8](repeating: 0xff, count: 6)
        for (frame, passesFree, passesBound): ([UInt8], Bool, Bool) in [
            (Frame.packet(to: gateway, from: [10, 77, 0, 2]), true, true),
            (Frame.packet(to: neighbour, from: [10, 77, 0, 2]), true, false),
            (Frame.packet(to: everybody, from: [10, 77, 0, 2]), true, false),
            (Frame.packet(to: gateway, from: [169, 254, 9, 9]), true, true),
            (Frame.packet(to: gateway, from: [10, 77, 0, 3]), false, false),
            (Frame.question(to: everybody, about: [10, 77, 0, 1], from: [10, 77, 0, 2]), true, true),
            (Frame.question(to: everybody, about: [10, 77, 0, 3], from: [10, 77, 0, 2]), true, false),
            // The host asks under another address of its own.
            (Frame.question(to: gateway, about: [10, 250, 0, 1], from: [10, 77, 0, 2]), true, true),
            (Frame.question(to: neighbour, about: [10, 250, 0, 1], from: [169, 254, 9, 9]), true, false),
        ] {
            #expect((BerkeleyFilter(free.program()).run(frame) == 0) == passesFree, "\(frame)")
            #expect((BerkeleyFilter(bound.program()).run(frame) == 0) == passesBound, "\(frame)")
        }
    }

    private enum Frame {
        private static let own: [UInt8] = [2, 0x42, 10, 77, 0, 2]

        static func packet(to mac: [UInt8], from address: [UInt8]) -> [UInt8] {
            mac + own + [8, 0, 0x45] + [UInt8](repeating: 0, count: 11) + address + [10, 9, 9, 9]
        }
        static func question(to mac: [UInt8], about target: [UInt8], from address: [UInt8]) -> [UInt8] {
            mac + own + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + own + address + [0, 0, 0, 0, 0, 0] + target
        }
    }
}
