import Core
import Testing

@testable import Netlink

/// Numbers from linux/netfilter/nf_tables.h; those in attributes are in network byte order.
struct RuleMessageTests {
    private let chain = RuleChain(.ipv4, "filter", "DOCKER-USER")

    /// NFT_MSG_NEWRULE of a rule with such expressions: name and attributes of each.
    private func rule(
        _ expressions: [(name: String, data: [UInt8])], comment: String? = nil
    ) throws -> FoundRule {
        var payload: [UInt8] = [2, 0, 0, 0] + attribute(1, text("filter")) + attribute(2, text("DOCKER-USER"))
        payload += attribute(3, [0, 0, 0, 0, 0, 0, 1, 2])
        payload += attribute(
            4, expressions.flatMap { attribute(1, attribute(1, text($0.name)) + attribute(2, $0.data)) })
        if let comment { payload += attribute(7, [9, 1, 5, 0, UInt8(comment.utf8.count + 1)] + text(comment)) }
        return try FoundRule(try #require(try Message.all(in: message(10 << 8 | 6, payload)).first))
    }

    /// NFT_REG_VERDICT, and the verdict in it.
    private func verdict(_ code: Int32) -> [UInt8] {
        let bytes = withUnsafeBytes(of: code.bigEndian) { Array($0) }
        return attribute(1, [0, 0, 0, 0]) + attribute(2, attribute(2, attribute(1, bytes)))
    }

    @Test func whatEndsAChainIsToldFromOtherRules() throws {
        #expect(try rule([("counter", []), ("immediate", verdict(-5))]).isBareReturn)
        #expect(try rule([("immediate", verdict(-5))]).isBareReturn)
        #expect(try !rule([("counter", []), ("immediate", verdict(1))]).isBareReturn)
        #expect(try !rule([("meta", []), ("cmp", []), ("immediate", verdict(-5))]).isBareReturn)
        #expect(try !rule([("counter", [])]).isBareReturn)
        #expect(try rule([]).handle == 0x102)
    }

    /// Behind another entry of the user data.
    @Test func aCommentIsRead() throws {
        #expect(try rule([], comment: "mydocker: br0").comment == "mydocker: br0")
        #expect(try rule([]).comment == nil)
        let match = attribute(1, text("comment")) + attribute(2, [0, 0, 0, 0]) + attribute(3, text("mydocker: br1"))
        #expect(try rule([("meta", []), ("match", match)]).comment == "mydocker: br1")
    }

    @Test func aTransactionHasItsMarks() throws {
        var batch = RequestBatch()
        batch.beginTransaction("x")
        batch.deleteRule(7, of: chain)
        batch.endTransaction("x")
        #expect(batch.unanswered == [0, 2] && batch.isChange)
        // struct nlmsghdr and nfgenmsg: NFNL_MSG_BATCH_BEGIN (0x10), to the subsystem NFNL_SUBSYS_NFTABLES (10).
        #expect(lines(Array(batch.bytes.prefix(20))).suffix(1) == ["00 00 00 0a"])
        #expect(batch.bytes[4...5] == [0x10, 0])
        var exchange = Exchange(first: 7, count: 3, port: 99, unanswered: batch.unanswered)
        #expect(!exchange.isComplete)
        try exchange.accept(acknowledgement(0, sequence: 8))
        #expect(exchange.isComplete && exchange.failure == nil)
    }

    /// As nft(8) -d netlink shows what iptables-nft writes for `-i br0 -o docker+ -j RETURN`.
    @Test func aRuleIsWrittenAsIPTablesWritesIt() {
        let bytes = encoded {
            $0.add(InterfaceRule(from: "br0", to: "docker+", .goBack, comment: "c"), to: chain, before: 258)
        }
        func holds(_ part: [UInt8]) -> Bool {
            let part = lines(part)
            return bytes.indices.contains { bytes[$0...].starts(with: part) }
        }
        #expect(holds(attribute(6, [0, 0, 0, 0, 0, 0, 1, 2])))
        // [ meta load iifname => reg 1 ] [ cmp eq reg 1 "br0" with its zero ], [ … oifname ] [ … "docker" without ]
        #expect(holds(attribute(2, [0, 0, 0, 6]) + attribute(1, [0, 0, 0, 1])))
        #expect(holds(attribute(1, Array("br0".utf8) + [0])))
        #expect(holds(attribute(2, [0, 0, 0, 7]) + attribute(1, [0, 0, 0, 1])))
        #expect(holds(attribute(1, Array("docker".utf8))))
        #expect(holds(attribute(1, [0xff, 0xff, 0xff, 0xfb])))
        #expect(holds(attribute(7, [0, 2] + text("c"))))
    }
}
