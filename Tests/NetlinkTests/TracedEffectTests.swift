import CNetlink
import Core
import Testing

@testable import Netlink

/// What rules do to packets beside deciding: marks, and what is not tracked.
@Suite struct TracedEffectTests {
    private let packet = TracedPacket(from: IPAddress(ipv4: 0xcb00_7102), to: IPAddress(ipv4: 2), 6, port: 80)

    private func bytes(_ bytes: [UInt8]) -> PacketBytes { PacketBytes(bytes) }

    private func marked(_ mark: UInt32?) -> TracedPacket {
        var packet = packet
        packet.mark = mark
        return packet
    }

    /// NFTA_EXPR_NAME and NFTA_EXPR_DATA.
    private func expression(_ name: String, _ data: [UInt8]) -> [UInt8] {
        attribute(1, attribute(1, text(name)) + attribute(2, data))
    }

    private func judge(_ expressions: [[UInt8]], _ packet: TracedPacket) throws -> JudgedRule {
        var found: [NFTablesExpression] = []
        let payload: [UInt8] = [2, 0, 0, 0] + attribute(4, expressions.flatMap { $0 })
        var attributes = try #require(try Message.all(in: message(10 << 8 | 6, payload)).first).attributes(
            after: nfgenmsg.self)
        while let attribute = try attributes.next() {
            var elements = attribute.nested()
            while let element = try elements.next() { found.append(try NFTablesExpression(element)) }
        }
        return NFTablesRule(expressions: found, comment: nil, sets: [:]).judge(packet)
    }

    private let first: [UInt8] = [0, 0, 0, 1]
    /// NFTA_META_DREG or SREG, and KEY, of NFT_META_MARK.
    private var loadMark: [UInt8] { expression("meta", attribute(1, first) + attribute(2, [0, 0, 0, 3])) }
    private var setMark: [UInt8] { expression("meta", attribute(2, [0, 0, 0, 3]) + attribute(3, first)) }
    private func value(_ type: UInt16, _ bytes: [UInt8]) -> [UInt8] { attribute(type, attribute(1, bytes)) }
    private func immediate(_ number: UInt32) -> [UInt8] {
        expression("immediate", attribute(1, first) + value(2, u32(number)))
    }
    private func compare(_ bytes: [UInt8]) -> [UInt8] {
        expression("cmp", attribute(1, first) + attribute(2, [0, 0, 0, 0]) + value(3, bytes))
    }
    private func bitwise(_ mask: [UInt8], _ flip: [UInt8]) -> [UInt8] {
        expression("bitwise", attribute(1, first) + attribute(2, first) + value(4, mask) + value(5, flip))
    }

    @Test func marksOfIPTables() {
        func effects(_ mark: UInt32, _ mask: UInt32, _ own: UInt32?) -> [TracedEffect] {
            XTablesExtension("MARK", revision: 2, bytes(u32(mark) + u32(mask))).effects(on: marked(own))
        }
        #expect(effects(7, .max, nil) == [.marks(7)])
        #expect(effects(0x10, 0xf0, 0xff) == [.marks(0x1f)] && effects(0x10, 0xf0, nil) == [.marks(nil)])
        let target = XTablesExtension("MARK", revision: 2, bytes(u32(7) + u32(.max)))
        #expect(target.judgeTarget(packet).text == "-j MARK --set-xmark 0x7")
        #expect(
            XTablesExtension("CONNMARK", revision: 2, bytes(u32(0))).effects(on: packet)
                == [.marks(nil), .marksConnection(nil)])
        let match = XTablesExtension("mark", revision: 1, bytes(u32(7) + u32(0xff) + [0]))
        let met = match.judgeMatch(marked(0x107))
        #expect(met.text == "-m mark --mark 0x7/0xff" && met.holds == .yes)
        #expect(match.judgeMatch(packet).holds == .no && match.judgeMatch(marked(nil)).holds == .unknown("-m mark"))
    }

    @Test func marksOfNFTables() throws {
        let set = try judge([immediate(7), setMark], packet)
        #expect(set.isMeant == .yes && set.effects == [.marks(7)])
        #expect(try judge([setMark], packet).effects == [.marks(nil)])
        let drop = [loadMark, compare(u32(7)), expression("reject", [])]
        #expect(try judge(drop, marked(7)) == JudgedRule("meta mark 0x00000007 reject", .yes, .reject))
        #expect(try judge(drop, packet).isMeant == .no)
        #expect(try judge(drop, marked(nil)).isMeant == .unknown("meta mark"))
        let more = try judge([loadMark, bitwise(u32(0xffff_ff0f), u32(0x10)), setMark], marked(0xff))
        #expect(more.effects == [.marks(0x1f)])
        // What a rule has changed it sees itself, and what comes behind its end does not happen.
        #expect(try judge([immediate(7), setMark] + drop, packet).isMeant == .yes)
        #expect(try judge([loadMark, compare(u32(1)), immediate(7), setMark], packet).effects == [])
        #expect(try judge([expression("limit", []), immediate(7), setMark], packet).effects == [.marks(nil)])
    }

    @Test func whatIsNotTracked() throws {
        #expect(try judge([expression("notrack", [])], packet).effects == [.untracks(isSure: true)])
        let target = XTablesExtension("CT", revision: 2, bytes(u32(3) + u32(0)))
        #expect(target.effects(on: packet) == [.untracks(isSure: true)])
        #expect(XTablesExtension("CT", revision: 2, bytes(u32(0))).effects(on: packet) == [])
        var untracked = packet
        untracked.take(.untracks(isSure: true), canBeUntracked: false)
        #expect(untracked == packet)
        untracked.take(.untracks(isSure: true), canBeUntracked: true)
        #expect(untracked.stateBit(untracked: 64) == 64)
        var unsure = packet
        unsure.take(.untracks(isSure: false), canBeUntracked: true)
        #expect(unsure.stateBit(untracked: 64) == nil)
    }

    /// A mask that no length says is written itself.
    @Test func masks() throws {
        let source = expression(
            "payload",
            attribute(1, first) + attribute(2, first) + attribute(3, [0, 0, 0, 12]) + attribute(4, [0, 0, 0, 4]))
        func text(_ mask: [UInt8], _ address: [UInt8]) throws -> String {
            try judge([source, bitwise(mask, [0, 0, 0, 0]), compare(address)], packet).text
        }
        #expect(try text([255, 0, 0, 255], [203, 0, 0, 2]) == "ip saddr & 255.0.0.255 == 203.0.0.2")
        #expect(try text([255, 240, 0, 0], [203, 0, 0, 0]) == "ip saddr 203.0.0.0/12")
    }
}
