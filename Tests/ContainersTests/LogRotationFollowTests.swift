import Core
import Foundation
import Glibc
import Testing

@testable import Containers

@Suite struct LogRotationFollowTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    /// - Returns: whether `condition` holds within twenty seconds.
    private func wait(_ condition: () -> Bool) -> Bool {
        for _ in 0..<100_000 {
            if condition() { return true }
            usleep(200)
        }
        return false
    }

    @Test(arguments: [2, 3, 10]) func losesNothingAcrossManyRotations(files: Int) throws {
        let running = LogTestFlag()
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 1500, files: files))
        writer.write("start\n")
        let thread = directory.follow(running)
        var written = Array("start\n".utf8)
        var rotations = 0
        for number in 0..<10_000 {
            let before = writer.size
            let line = Array("line \(number)\n".utf8)
            written += line
            writer.write(line)
            guard writer.size < before else { continue }
            rotations += 1
            // A reader that keeps up: it has seen all when another file begins.
            let seen = written.count - line.count
            try #require(wait { directory.shownCount >= seen })
        }
        writer.finish()
        running.clear()
        #expect(waitForEnd(thread))
        #expect(rotations > 400)
        #expect(try directory.shown() == written)
    }

    /// What it shows then has holes, but no half lines, and nothing twice; and the end is there.
    @Test func showsWholeLinesInOrderWhenItFallsBehind() throws {
        signal(SIGPIPE, SIG_IGN)
        let running = LogTestFlag()
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 4000, files: 3))
        writer.write("100000\n")
        let thread = directory.follow(running, to: ends[1])
        var request = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
        try #require(poll(&request, 1, 20_000) == 1)
        // Nobody reads from the pipe, which soon is full.
        for number in 100_001..<200_000 { writer.write("\(number)\n") }
        writer.finish()
        running.clear()
        let shown = FileHandle(fileDescriptor: ends[0], closeOnDealloc: true).readDataToEndOfFile()
        #expect(waitForEnd(thread))
        let lines = shown.split(separator: LogFormat.newline)
        let numbers = lines.compactMap { Int(String(decoding: $0, as: UTF8.self)) }
        #expect(lines.allSatisfy { $0.count == 6 } && numbers.count == lines.count)
        #expect(zip(numbers, numbers.dropFirst()).allSatisfy(<))
        #expect(numbers.first == 100_000 && numbers.last == 199_999)
        #expect(numbers.count < 90_000)
    }

    /// The only file that there is goes with each rotation: that does not end it, unlike a log that is removed.
    @Test func goesOnWhenItsFileIsRemoved() throws {
        let running = LogTestFlag()
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 100, files: 1))
        writer.write("0\n")
        let thread = directory.follow(running)
        var expected = Array("0\n".utf8)
        for number in 1..<20 {
            try #require(wait { directory.shownCount == expected.count })
            writer.write("\(number)\n")
            expected += Array("\(number)\n".utf8)
        }
        running.clear()
        #expect(waitForEnd(thread))
        #expect(try directory.shown() == expected)
    }

    @Test func endsWhenAllFilesAreRemoved() throws {
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 100, files: 3))
        for number in 0..<3 { writer.write("\(number)\n") }
        let thread = directory.follow(LogTestFlag())
        try #require(wait { directory.shownCount == 6 })
        for name in ["log.1", "log", "log.2"] { unlink(directory.path + "/" + name) }
        #expect(waitForEnd(thread))
        #expect(try directory.shown() == Array("0\n1\n2\n".utf8))
    }

    @Test func tailGoesOnAcrossRotations() throws {
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 300, files: 20))
        for number in 0..<10 { writer.write("\(number)\n") }
        let running = LogTestFlag()
        let thread = directory.follow(running, tail: 4)
        try #require(wait { directory.shownCount == 8 })
        for number in 10..<30 { writer.write("\(number)\n") }
        running.clear()
        #expect(waitForEnd(thread))
        #expect(try directory.shown() == Array((6..<30).map { "\($0)\n" }.joined().utf8))
    }
}
