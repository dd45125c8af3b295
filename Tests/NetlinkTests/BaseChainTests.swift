import Core
import Testing

@testable import Netlink

/// Values from linux/netfilter/nf_tables.h: numbers in attributes are in network byte order.
struct BaseChainTests {
    /// NFT_MSG_NEWCHAIN.
    private func chain(family: UInt8, hook: UInt8?, policy: UInt8?) throws -> BaseChain? {
        var payload: [UInt8] = [family, 0, 0, 0]
        payload += attribute(1, text("filter")) + attribute(3, text("FORWARD"))
        if let hook { payload += attribute(4, attribute(1, [0, 0, 0, hook]) + attribute(2, [0, 0, 0, 0])) }
        if let policy { payload += attribute(5, [0, 0, 0, policy]) }
        return BaseChain(try ChainMessage(try #require(try Message.all(in: message(10 << 8 | 3, payload)).first)))
    }

    @Test func aChainThatDropsWhatIsForwarded() throws {
        let found = try #require(try chain(family: 2, hook: 2, policy: 0))
        #expect(found.family == "ip" && found.table == "filter" && found.name == "FORWARD")
        #expect(found.isForward && found.drops)
        #expect(found.isPassed(by: .ipv4) && !found.isPassed(by: .ipv6))
        let both = try #require(try chain(family: 1, hook: 2, policy: 0))
        #expect(both.family == "inet" && both.isPassed(by: .ipv4) && both.isPassed(by: .ipv6))
        let six = try #require(try chain(family: 10, hook: 2, policy: 0))
        #expect(six.family == "ip6" && !six.isPassed(by: .ipv4) && six.isPassed(by: .ipv6))
    }

    @Test func othersAreToldApart() throws {
        #expect(try chain(family: 2, hook: nil, policy: nil) == nil)
        #expect(try chain(family: 2, hook: 3, policy: 0)?.isForward == false)
        #expect(try chain(family: 2, hook: 2, policy: 1)?.drops == false)
        #expect(try chain(family: 7, hook: 2, policy: 0)?.family == nil)
        let flow = try #require(try Message.all(in: message(0x100, [2, 0, 0, 0])).first)
        #expect(throws: OperationError.self) { try ChainMessage(flow) }
    }
}
