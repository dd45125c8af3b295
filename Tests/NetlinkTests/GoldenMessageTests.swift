import Core
import Testing

@testable import Netlink

/// Every value below comes from the headers linux/netlink.h, rtnetlink.h, if_link.h, if_addr.h and veth.h,
/// for a little-endian machine. The sequence number of a request is its place in the batch.
struct GoldenMessageTests {
    @Test func bridge() throws {
        let mac = try #require(MACAddress("02:42:0a:4d:00:01"))
        let request = BridgeRequest(name: "br0", mac: mac)
        let expected = golden(
            """
            44 00 00 00  ; nlmsg_len 68
            10 00 0d 06  ; RTM_NEWLINK; CREATE 400, EXCL 200, ECHO 8, ACK 4, REQUEST 1
            00 00 00 00  ; sequence 0
            00 00 00 00  ; port: the kernel
            00 00 00 00  ; ifinfomsg: AF_UNSPEC, padding, type
            00 00 00 00  ; index: any
            01 00 00 00  ; flags IFF_UP
            01 00 00 00  ; change IFF_UP
            08 00 03 00  ; IFLA_IFNAME
            62 72 30 00  ; "br0"
            0a 00 01 00  ; IFLA_ADDRESS
            02 42 0a 4d
            00 01 00 00  ; two bytes of padding
            10 00 12 80  ; IFLA_LINKINFO, nested
            0b 00 01 00  ; IFLA_INFO_KIND
            62 72 69 64  ; "brid"
            67 65 00 00  ; "ge"
            """)
        #expect(encoded { $0.createBridge(request) } == lines(expected))
    }

    @Test func vethPairInOneMessage() throws {
        let request = VethRequest(
            name: "veth1a2b", bridge: 5, mtu: 1450,
            peerMAC: try #require(MACAddress("02:42:c0:a8:0a:07")), peerNamespace: .process(4242))
        let expected = golden(
            """
            b0 00 00 00  ; nlmsg_len 176
            10 00 0d 06  ; RTM_NEWLINK; CREATE, EXCL, ECHO, ACK, REQUEST
            00 00 00 00  ; sequence 0
            00 00 00 00  ; port
            00 00 00 00  ; ifinfomsg
            00 00 00 00  ; index: any
            00 00 00 00  ; down
            00 00 00 00
            0d 00 03 00  ; IFLA_IFNAME
            76 65 74 68  ; "veth"
            31 61 32 62  ; "1a2b"
            00 00 00 00  ; end of the name, padding
            08 00 0a 00  ; IFLA_MASTER
            05 00 00 00  ; the bridge
            08 00 04 00  ; IFLA_MTU
            aa 05 00 00  ; 1450
            08 00 1f 00  ; IFLA_NUM_TX_QUEUES
            01 00 00 00
            08 00 20 00  ; IFLA_NUM_RX_QUEUES
            01 00 00 00
            60 00 12 80  ; IFLA_LINKINFO, nested, 96 bytes
            09 00 01 00  ; IFLA_INFO_KIND
            76 65 74 68  ; "veth"
            00 00 00 00  ; end of the name, padding
            50 00 02 80  ; IFLA_INFO_DATA, nested, 80 bytes
            4c 00 01 80  ; VETH_INFO_PEER, nested, 76 bytes
            00 00 00 00  ; the peer's ifinfomsg: down
            00 00 00 00
            00 00 00 00
            00 00 00 00
            09 00 03 00  ; IFLA_IFNAME
            65 74 68 30  ; "eth0"
            00 00 00 00
            0a 00 01 00  ; IFLA_ADDRESS
            02 42 c0 a8
            0a 07 00 00
            08 00 04 00  ; IFLA_MTU
            aa 05 00 00
            08 00 1f 00  ; IFLA_NUM_TX_QUEUES
            01 00 00 00
            08 00 20 00  ; IFLA_NUM_RX_QUEUES
            01 00 00 00
            08 00 13 00  ; IFLA_NET_NS_PID
            92 10 00 00  ; 4242
            """)
        #expect(encoded { $0.createVeth(request) } == lines(expected))
    }

    @Test func peerInTheNamespaceOfADescriptor() throws {
        var request = VethRequest(
            name: "v", bridge: 1, peerMAC: MACAddress(for: .loopbackIPv4), peerNamespace: .descriptor(9))
        request.mtu = nil
        let tail = encoded { $0.createVeth(request) }.suffix(2)
        #expect(Array(tail) == ["08 00 1c 00", "09 00 00 00"])  // IFLA_NET_NS_FD
    }

    @Test func aliasHasNoZeroByte() {
        let expected = golden(
            """
            30 00 00 00  ; nlmsg_len 48
            13 00 05 00  ; RTM_SETLINK
            00 00 00 00
            00 00 00 00
            00 00 00 00
            04 00 00 00
            00 00 00 00
            00 00 00 00
            0f 00 14 00  ; IFLA_IFALIAS, 11 bytes
            6d 79 64 6f  ; "mydo"
            63 6b 65 72  ; "cker"
            3a 61 62 00  ; ":ab", padding
            """)
        #expect(encoded { $0.setAlias(.index(4), "mydocker:ab") } == lines(expected))
    }

    @Test func deletionByName() {
        let expected = golden(
            """
            28 00 00 00
            11 00 05 00  ; RTM_DELLINK; ACK, REQUEST
            00 00 00 00
            00 00 00 00
            00 00 00 00  ; ifinfomsg
            00 00 00 00
            00 00 00 00
            00 00 00 00
            08 00 03 00  ; IFLA_IFNAME
            62 72 30 00  ; "br0"
            """)
        #expect(encoded { $0.deleteLink(.named("br0")) } == lines(expected))
    }

    @Test func lookUpByName() {
        let expected = golden(
            """
            30 00 00 00
            12 00 05 00  ; RTM_GETLINK; ACK, REQUEST
            00 00 00 00
            00 00 00 00
            00 00 00 00  ; ifinfomsg
            00 00 00 00
            00 00 00 00
            00 00 00 00
            08 00 03 00  ; IFLA_IFNAME
            62 72 30 00  ; "br0"
            08 00 1d 00  ; IFLA_EXT_MASK
            08 00 00 00  ; RTEXT_FILTER_SKIP_STATS
            """)
        #expect(encoded { $0.getLink(.named("br0")) } == lines(expected))
    }

    @Test func masterOfALink() {
        let tail = encoded { $0.setMaster(.index(3), bridge: 12) }.suffix(2)
        #expect(Array(tail) == ["08 00 0a 00", "0c 00 00 00"])
    }

    @Test func dumpsAskForAllOfAFamily() {
        #expect(encoded { $0.getRoutes(of: .ipv6) }[4] == "0a 00 00 00")  // AF_INET6
        // RTN_UNICAST, the last byte of rtmsg's second word.
        #expect(encoded { $0.getRoutes(of: .ipv4, type: 1) }[5] == "00 00 00 01")
        #expect(encoded { $0.getAddresses(of: .ipv6) }[4] == "0a 00 00 00")
        #expect(encoded { $0.getAddresses(of: nil) }[4] == "00 00 00 00")  // AF_UNSPEC
        #expect(encoded { $0.getAddresses(of: nil) }[5] == "00 00 00 00")  // any link
        #expect(encoded { $0.getAddresses(of: .ipv6, on: 7) }.suffix(2) == ["0a 00 00 00", "07 00 00 00"])
        let expected = golden(
            """
            1c 00 00 00
            1a 00 01 03  ; RTM_GETROUTE; MATCH 200, ROOT 100, REQUEST
            00 00 00 00
            00 00 00 00
            02 00 00 00  ; AF_INET
            00 00 00 00
            00 00 00 00
            """)
        #expect(encoded { $0.getRoutes(of: .ipv4) } == lines(expected))
        #expect(
            encoded { $0.getAddresses(of: .ipv4) }.dropFirst() == [
                "16 00 01 03", "00 00 00 00", "00 00 00 00", "02 00 00 00", "00 00 00 00",
            ])
        #expect(encoded { $0.getLinks() }[1] == "12 00 01 03")
    }

    @Test func containerConfigurationIsOneBatch() throws {
        let request = ContainerNetworkRequest(
            addresses: [try #require(Subnet("192.168.10.7/24"))], gateways: [try #require(IPAddress("192.168.10.1"))])
        let words = encoded { $0.configureContainer(request, index: 2) }
        // lengths 32, 48, 32 and 44; type and flags; sequence
        #expect(Array(words[0..<3]) == ["20 00 00 00", "13 00 05 00", "00 00 00 00"])
        #expect(Array(words[5..<8]) == ["01 00 00 00", "01 00 00 00", "01 00 00 00"])  // lo, IFF_UP
        #expect(Array(words[8..<11]) == ["30 00 00 00", "14 00 05 06", "01 00 00 00"])
        #expect(Array(words[20..<23]) == ["20 00 00 00", "13 00 05 00", "02 00 00 00"])
        #expect(words[25] == "02 00 00 00")  // eth0
        #expect(Array(words[28..<31]) == ["2c 00 00 00", "18 00 05 06", "03 00 00 00"])
        #expect(words.count == 39)
    }

    @Test func theGatewaysMACComesLast() throws {
        let gateway = try #require(IPAddress("192.168.10.1"))
        let request = ContainerNetworkRequest(
            addresses: [try #require(Subnet("192.168.10.7/24"))], gateways: [gateway],
            gatewayMAC: MACAddress(for: gateway))
        let words = encoded { $0.configureContainer(request, index: 2) }
        #expect(words.count == 51)
        #expect(words[39...].starts(with: ["30 00 00 00", "1c 00 05 05", "04 00 00 00"]))
    }

    @Test func withoutAGatewayThereIsNoRoute() throws {
        let request = ContainerNetworkRequest(addresses: [try #require(Subnet("192.168.10.7/24"))], gateways: [])
        #expect(encoded { $0.configureContainer(request, index: 2) }.count == 28)
    }

    @Test func sequenceNumbersWrap() {
        var batch = RequestBatch()
        for _ in 0..<3 { batch.setUp(.index(1)) }
        batch.addSequence(0xffff_fffe)
        let words = lines(batch.bytes)
        #expect([words[2], words[10], words[18]] == ["fe ff ff ff", "ff ff ff ff", "00 00 00 00"])
    }

    @Test(arguments: 0...175) func whatDoesNotFitIsAnError(capacity: Int) throws {
        var batch = RequestBatch(capacity: capacity)
        batch.createVeth(
            VethRequest(
                name: "veth1a2b", bridge: 5, mtu: 1450, peerMAC: MACAddress(for: .loopbackIPv4),
                peerNamespace: .process(1))
        )
        #expect(batch.bytes.count <= capacity)
        do throws(OperationError) {
            try batch.check()
            Issue.record("it fitted")
        } catch {
            #expect(error.description == "create veth \"veth1a2b\": Message too long")
        }
    }
}
