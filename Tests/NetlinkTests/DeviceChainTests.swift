import Testing

@testable import Netlink

/// Chains that packets pass by links alone.
@Suite struct DeviceChainTests {
    private func chain(_ family: UInt8, hook: UInt8, rules: UInt8, devices: [UInt8]) throws -> DeviceChain? {
        let place = attribute(1, [0, 0, 0, hook]) + attribute(2, [0, 0, 0, 0]) + devices
        let payload: [UInt8] =
            [family, 0, 0, 0] + attribute(1, text("mine")) + attribute(3, text("in")) + attribute(4, place)
            + attribute(6, [0, 0, 0, rules])
        return DeviceChain(try ChainMessage(try #require(try Message.all(in: message(10 << 8 | 3, payload)).first)))
    }

    @Test func whatIsOfLinks() throws {
        let one = attribute(3, text("out0"))
        let two = attribute(4, attribute(1, text("out0")) + attribute(1, text("bd0")))
        #expect(
            try chain(5, hook: 0, rules: 1, devices: one)
                == DeviceChain(description: "nft netdev mine in", devices: ["out0"], isOutward: false))
        #expect(try chain(5, hook: 1, rules: 1, devices: one + two)?.devices == ["bd0", "out0"])
        #expect(try chain(5, hook: 1, rules: 1, devices: one)?.isOutward == true)
        #expect(try chain(1, hook: 5, rules: 2, devices: two)?.description == "nft inet mine in")
        // Without rules it does nothing, and one of IP at prerouting is another thing.
        #expect(try chain(5, hook: 0, rules: 0, devices: one) == nil)
        #expect(try chain(1, hook: 0, rules: 1, devices: []) == nil)
    }
}
