import Core
import Glibc
import Linux
import Testing

@testable import Supervisor

/// Questions as they are put to servers, and what of theirs is taken for an answer.
@Suite struct AskedServerTests {
    /// A server at the other end of a pair of sockets.
    private final class Server {
        let asked: AskedServer
        private let end: Descriptor

        init(_ question: [UInt8], number: UInt16) throws {
            var ends: [Int32] = [-1, -1]
            try #require(socketpair(AF_UNIX, Int32(SOCK_DGRAM.rawValue), 0, &ends) == 0)
            end = Descriptor(owning: ends[1])
            asked = AskedServer(
                ServerAddress(.loopbackIPv4), question, number: number, by: Descriptor(owning: ends[0]), isStream: false
            )
        }

        var heard: [UInt8]? { UnblockedTransfer.receive(end.number, limit: 1000) }

        /// What becomes of a datagram.
        func news(of bytes: [UInt8]) -> AskedServer.News {
            _ = UnblockedTransfer.send(bytes[...], to: end.number)
            return withUnsafeTemporaryAllocation(byteCount: AskedServer.room, alignment: 1) { asked.receive($0) }
        }

        func takes(_ bytes: [UInt8]) -> Bool {
            guard case .answer(let answer) = news(of: bytes) else { return false }
            return answer == bytes
        }
    }

    /// For `up.test`.
    private static func message(_ number: [UInt8], _ flags: [UInt8], name: String = "up") -> [UInt8] {
        number + flags + [0, 1, 0, 0, 0, 0, 0, 0] + [2] + Array(name.utf8) + [4] + Array("test".utf8) + [0, 0, 1, 0, 1]
    }

    @Test func aServerIsAskedByAnotherNumber() throws {
        let server = try Server(Self.message([0xab, 0xcd], [1, 0]), number: 0x1234)
        for _ in 0..<2 {
            #expect(server.asked.ask())
            #expect(server.heard == Self.message([0x12, 0x34], [1, 0]))
        }
    }

    @Test func anAnswerIsToThatQuestion() throws {
        let server = try Server(Self.message([0xab, 0xcd], [1, 0]), number: 0x1234)
        let number: [UInt8] = [0x12, 0x34]
        #expect(server.takes(Self.message(number, [0x81, 0x80])))
        #expect(server.takes(Self.message(number, [0x81, 0x80], name: "uP") + [1, 2, 3]))
        // Of another number, the asker's own; no answer; to another question; cut off.
        for bytes in [
            Self.message([0x12, 0x35], [0x81, 0x80]), Self.message([0x13, 0x34], [0x81, 0x80]),
            Self.message([0xab, 0xcd], [0x81, 0x80]), Self.message(number, [1, 0]),
            Self.message(number, [0x81, 0x80], name: "ux"), Self.message(number, [0x81, 0x80]).dropLast(),
            Array(Self.message(number, [0x81, 0x80]).prefix(11)),
        ] {
            guard case .nothing = server.news(of: Array(bytes)) else {
                Issue.record("\(bytes)")
                continue
            }
        }
        // A refusal may leave the question out, nothing else may.
        let header = number + [0x81, 0x85] + [UInt8](repeating: 0, count: 8)
        #expect(server.takes(header))
        guard case .nothing = server.news(of: number + [0x81, 0x80] + header.dropFirst(4)) else {
            Issue.record("no question")
            return
        }
    }

    @Test func whoHasGoneSaysNoMore() throws {
        var server: Server? = try Server(Self.message([0, 0], [1, 0]), number: 1)
        let asked = try #require(server?.asked)
        let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: AskedServer.room, alignment: 1)
        defer { memory.deallocate() }
        guard case .nothing = asked.receive(memory) else {
            Issue.record("nothing has come")
            return
        }
        server = nil
        // Where nobody is, nothing arrives.
        #expect(!asked.ask())
    }

    @Test func numbersAreNotRepeated() {
        let numbers = QuestionNumbers()
        // Of 10,000 that are drawn from 65,536 some 9280 differ (65,536 * (1 - e^(-10,000/65,536))).
        #expect((9000...9600).contains(Set((0..<10_000).map { _ in numbers.next() }).count))
    }
}
