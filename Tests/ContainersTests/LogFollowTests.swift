import Core
import Foundation
import Glibc
import Testing

@testable import Containers

@Suite struct LogFollowTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    @Test func losesNothingOfAConcurrentWriter() throws {
        var random = LogTestGenerator(17)
        let running = LogTestFlag()
        var writer = try LogWriter(path: directory.log)
        let thread = directory.follow(running)
        var written: [UInt8] = []
        for _ in 0..<2000 {
            let chunk = (0..<Int.random(in: 0...600, using: &random)).map { _ in
                UInt8.random(in: 0...255, using: &random)
            }
            written += chunk
            writer.write(chunk)
            if Int.random(in: 0..<100, using: &random) == 0 { usleep(2000) }
        }
        writer.write("last words")
        writer.finish()
        running.clear()
        #expect(waitForEnd(thread))
        #expect(try directory.shown() == written + Array("last words".utf8))
    }

    @Test func showsARecordAsSoonAsItIsWhole() throws {
        let running = LogTestFlag()
        let line = Array(logLine("whole\n").utf8)
        try directory.setContents([])
        let thread = directory.follow(running)
        let file = try #require(FileHandle(forWritingAtPath: directory.log))
        try file.write(contentsOf: Data(line[..<20]))
        usleep(150_000)
        #expect(try directory.shown().isEmpty)
        try file.write(contentsOf: Data(line[20...]))
        for _ in 0..<2000 where try directory.shown().isEmpty { usleep(1000) }
        #expect(try directory.shown() == Array("whole\n".utf8))
        running.clear()
        #expect(waitForEnd(thread))
    }

    @Test func endsWhenTheLogIsRemoved() throws {
        try directory.setContents(logLine("a\n").utf8)
        let thread = directory.follow(LogTestFlag())
        for _ in 0..<2000 where (try? directory.shown().isEmpty) ?? true { usleep(1000) }
        unlink(directory.log)
        #expect(waitForEnd(thread))
        #expect(try directory.shown() == Array("a\n".utf8))
    }

    @Test func endsWhenTheTimeIsOver() throws {
        try directory.setContents(logLine("a\n").utf8)
        let until = Timestamp(nanoseconds: Timestamp.now().nanoseconds + 200_000_000)
        #expect(waitForEnd(directory.follow(LogTestFlag(), until: until)))
    }

    @Test func tailOfNothingShowsWhatIsNew() throws {
        try directory.setContents((logLine("old\n") + "{\"log\":\"torn").utf8)
        let running = LogTestFlag()
        let thread = directory.follow(running, tail: 0)
        usleep(100_000)
        var writer = try LogWriter(path: directory.log)
        writer.write("new\n")
        running.clear()
        #expect(waitForEnd(thread))
        #expect(try directory.shown() == Array("new\n".utf8))
    }

    @Test func endsWhenNobodyReads() throws {
        signal(SIGPIPE, SIG_IGN)
        try directory.setContents([])
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        let (log, output) = (directory.log, ends[1])
        let thread = Thread { try? LogReader.print(path: log, follow: true, to: output, isRunning: { true }) }
        thread.start()
        usleep(50_000)
        close(ends[0])
        #expect(waitForEnd(thread))
        close(ends[1])
    }
}
