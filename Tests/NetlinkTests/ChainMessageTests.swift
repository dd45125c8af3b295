import Core
import Testing

@testable import Netlink

/// Values from linux/netfilter/nf_tables.h: numbers in attributes are in network byte order.
@Suite struct ChainMessageTests {
    private static let names = attribute(1, text("nat")) + attribute(3, text("PREROUTING"))

    private func chain(_ attributes: [UInt8]) throws -> ChainMessage {
        try ChainMessage(try #require(try Message.all(in: message(10 << 8 | 3, [2, 0, 0, 0] + attributes)).first))
    }

    @Test func allThatIsSaidOfOne() throws {
        let place = attribute(1, [0, 0, 0, 0]) + attribute(2, [0xff, 0xff, 0xff, 0x9c])
        let found = try chain(
            Self.names + attribute(4, place) + attribute(5, [0, 0, 0, 0]) + attribute(6, [0, 0, 1, 2])
                + attribute(7, text("nat")))
        #expect(found.family == 2 && found.table == "nat" && found.name == "PREROUTING" && found.type == "nat")
        let hook = try #require(found.hook)
        #expect(hook.number == 0 && hook.priority == -100 && hook.devices == [])
        #expect(found.drops && found.uses == 258)
    }

    @Test func oneThatRulesLeadTo() throws {
        let found = try chain(Self.names + attribute(6, [0, 0, 0, 0]))
        #expect(found.hook == nil && found.type == "" && !found.drops && found.uses == 0)
    }

    /// What a chain of somebody else's says, or leaves out, is nothing to whoever asks about a table.
    @Test func whichTableOneIsOf() throws {
        func isChain(_ attributes: [UInt8], of table: String) throws -> Bool {
            let found = try #require(try Message.all(in: message(10 << 8 | 3, [2, 0, 0, 0] + attributes)).first)
            return try ChainMessage.isChain(found, of: table)
        }
        let broken = Self.names + attribute(4, attribute(2, [0, 0, 0, 0]))
        #expect(try isChain(broken, of: "nat"))
        #expect(try !isChain(broken, of: "na"))
        #expect(try !isChain(broken, of: "PREROUTING"))
        #expect(try !isChain(attribute(3, text("nat")), of: "nat"))
    }

    @Test func whatContradictsItself() {
        #expect(throws: OperationError.self) { try chain(attribute(1, text("nat"))) }
        #expect(throws: OperationError.self) { try chain(Self.names + attribute(4, attribute(2, [0, 0, 0, 0]))) }
    }
}
