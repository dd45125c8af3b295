import CNetlink
import Core
import Testing

@testable import Netlink

/// Maps of nftables as the kernel is told of them. What is expected is what nft 1.0.6 sends for the same (strace), without what only nft
/// reads of it (NFTA_SET_USERDATA), and the kernel's order of bytes.
@Suite struct PacketMapTests {
    private let loopback = IPAddress.loopbackIPv4

    /// Behind struct nlmsghdr and struct nfgenmsg.
    private func attributes(_ build: (inout RequestBatch) -> Void) -> [String] { Array(encoded(build).dropFirst(5)) }

    @Test func aMapOfPorts() {
        let sent = attributes { $0.add(PacketMap("c", .port(of: .anyAddress)), to: "t", 3) }
        #expect(
            sent
                == wanted(
                    "06 00 01 00 74 00 00 00", "06 00 02 00 63 00 00 00", "08 00 03 00 00 00 00 08",
                    "08 00 04 00 00 00 03 0d", "08 00 05 00 00 00 00 08", "08 00 0a 00 00 00 00 03",
                    "08 00 06 00 00 00 01 cd", "08 00 07 00 00 00 00 08"))
    }

    @Test func aMapOfRanges() {
        let sent = attributes { $0.add(PacketMap("b", .range(of: .address)), to: "t", 2) }
        #expect(
            sent
                == wanted(
                    "06 00 01 00 74 00 00 00", "06 00 02 00 62 00 00 00", "08 00 03 00 00 00 00 8c",
                    "08 00 04 00 00 00 c1 cd", "08 00 05 00 00 00 00 0c", "08 00 0a 00 00 00 00 02",
                    "08 00 06 00 00 00 00 07", "08 00 07 00 00 00 00 04", "2c 00 09 80 28 00 02 80",
                    "0c 00 01 80 08 00 01 00 00 00 00 01", "0c 00 01 80 08 00 01 00 00 00 00 04",
                    "0c 00 01 80 08 00 01 00 00 00 00 02"))
    }

    private func wanted(_ attributes: String...) -> [String] { lines(golden(attributes.joined(separator: "\n"))) }

    @Test func keysFillRegisters() throws {
        let port = PacketElement.Key.port(80, PacketDestination(6, loopback)).bounds
        #expect(port.first == [6, 0, 0, 0, 127, 0, 0, 1, 0, 80, 0, 0] && port.last == nil)
        let range = PacketElement.Key.range(8000...8999, PacketDestination(17, nil)).bounds
        #expect(range.first == [17, 0, 0, 0, 0x1f, 0x40, 0, 0])
        #expect(range.last == [17, 0, 0, 0, 0x23, 0x27, 0, 0])
        let address = try #require(IPAddress("fd00::1"))
        let six = PacketElement.Key.port(80, PacketDestination(6, address)).bounds
        #expect(six.first.count == 24 && six.first.suffix(5) == [1, 0, 80, 0, 0])
    }

    /// Ports that stand in a map, whoever has put them there.
    @Test func portsAreReadBack() throws {
        let six = try #require(IPAddress("fd00::1"))
        let cases: [(key: PacketElement.Key, family: AddressFamily?)] = [
            (.range(80...90, PacketDestination(6, nil)), nil),
            (.range(80...80, PacketDestination(17, loopback)), .ipv4),
            (.range(0...65535, PacketDestination(6, six)), .ipv6), (.port(80, PacketDestination(6, nil)), nil),
            (.port(53, PacketDestination(17, six)), .ipv6),
        ]
        for (key, family) in cases {
            #expect(PacketElement.Key(ports: key.bounds, family) == key)
        }
        typealias Bounds = PacketElement.Bounds
        let odd = [
            Bounds(first: [], last: nil), Bounds(first: [6, 0, 0, 0], last: nil),
            Bounds(first: [6, 0, 0, 0, 0, 80, 0, 0], last: [17, 0, 0, 0, 0, 90, 0, 0]),
            Bounds(first: [6, 0, 0, 0, 0, 80], last: [6, 0, 0, 0]),
        ]
        for bounds in odd { #expect(PacketElement.Key(ports: bounds, nil) == nil, "\(bounds)") }
    }

    @Test func whatOnePacketMayBeFor() {
        func range(_ ports: ClosedRange<UInt16>, _ transport: UInt8 = 6) -> PacketElement.Key {
            .range(ports, PacketDestination(transport, nil))
        }
        #expect(range(80...90).overlaps(range(90...95)) && !range(80...90).overlaps(range(91...95)))
        #expect(!range(80...90).overlaps(range(80...90, 17)))
        #expect(range(80...90).overlaps(.range(80...90, PacketDestination(6, loopback))), "an address is one of all")
        #expect(range(80...90).overlaps(.port(85, PacketDestination(6, loopback))))
        #expect(!range(80...90).overlaps(.port(91, PacketDestination(6, nil))))
        let own = PacketElement.Key.port(80, PacketDestination(6, loopback))
        #expect(!own.overlaps(.port(80, PacketDestination(6, IPAddress("127.0.0.2")))))
    }

    @Test func texts() throws {
        let map = PacketMap("m", .port(of: .address))
        #expect(map.text(of: .ipv6) == "{ type inet_proto . ipv6_addr . inet_service : ipv6_addr . inet_service; }")
        #expect(map.lookupText(of: .ipv6) == "dnat to meta l4proto . ip6 daddr . th dport map @m")
        #expect(
            PacketMap("m", .range(of: .anyAddress)).text(of: .ipv4)
                == "{ type inet_proto . inet_service : ipv4_addr; flags interval; }")
        let element = PacketElement(
            .range(80...90, PacketDestination(17, loopback)), .translateDestination(loopback, .kept), comment: "x",
            note: [])
        #expect(try element.text() == "udp . 127.0.0.1 . 80-90 comment \"x\" : 127.0.0.1")
    }
}
