import Foundation
import Glibc
import Linux
import Testing

/// Notes when it is called, and reads what has come.
private final class NotedSource: EventSource {
    let name: String
    let pipe: Linux.Pipe
    let log: (String) -> Void
    var deadline: Deadline?

    init(_ name: String, _ log: @escaping (String) -> Void) throws {
        self.name = name
        self.log = log
        pipe = try Descriptor.pipe()
    }

    func send() { _ = write(pipe.writeNumber, "x", 1) }

    func watch(_ requests: inout [pollfd]) {
        requests.append(pollfd(fd: -1, events: Int16(POLLIN), revents: 0))
        requests.append(pollfd(fd: pipe.readNumber, events: Int16(POLLIN), revents: 0))
    }

    func advance(_ events: ArraySlice<pollfd>) {
        #expect(events.count == 2)
        if events.last?.revents != 0 {
            var byte: UInt8 = 0
            read(pipe.readNumber, &byte, 1)
            log(name)
        } else {
            log("\(name) late")
            deadline = nil
        }
    }
}

@Suite struct EventLoopTests {
    @Test func whatHasComeIsDealtWithInTheOrderOfTheParts() throws {
        var log: [String] = []
        let parts = try ["a", "b", "c"].map { try NotedSource($0) { log.append($0) } }
        let loop = EventLoop(parts)
        parts[2].send()
        parts[0].send()
        #expect(loop.turn())
        #expect(log == ["a", "c"])
        #expect(!loop.turn(within: 10), "nothing more has come")
        #expect(log == ["a", "c"])
    }

    @Test func aDeadlineIsKeptAndOnlyOnce() throws {
        var log: [String] = []
        let (early, late) = (try NotedSource("early") { log.append($0) }, try NotedSource("late") { log.append($0) })
        early.deadline = Deadline(milliseconds: 30)
        late.deadline = Deadline(milliseconds: 120)
        let loop = EventLoop([late, early])
        let start = Date()
        while log.count < 2, Date().timeIntervalSince(start) < 5 { loop.turn() }
        #expect(log == ["early late", "late late"])
        #expect(Date().timeIntervalSince(start) >= 0.12)
    }

    /// A process that waits for long gives its memory back, and still has its deadlines kept and its events seen.
    @Test func anIdleProcessWakesUp() throws {
        var log: [String] = []
        let source = try NotedSource("x") { log.append($0) }
        source.deadline = Deadline(milliseconds: 1300)
        let loop = EventLoop([source], givingMemoryBack: true)
        let start = Date()
        while log.isEmpty { loop.turn() }
        #expect(log == ["x late"])
        #expect(Date().timeIntervalSince(start) >= 1.3)
        let end = source.pipe.writeNumber
        DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { _ = write(end, "x", 1) }
        source.deadline = Deadline(milliseconds: 60_000)
        loop.turn()
        #expect(log == ["x late", "x"])
    }

    @Test func theEndOfAProcessComesFirst() throws {
        let child = Process()
        child.executableURL = URL(fileURLWithPath: "/bin/sleep")
        child.arguments = ["0.3"]
        try child.run()
        let process = try ProcessDescriptor(child.processIdentifier)
        let watch = ProcessWatch(process)
        var ends = 0
        watch.onEnd = { ends += 1 }
        let loop = EventLoop([watch])
        loop.run { !watch.hasEnded }
        #expect(ends == 1)
        #expect(!loop.turn(within: 10))
        withExtendedLifetime(process) {}
        child.waitUntilExit()
    }
}
