import Core
import Fuzzing
import Testing

@testable import Netlink

/// See `Fuzz` for what is expected of a parser.
@Suite struct FuzzTests {
    private static let route = message(
        24,
        [2, 24, 0, 0, 254, 3, 0, 1] + u32(0) + attribute(1, [10, 0, 0, 0]) + attribute(5, [10, 0, 0, 1])
            + attribute(4, u32(2)) + attribute(6, u32(100)) + attribute(8, attribute(2, u32(1450)))
            + attribute(9, u16(16) + [0, 0] + u32(3) + attribute(5, [10, 0, 0, 2])))
    private static let address = message(
        20, [2, 24, 0, 0] + u32(3) + attribute(1, [10, 0, 0, 2]) + attribute(2, [192, 168, 10, 7]))
    private static let group = message(
        58, [10, 128, 0x80, 253] + u32(3) + attribute(7, [0xff, 2] + [UInt8](repeating: 0, count: 13) + [1]))
    private static let flow = message(
        0x100,
        [2, 0, 0, 0] + attribute(0x8001, attribute(0x8001, attribute(1, [1, 2, 3, 4]) + attribute(2, [5, 6, 7, 8]))))
    private static let chain = message(
        10 << 8 | 3,
        [2, 0, 0, 0] + attribute(1, text("filter")) + attribute(3, text("FORWARD"))
            + attribute(4, attribute(1, [0, 0, 0, 2]) + attribute(2, [0, 0, 0, 0])) + attribute(5, [0, 0, 0, 0]))
    private static let examples = [
        vethReply(), route, address, group, flow, chain, acknowledgement(17, sequence: 7, "Device already exists"),
        vethReply() + address + message(3, flags: 2, u32(0)), acknowledgement(0, sequence: 8) + route,
    ]

    @Test func replies() {
        Fuzz.bytes(Self.examples) { bytes in
            do throws(OperationError) {
                for message in try Message.all(in: bytes) {
                    Self.read(message, LinkInfo.init)
                    Self.read(message, AddressInfo.init)
                    Self.read(message, RouteInfo.init)
                    Self.read(message, MulticastGroup.init)
                    Self.read(message, FlowInfo.init)
                    Self.read(message) { message throws(OperationError) in try ChainMessage(message) }
                    Self.read(message) { message throws(OperationError) in try FoundRule(message) }
                    Self.read(message) { message throws(OperationError) in try message.verdict() }
                }
            } catch {
                if error.description.isEmpty { Issue.record("\(bytes)") }
            }
        }
    }

    @Test func exchanges() {
        Fuzz.bytes(Self.examples) { bytes in
            var exchange = Exchange(first: 7, count: 2, port: 99)
            do throws(OperationError) {
                try exchange.accept(bytes)
                try exchange.accept(acknowledgement(0, sequence: 7) + acknowledgement(0, sequence: 8))
                try exchange.check([.init(operation: "a", subject: "b"), .init(operation: "c", subject: "d")])
            } catch {
                if error.description.isEmpty { Issue.record("\(bytes)") }
            }
        }
    }

    private static func read<Value>(_ message: Message, _ body: (Message) throws(OperationError) -> Value) {
        do throws(OperationError) { _ = try body(message) } catch {
            if error.description.isEmpty { Issue.record("\(message)") }
        }
    }
}
