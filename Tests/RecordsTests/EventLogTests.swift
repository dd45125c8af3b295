import Core
import Foundation
import Glibc
import Linux
import Testing

@testable import Records

@Suite struct EventLogTests {
    private func event(_ number: Int, _ attributes: [String: String] = [:]) -> Event {
        Event(.container, "start", String(number), attributes, at: Timestamp(nanoseconds: Int64(number)))
    }

    /// Only the directory.
    private func scratch() throws -> (Scratch, EventLog) {
        let scratch = try Scratch()
        return (scratch, EventLog(scratch.path + "/events"))
    }

    @Test func whatIsWrittenIsRead() throws {
        let (scratch, log) = try scratch()
        defer { withExtendedLifetime(scratch) {} }
        let events = [event(1, ["name": "a\nb", "x": "\"é"]), Event(.network, "connect", "n", ["container": "c"])]
        log.append(events)
        log.append([event(2)])
        var reader = EventReader(log, isNewOnly: false)
        #expect(reader.next() == events + [event(2)])
        #expect(reader.next().isEmpty)
        var follower = EventReader(log, isNewOnly: true)
        #expect(follower.next().isEmpty)
        log.append([event(3)])
        #expect(follower.next() == [event(3)] && reader.next() == [event(3)])
    }

    /// Neither a full disk nor a killed writer takes more than its own line along.
    @Test func halfALineIsPassedOver() throws {
        let (scratch, log) = try scratch()
        defer { withExtendedLifetime(scratch) {} }
        log.append([event(1)])
        let file = try Descriptor.open(log.path, O_WRONLY | O_APPEND)
        try Files.writeAll(Array("{\"time\":2,\"type\":\"contai".utf8), to: file, named: "events")
        var reader = EventReader(log, isNewOnly: false)
        #expect(reader.next() == [event(1)])
        log.append([event(3)])
        #expect(reader.next() == [event(3)])
    }

    @Test func aLongLineGoesWithoutItsAttributes() throws {
        let (scratch, log) = try scratch()
        defer { withExtendedLifetime(scratch) {} }
        log.append([event(1, ["l": String(repeating: "x", count: 5000)])])
        log.append([event(2, ["l": String(repeating: "x", count: 3000)])])
        let lines = try Files.read(log.path).split(separator: 0x0a)
        #expect(lines.count == 2 && lines.allSatisfy { $0.count < 4096 })
        var reader = EventReader(log, isNewOnly: false)
        #expect(reader.next().map(\.attributes.count) == [0, 1])
    }

    @Test func nothingThereIsNoFailure() throws {
        let (scratch, log) = try scratch()
        defer { withExtendedLifetime(scratch) {} }
        var early = EventReader(log, isNewOnly: true)
        #expect(early.next().isEmpty)
        EventLog(scratch.path + "/no/events").append([event(1)])
        try Files.makeDirectory(log.path)
        log.append([event(1)])
        #expect(early.next().isEmpty)
        try Files.removeDirectory(log.path)
        log.append([event(2)])
        #expect(early.next() == [event(2)])
    }

    /// A reader that looks now and then gets each line once; the files stay within their bounds.
    @Test func aFollowerLosesNothingOverRotations() throws {
        let (scratch, log) = try scratch()
        defer { withExtendedLifetime(scratch) {} }
        var reader = EventReader(log, isNewOnly: true)
        var seen: [String] = []
        let filler = ["l": String(repeating: "y", count: 3900)]
        for number in 1...1200 {
            log.append([event(number, filler)])
            if number % 50 == 0 { seen += reader.next().map(\.actor) }
        }
        #expect(seen == (1...1200).map(String.init))
        for path in [log.path, log.former] {
            let size = try #require(Files.status(path)?.st_size)
            #expect(size <= EventLog.longestFile + 4096, "\(path)")
        }
    }

    /// Who has opened the file before it was renamed still writes into it.
    @Test func aLateWriterIsHeard() throws {
        let (scratch, log) = try scratch()
        defer { withExtendedLifetime(scratch) {} }
        log.append([event(1)])
        var reader = EventReader(log, isNewOnly: true)
        let late = try Descriptor.open(log.path, O_WRONLY | O_APPEND)
        #expect(Files.rename(log.path, to: log.former))
        log.append([event(2)])
        #expect(reader.next() == [event(2)])
        try Files.writeAll(Array((event(3).json.compact + "\n").utf8), to: late, named: "events")
        #expect(reader.next() == [event(3)])
    }

    /// Several programs at once: no line is torn, none is lost.
    @Test func writersDoNotDisturbEachOther() async throws {
        let (scratch, log) = try scratch()
        defer { withExtendedLifetime(scratch) {} }
        await withTaskGroup(of: Void.self) { group in
            for writer in 0..<4 {
                group.addTask {
                    for number in 0..<200 {
                        log.append([
                            Event(.image, "tag", "\(writer)-\(number)", ["p": String(repeating: "z", count: 300)])
                        ])
                    }
                }
            }
        }
        var reader = EventReader(log, isNewOnly: false)
        let events = reader.next()
        #expect(events.count == 800 && Set(events.map(\.actor)).count == 800)
    }
}
