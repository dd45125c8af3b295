import Core
import Testing

@testable import Netlink

/// Addresses, routes and neighbours. Every value below comes from the headers linux/if_addr.h, rtnetlink.h and neighbour.h, as in
/// `GoldenMessageTests`.
struct GoldenRouteTests {
    @Test func address() throws {
        let address = try #require(Subnet("192.168.10.7/24"))
        let expected = golden(
            """
            30 00 00 00  ; nlmsg_len 48
            14 00 05 06  ; RTM_NEWADDR; CREATE, EXCL, ACK, REQUEST
            00 00 00 00
            00 00 00 00
            02 18 00 00  ; ifaddrmsg: AF_INET, /24, no flags, RT_SCOPE_UNIVERSE
            03 00 00 00  ; index
            08 00 02 00  ; IFA_LOCAL
            c0 a8 0a 07
            08 00 01 00  ; IFA_ADDRESS
            c0 a8 0a 07
            08 00 04 00  ; IFA_BROADCAST
            c0 a8 0a ff
            """)
        #expect(encoded { $0.addAddress(address, index: 3, name: "eth0") } == lines(expected))
    }

    @Test func addressOfAPointToPointSubnetHasNoBroadcast() throws {
        let address = try #require(Subnet("10.0.0.0/31"))
        #expect(encoded { $0.addAddress(address, index: 3, name: "eth0") }.count == 10)
    }

    @Test func addressOfIPv6() throws {
        let address = try #require(Subnet("fd00:10::7/64"))
        let expected = golden(
            """
            40 00 00 00  ; nlmsg_len 64
            14 00 05 06  ; RTM_NEWADDR; CREATE, EXCL, ACK, REQUEST
            00 00 00 00
            00 00 00 00
            0a 40 02 00  ; ifaddrmsg: AF_INET6, /64, IFA_F_NODAD, RT_SCOPE_UNIVERSE
            03 00 00 00  ; index
            14 00 02 00  ; IFA_LOCAL, 20 bytes
            fd 00 00 10
            00 00 00 00
            00 00 00 00
            00 00 00 07
            14 00 01 00  ; IFA_ADDRESS
            fd 00 00 10
            00 00 00 00
            00 00 00 00
            00 00 00 07
            """)
        #expect(encoded { $0.addAddress(address, index: 3, name: "eth0") } == lines(expected))
    }

    @Test func defaultRouteOfIPv6() throws {
        let gateway = try #require(IPAddress("fd00:10::1"))
        let expected = golden(
            """
            38 00 00 00  ; nlmsg_len 56
            18 00 05 06  ; RTM_NEWROUTE; CREATE, EXCL, ACK, REQUEST
            00 00 00 00
            00 00 00 00
            0a 00 00 00  ; rtmsg: AF_INET6, destination /0, source /0, TOS
            fe 03 00 01  ; RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST
            00 00 00 00  ; flags
            14 00 05 00  ; RTA_GATEWAY
            fd 00 00 10
            00 00 00 00
            00 00 00 00
            00 00 00 01
            08 00 04 00  ; RTA_OIF
            02 00 00 00
            """)
        #expect(encoded { $0.addDefaultRoute(.gateway(gateway), index: 2, name: "eth0") } == lines(expected))
    }

    @Test func neighbourOfIPv6() throws {
        let expected = golden(
            """
            3c 00 00 00  ; nlmsg_len 60
            1c 00 05 05  ; RTM_NEWNEIGH; CREATE 400, REPLACE 100, ACK, REQUEST
            00 00 00 00
            00 00 00 00
            0a 00 00 00  ; ndmsg: AF_INET6
            02 00 00 00  ; index
            80 00 00 00  ; NUD_PERMANENT
            14 00 01 00  ; NDA_DST
            fd 00 00 10
            00 00 00 00
            00 00 00 00
            00 00 00 01
            0a 00 02 00  ; NDA_LLADDR
            02 42 00 00
            00 01 00 00
            """)
        let gateway = try #require(IPAddress("fd00:10::1"))
        let mac = try #require(MACAddress("02:42:00:00:00:01"))
        #expect(encoded { $0.addNeighbour(gateway, mac: mac, index: 2, name: "eth0") } == lines(expected))
    }

    @Test func defaultRoute() throws {
        let gateway = try #require(IPAddress("192.168.10.1"))
        let expected = golden(
            """
            2c 00 00 00  ; nlmsg_len 44
            18 00 05 06  ; RTM_NEWROUTE; CREATE, EXCL, ACK, REQUEST
            00 00 00 00
            00 00 00 00
            02 00 00 00  ; rtmsg: AF_INET, destination /0, source /0, TOS
            fe 03 00 01  ; RT_TABLE_MAIN, RTPROT_BOOT, RT_SCOPE_UNIVERSE, RTN_UNICAST
            00 00 00 00  ; flags
            08 00 05 00  ; RTA_GATEWAY
            c0 a8 0a 01
            08 00 04 00  ; RTA_OIF
            02 00 00 00
            """)
        #expect(encoded { $0.addDefaultRoute(.gateway(gateway), index: 2, name: "eth0") } == lines(expected))
    }

    @Test func neighbour() throws {
        let expected = golden(
            """
            30 00 00 00  ; nlmsg_len 48
            1c 00 05 05  ; RTM_NEWNEIGH; CREATE 400, REPLACE 100, ACK, REQUEST
            00 00 00 00
            00 00 00 00
            02 00 00 00  ; ndmsg: AF_INET
            02 00 00 00  ; index
            80 00 00 00  ; NUD_PERMANENT
            08 00 01 00  ; NDA_DST
            c0 a8 0a 01
            0a 00 02 00  ; NDA_LLADDR
            02 42 c0 a8
            0a 01 00 00
            """)
        let gateway = try #require(IPAddress("192.168.10.1"))
        let mac = MACAddress(for: gateway)
        #expect(encoded { $0.addNeighbour(gateway, mac: mac, index: 2, name: "eth0") } == lines(expected))
    }

    /// Rules of routing ask for all that is known of a packet.
    @Test func aRouteIsLookedUpForAPacket() throws {
        let (source, target) = (IPAddress(ipv4: 0x0a4d_0702), IPAddress(ipv4: 0x0afa_0002))
        var packet = TracedPacket(from: source, to: target, 6, port: 443)
        let asked = golden(
            """
            44 00 00 00
            1a 00 05 00  ; RTM_GETROUTE; ACK 4, REQUEST
            00 00 00 00
            00 00 00 00
            02 20 20 00  ; AF_INET, both addresses whole
            00 00 00 00
            00 00 00 00
            08 00 01 00  ; RTA_DST
            0a fa 00 02
            08 00 03 00  ; RTA_IIF
            07 00 00 00
            08 00 02 00  ; RTA_SRC
            0a 4d 07 02
            05 00 1b 00  ; RTA_IP_PROTO: TCP
            06 00 00 00
            06 00 1d 00  ; RTA_DPORT, in network byte order
            01 bb 00 00
            """)
        #expect(encoded { $0.getRoute(to: target, of: packet, input: 7) } == lines(asked))
        (packet.sourcePort, packet.mark) = (80, 9)
        #expect(
            encoded { $0.getRoute(to: target, of: packet, input: nil) }.suffix(8) == [
                "08 00 10 00", "09 00 00 00", "05 00 1b 00", "06 00 00 00", "06 00 1c 00", "00 50 00 00",
                "06 00 1d 00", "01 bb 00 00",
            ])
        // Of SCTP nothing is answered.
        packet.transport = 132
        #expect(encoded { $0.getRoute(to: target, of: packet, input: nil) }.count == 13)
        #expect(encoded { $0.getRoute(to: target, of: nil, input: nil) }[4] == "02 20 00 00")
    }
}
