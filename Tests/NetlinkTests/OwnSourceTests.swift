import CNetlink
import Core
import Testing

@testable import Netlink

/// The filter is run here as the kernel runs it (bpf(4), classic): what is loaded from behind the end of a frame ends it with 0,
/// which would let the frame pass.
@Suite struct OwnSourceTests {
    private static let mac = MACAddress(for: IPAddress(ipv4: 0x0a4d_0002))
    private static let address = IPAddress("fd00:10::2") ?? .anyIPv6
    private static let other = IPAddress("fd00:10::3") ?? .anyIPv6
    private static let foreignMAC = MACAddress(for: IPAddress(ipv4: 0x0a4d_0003))

    /// A frame with IPv6.
    private static func frame(
        from mac: MACAddress = mac, _ source: IPAddress = address, nextHeader: UInt8, _ payload: [UInt8],
        type: [UInt8] = [0x86, 0xdd], length: Int? = nil
    ) -> [UInt8] {
        let count = UInt16(length ?? payload.count)
        return [0x33, 0x33, 0, 0, 0, 1] + mac.bytes + type + [0x60, 0, 0, 0, UInt8(count >> 8), UInt8(count & 0xff)]
            + [nextHeader, 255] + source.bytes + other.bytes + payload
    }

    /// Of neighbour discovery: a solicitation or an advertisement.
    private static func discovery(_ type: UInt8, about target: IPAddress, _ option: [UInt8]) -> [UInt8] {
        frame(nextHeader: 58, [type, 0, 0, 0, 0, 0, 0, 0] + target.bytes + option)
    }

    private static func passes(_ frame: [UInt8], _ address6: IPAddress? = address) -> Bool {
        let source = OwnSource(mac: mac, addresses: [IPAddress(ipv4: 0x0a4d_0002)], address6: address6)
        return BerkeleyFilter(source.program()).run(frame) != UInt32(TC_ACT_SHOT)
    }

    private static let udp = frame(nextHeader: 17, [UInt8](repeating: 0, count: 8))

    @Test func ownPacketsPass() {
        let linkLocal = Self.mac.linkLocalAddress
        #expect(linkLocal == IPAddress("fe80::42:aff:fe4d:2"))
        #expect(Self.passes(Self.udp))
        #expect(Self.passes(Self.frame(linkLocal, nextHeader: 6, [UInt8](repeating: 0, count: 20))))
        #expect(Self.passes(Self.frame(nextHeader: 58, [128, 0, 0, 0])), "a question whether somebody is there")
        #expect(Self.passes(Self.frame(nextHeader: 44, [17] + [UInt8](repeating: 0, count: 16))), "a fragment")
        #expect(Self.passes(Self.frame(nextHeader: 44, [58, 0, 0, 1, 0, 0, 0, 1, 128, 0, 0, 0])), "of a long echo")
        #expect(Self.passes(Self.frame(nextHeader: 44, [58, 0, 5, 0xa8, 0, 0, 0, 1, 136, 0, 0, 0])), "its end")
    }

    @Test func S4_othersPacketsDoNot() {
        #expect(!Self.passes(Self.udp, nil), "a network without IPv6")
        #expect(!Self.passes(Self.frame(Self.other, nextHeader: 17, [0, 0, 0, 0])))
        #expect(!Self.passes(Self.frame(from: Self.foreignMAC, nextHeader: 17, [0, 0, 0, 0])))
        #expect(!Self.passes(Self.frame(.anyIPv6, nextHeader: 58, [135, 0, 0, 0])))
        #expect(!Self.passes(Self.frame(.loopbackIPv6, nextHeader: 17, [0, 0, 0, 0])))
        #expect(!Self.passes(Self.frame(Self.foreignMAC.linkLocalAddress, nextHeader: 17, [0, 0, 0, 0])))
        #expect(!Self.passes(Self.frame(nextHeader: 17, [0, 0, 0, 0], type: [0x86, 0xde])))
    }

    @Test func neighbourDiscoverySaysOnesOwnAddressesAlone() {
        let own = [1, 1] + Self.mac.bytes
        #expect(Self.passes(Self.discovery(135, about: Self.other, own)), "whoever has another address is asked")
        #expect(Self.passes(Self.discovery(135, about: Self.other, [])))
        #expect(!Self.passes(Self.discovery(135, about: Self.other, [1, 1] + Self.foreignMAC.bytes)))
        #expect(!Self.passes(Self.discovery(135, about: Self.other, own + own)), "two options")
        #expect(!Self.passes(Self.discovery(135, about: Self.other, [14, 1, 0, 0, 0, 0, 0, 0])))
        let answer = [2, 1] + Self.mac.bytes
        #expect(Self.passes(Self.discovery(136, about: Self.address, answer)))
        #expect(Self.passes(Self.discovery(136, about: Self.mac.linkLocalAddress, answer)))
        #expect(!Self.passes(Self.discovery(136, about: Self.other, answer)))
        #expect(!Self.passes(Self.discovery(136, about: Self.address, [2, 1] + Self.foreignMAC.bytes)))
        #expect(!Self.passes(Self.discovery(136, about: Self.address, own)), "an option of the other message")
    }

    /// A header in front of the message hides it from whoever looks at fixed places (RFC 7113).
    @Test(arguments: [43, 51, 60, 135]) func S5_extensionHeadersHideNothing(header: UInt8) {
        #expect(!Self.passes(Self.frame(nextHeader: header, [58, 0, 0, 0, 0, 0, 0, 0, 134, 0, 0, 0])))
    }

    /// Connection tracking makes fragments whole before neighbour discovery looks at them.
    @Test(arguments: [[58, 0, 0, 0], [58, 0, 0, 1], [60, 0, 0, 1], [0, 0, 0, 1], [44, 0, 0, 1], [43, 0, 5, 0xa9]])
    func S5_fragmentsHideNothing(header: [UInt8]) {
        for type: UInt8 in [133, 134, 135, 136, 137, 130] {
            let payload = header + [0, 0, 0, 1, type, 0, 0, 0] + [UInt8](repeating: 0, count: 28)
            #expect(!Self.passes(Self.frame(nextHeader: 44, payload)), "\(type)")
        }
    }

    @Test(arguments: [130, 134, 137]) func S5_nobodyIsARouter(type: UInt8) {
        #expect(!Self.passes(Self.frame(nextHeader: 58, [type, 0, 0, 0] + [UInt8](repeating: 0, count: 40))))
        #expect(!Self.passes(Self.frame(nextHeader: 0, [58, 0, 5, 2, 0, 0, 1, 0, type, 0, 0, 0, 0, 0, 0, 0])))
    }

    @Test(arguments: [131, 132, 143]) func groupsAreJoined(type: UInt8) {
        #expect(Self.passes(Self.frame(nextHeader: 0, [58, 0, 5, 2, 0, 0, 1, 0, type, 0, 0, 0, 0, 0, 0, 0])))
        // Behind longer options there could be another message than the one that is looked at.
        #expect(!Self.passes(Self.frame(nextHeader: 0, [58, 1, 5, 2, 0, 0, 1, 0, type, 0, 0, 0, 0, 0, 0, 0])))
        #expect(!Self.passes(Self.frame(nextHeader: 0, [60, 0, 5, 2, 0, 0, 1, 0, type, 0, 0, 0, 0, 0, 0, 0])))
    }

    /// Where members do not meet: the gateway is asked for, and everything else goes to it alone.
    @Test func toOnePeerAlone() throws {
        let gateway = MACAddress(for: IPAddress(ipv4: 0x0a4d_0001))
        let peer = OwnSource.Peer(
            mac: gateway, address: IPAddress(ipv4: 0x0a4d_0001), address6: IPAddress("fd00:10::1"))
        let source = OwnSource(
            mac: Self.mac, addresses: [IPAddress(ipv4: 0x0a4d_0002)], address6: Self.address, onlyPeer: peer)
        func passes(_ frame: [UInt8], to mac: MACAddress?) -> Bool {
            let frame = (mac?.bytes ?? []) + frame.dropFirst(mac == nil ? 0 : 6)
            return BerkeleyFilter(source.program()).run(frame) != UInt32(TC_ACT_SHOT)
        }
        #expect(passes(Self.udp, to: gateway) && !passes(Self.udp, to: nil) && !passes(Self.udp, to: Self.foreignMAC))
        let own = [1, 1] + Self.mac.bytes
        #expect(passes(Self.discovery(135, about: try #require(peer.address6), own), to: nil))
        #expect(!passes(Self.discovery(135, about: Self.other, own), to: nil))
        #expect(passes(Self.discovery(135, about: Self.other, own), to: gateway))
        let answer = Self.discovery(136, about: Self.address, [2, 1] + Self.mac.bytes)
        #expect(passes(answer, to: gateway) && !passes(answer, to: Self.foreignMAC))
    }

    private static func arp(from mac: MACAddress, saying sender: MACAddress) -> [UInt8] {
        [UInt8](repeating: 0xff, count: 6) + mac.bytes + [8, 6, 0, 1, 8, 0, 6, 4, 0, 1] + sender.bytes
            + [10, 77, 0, 2, 0, 0, 0, 0, 0, 0, 10, 77, 0, 9]
    }

    /// Of one that has no address of IPv4, nothing of that.
    @Test func ofIPv6Alone() {
        let program = OwnSource(mac: Self.mac, addresses: [], address6: Self.address).program()
        func passes(_ frame: [UInt8]) -> Bool { BerkeleyFilter(program).run(frame) != UInt32(TC_ACT_SHOT) }
        #expect(passes(Self.udp) && passes(Self.discovery(135, about: Self.other, [1, 1] + Self.mac.bytes)))
        #expect(!passes(Self.frame(Self.other, nextHeader: 17, [0, 0, 0, 0])))
        #expect(!passes(Self.frame(nextHeader: 17, [0, 0, 0, 0], type: [8, 0])))
        #expect(!passes(Self.arp(from: Self.mac, saying: Self.mac)))
    }

    /// Where nobody knows the addresses, only whose link it is.
    @Test func ofAnyAddress() {
        let program = OwnSource(mac: Self.mac, addresses: []).program()
        func passes(_ frame: [UInt8]) -> Bool { BerkeleyFilter(program).run(frame) != UInt32(TC_ACT_SHOT) }
        #expect(passes(Self.udp) && passes(Self.frame(Self.other, nextHeader: 17, [0, 0, 0, 0])))
        #expect(passes(Self.frame(nextHeader: 17, [0, 0, 0, 0], type: [8, 0])))
        #expect(passes(Self.arp(from: Self.mac, saying: Self.mac)))
        #expect(!passes(Self.frame(from: Self.foreignMAC, nextHeader: 17, [0, 0, 0, 0])))
        #expect(!passes(Self.arp(from: Self.mac, saying: Self.foreignMAC)))
        #expect(!passes(Self.arp(from: Self.foreignMAC, saying: Self.foreignMAC)))
        let short = Self.arp(from: Self.mac, saying: Self.foreignMAC)
        for count in 14..<short.count { #expect(!passes(Array(short.prefix(count))), "\(count) bytes") }
    }

    /// However short a frame is, it does not pass for that.
    @Test func S4_whatIsCutOffDoesNotPass() {
        let whole = [
            Self.discovery(135, about: Self.other, [1, 1] + Self.foreignMAC.bytes),
            Self.discovery(136, about: Self.other, [2, 1] + Self.mac.bytes),
            Self.frame(nextHeader: 0, [58, 0, 5, 2, 0, 0, 1, 0, 134, 0, 0, 0]),
            Self.frame(Self.other, nextHeader: 17, [0, 0, 0, 0, 0, 0, 0, 0]),
            Self.frame(nextHeader: 44, [58, 0, 0, 0, 0, 0, 0, 1, 136, 0, 0, 0]),
        ]
        for frame in whole {
            for count in 14..<frame.count { #expect(!Self.passes(Array(frame.prefix(count))), "\(count) bytes") }
        }
    }
}

/// A machine for programs of classic BPF, as far as ours go.
struct BerkeleyFilter {
    private let program: [sock_filter]

    init(_ bytes: [UInt8]) {
        program = bytes.withUnsafeBytes { Array($0.bindMemory(to: sock_filter.self)) }
    }

    func run(_ frame: [UInt8]) -> UInt32 {
        var accumulator: UInt32 = 0
        var next = 0
        while true {
            let step = program[next]
            next += 1
            switch Int32(step.code) {
            case BPF_LD | BPF_W | BPF_LEN: accumulator = UInt32(frame.count)
            case BPF_LD | BPF_W | BPF_ABS: guard load(4) else { return 0 }
            case BPF_LD | BPF_H | BPF_ABS: guard load(2) else { return 0 }
            case BPF_LD | BPF_B | BPF_ABS: guard load(1) else { return 0 }
            case BPF_ALU | BPF_AND | BPF_K: accumulator &= step.k
            case BPF_JMP | BPF_JA: next += Int(step.k)
            case BPF_JMP | BPF_JEQ | BPF_K: next += Int(accumulator == step.k ? step.jt : step.jf)
            case BPF_JMP | BPF_JGE | BPF_K: next += Int(accumulator >= step.k ? step.jt : step.jf)
            case BPF_RET | BPF_K: return step.k
            default: preconditionFailure("code \(step.code)")
            }
            func load(_ count: Int) -> Bool {
                let start = Int(step.k)
                guard start + count <= frame.count else { return false }
                accumulator = frame[start..<start + count].reduce(0) { $0 << 8 | UInt32($1) }
                return true
            }
        }
    }
}
