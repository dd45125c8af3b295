import Core
import Testing

@testable import Netlink

struct ExchangeTests {
    private let labels = (0..<3).map { RequestBatch.Label(operation: "request", subject: "\($0)") }

    @Test func everyRequestNeedsItsVerdict() throws {
        var exchange = Exchange(first: 7, count: 3, port: 99)
        try exchange.accept(acknowledgement(0, sequence: 9) + acknowledgement(0, sequence: 7))
        #expect(!exchange.isComplete)
        try exchange.accept(acknowledgement(0, sequence: 7))  // again
        #expect(!exchange.isComplete)
        try exchange.accept(acknowledgement(0, sequence: 8))
        #expect(exchange.isComplete)
        #expect(exchange.failure == nil)
        try exchange.check(labels)
    }

    @Test func theFirstRefusalIsReportedWithTheKernelsWords() throws {
        var exchange = Exchange(first: 7, count: 3, port: 99)
        try exchange.accept(
            acknowledgement(22, sequence: 9, "later") + acknowledgement(0, sequence: 7)
                + acknowledgement(17, sequence: 8, "Device already exists"))
        #expect(exchange.failure?.index == 1)
        do throws(OperationError) {
            try exchange.check(labels)
            Issue.record("not refused")
        } catch {
            #expect(error.description == "request \"1\": File exists")
            #expect(error.errno == 17)
            #expect(error.remedy == "the kernel says: Device already exists")
        }
    }

    @Test func whatBelongsToOthersIsDropped() throws {
        var exchange = Exchange(first: 7, count: 1, port: 99)
        try exchange.accept(acknowledgement(22, sequence: 6))
        try exchange.accept(acknowledgement(22, sequence: 8))
        try exchange.accept(acknowledgement(22, sequence: 7, port: 98))
        try exchange.accept(vethReply(sequence: 0, port: 0))
        #expect(!exchange.isComplete)
        #expect(exchange.replies[0].isEmpty)
        try exchange.accept(vethReply() + acknowledgement(0, sequence: 7))
        #expect(exchange.isComplete)
        #expect(try LinkInfo(exchange.replies[0][0]).index == 13)
    }

    @Test func sequenceNumbersWrap() throws {
        var exchange = Exchange(first: 0xffff_ffff, count: 2, port: 99)
        try exchange.accept(acknowledgement(0, sequence: 0) + acknowledgement(0, sequence: 0xffff_ffff))
        #expect(exchange.isComplete)
    }

    @Test func aDumpEndsWithDone() throws {
        var exchange = Exchange(first: 7, count: 1, port: 99)
        try exchange.accept(vethReply() + vethReply())
        #expect(!exchange.isComplete)
        try exchange.accept(message(3, flags: 2, u32(0)))
        #expect(exchange.isComplete)
        #expect(!exchange.isInterrupted)
        #expect(exchange.replies[0].count == 2)
    }

    @Test(arguments: [UInt16(3), 16]) func anInterruptedDumpIsNoticed(type: UInt16) throws {
        var exchange = Exchange(first: 7, count: 1, port: 99)
        try exchange.accept(message(type, flags: 0x12, u32(0)))  // NLM_F_MULTI, NLM_F_DUMP_INTR
        #expect(exchange.isInterrupted)
    }

    @Test func anInterruptedDumpIsAskedForAgain() throws {
        var answers = [true, true, false, true]
        func answer() throws(OperationError) -> Exchange {
            var exchange = Exchange(first: 7, count: 1, port: 99)
            try exchange.accept(message(3, flags: answers.removeFirst() ? 0x12 : 2, u32(0)))
            return exchange
        }
        #expect(try Exchange.settled(answer)?.isInterrupted == false)
        #expect(answers == [true])
        answers = Array(repeating: true, count: 9)
        #expect(try Exchange.settled(attempts: 5, answer) == nil)
        #expect(answers.count == 4)
    }

    @Test func aDumpMayFailAtItsEnd() throws {
        var exchange = Exchange(first: 7, count: 1, port: 99)
        try exchange.accept(message(3, flags: 0x202, u32(UInt32(bitPattern: -95)) + attribute(1, text("cannot"))))
        #expect(exchange.failure?.verdict == Verdict(errno: 95, text: "cannot"))
    }

    /// Without NETLINK_CAP_ACK the whole request comes back before the words.
    @Test func wordsBehindTheWholeRequest() throws {
        let request = u32(24) + u16(16) + u16(5) + u32(7) + u32(0) + u32(1) + u32(2)
        let datagram = message(2, flags: 0x200, u32(UInt32(bitPattern: -22)) + request + attribute(1, text("no")))
        #expect(
            try parsed(datagram) { message throws(OperationError) in try message.verdict() }
                == Verdict(errno: 22, text: "no"))
    }

    @Test(arguments: [Int32(-1), 4096, .max, .min]) func impossibleErrorNumbers(errno: Int32) {
        var exchange = Exchange(first: 7, count: 1, port: 99)
        let datagram = message(2, flags: 0x100, u32(UInt32(bitPattern: 0 &- errno)) + Array(repeating: 0, count: 16))
        #expect(throws: OperationError.self) { try exchange.accept(datagram) }
    }

    @Test func shortAcknowledgement() {
        var exchange = Exchange(first: 7, count: 1, port: 99)
        #expect(throws: OperationError.self) { try exchange.accept(message(2, u32(0))) }
        #expect(throws: OperationError.self) { try exchange.accept(message(3, [])) }
    }
}
