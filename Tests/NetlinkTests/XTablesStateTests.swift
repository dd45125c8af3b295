import Core
import Testing

@testable import Netlink

/// Bits of linux/netfilter/xt_state.h and xt_conntrack.h: behind those of connections each has its own.
@Suite struct XTablesStateTests {
    private var packet: TracedPacket {
        TracedPacket(from: IPAddress(ipv4: 0x0afa_0002), to: IPAddress(ipv4: 0x0afa_0001), 6, port: 80)
    }
    private var untracked: TracedPacket {
        var packet = packet
        packet.isTracked = false
        return packet
    }
    /// With another source and destination than it was sent with.
    private var translated: TracedPacket {
        var packet = packet
        (packet.hasNewSource, packet.hasNewDestination) = (true, true)
        return packet
    }

    private func expect(
        _ match: XTablesExtension, of packet: TracedPacket, says text: String,
        _ location: SourceLocation = #_sourceLocation
    ) {
        let judged = match.judgeMatch(packet)
        #expect(judged.text == text && judged.holds == .yes, sourceLocation: location)
    }

    /// XT_STATE_UNTRACKED is 1 << 6.
    @Test func states() {
        func match(_ mask: UInt32) -> XTablesExtension {
            XTablesExtension("state", revision: 0, PacketBytes(u32(mask)))
        }
        expect(match(64), of: untracked, says: "-m state --state UNTRACKED")
        #expect(match(64).judgeMatch(translated).holds == .no, "it asks for no translation")
        expect(match(8 | 2), of: packet, says: "-m state --state NEW,ESTABLISHED")
        #expect(match(8).judgeMatch(untracked).holds == .no)
    }

    /// XT_CONNTRACK_STATE_SNAT is 1 << 6, …_DNAT 1 << 7, …_UNTRACKED 1 << 8. In struct xt_conntrack_mtinfo3 the flags are behind four
    /// addresses with their masks, and more: XT_CONNTRACK_STATE is 1.
    @Test func statesOfConnections() {
        func match(_ mask: UInt16) -> XTablesExtension {
            let info = [UInt8](repeating: 0, count: 146) + u16(1) + u16(0) + u16(mask)
            return XTablesExtension("conntrack", revision: 3, PacketBytes(info))
        }
        expect(match(64), of: translated, says: "-m conntrack --ctstate SNAT")
        expect(match(128), of: translated, says: "-m conntrack --ctstate DNAT")
        expect(match(256), of: untracked, says: "-m conntrack --ctstate UNTRACKED")
        #expect(match(64).judgeMatch(untracked).holds == .no)
    }
}
