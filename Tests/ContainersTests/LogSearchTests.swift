import Core
import Foundation
import Testing

@testable import Containers

/// A text is found in a log however it came to be in there.
@Suite struct LogSearchTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    private func search(_ text: String, since: Timestamp? = nil) -> LogSearch {
        LogSearch(for: Array(text.utf8), in: directory.log, since: since)
    }

    private func expect(
        _ isFound: Bool, _ search: inout LogSearch, sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let found = try search.find()
        #expect(found == isFound, sourceLocation: sourceLocation)
    }

    @Test func whatIsThereAndWhatComesLater() throws {
        var early = search("ready")
        try expect(false, &early)
        var writer = try LogWriter(path: directory.log)
        writer.write("not yet\n")
        try expect(false, &early)
        writer.write("all is ready now\n")
        try expect(true, &early)
        var late = search("ready")
        try expect(true, &late)
        var other = search("Ready")
        try expect(false, &other)
    }

    @Test func inPiecesOfOneStream() throws {
        var writer = try LogWriter(path: directory.log)
        writer.write(String(repeating: "x", count: 40_000) + "needle" + String(repeating: "y", count: 40_000) + "\n")
        for text in ["xneedley", "xxxxx", "yyyyyy\n"] {
            var search = search(text)
            try expect(true, &search)
        }
        var search = search("needlex")
        try expect(false, &search)
    }

    @Test func olderOutputDoesNotCount() throws {
        var writer = try LogWriter(path: directory.log)
        writer.write("ready\n")
        usleep(1000)
        let now = Timestamp.now()
        usleep(1000)
        var search = search("ready", since: now)
        try expect(false, &search)
        writer.write("ready\n")
        try expect(true, &search)
    }

    @Test func acrossARotation() throws {
        var limits = LogLimits()
        limits.maximumSize = 200
        var writer = try LogWriter(path: directory.log, limits: limits)
        var search = search("line 7 ")
        for number in 0..<8 {
            try expect(false, &search)
            writer.write("line \(number) \(String(repeating: "-", count: 100))\n")
        }
        try expect(true, &search)
    }

    @Test func theEndIsShownOfALogThatIsGone() throws {
        var writer = try LogWriter(path: directory.log)
        writer.write((1...30).map { "line \($0)\n" }.joined())
        var ending = LogEnding(of: directory.log)
        writer.finish()
        try FileManager.default.removeItem(atPath: directory.log)
        #expect(ending.text(lines: 2) == "line 29\nline 30\n")
        var none = LogEnding(of: directory.path + "/none")
        #expect(none.text(lines: 2) == "")
    }

    /// It stands beside our own messages.
    @Test func theEndIsShort() throws {
        var writer = try LogWriter(path: directory.log)
        writer.write(String(repeating: "x", count: 100_000) + "\u{1b}[2J\n")
        writer.finish()
        var ending = LogEnding(of: directory.log)
        let text = ending.text(lines: 10)
        #expect(text.utf8.count < 4200 && text.hasSuffix("xxx\\x1b[2J\n"), "\(text.suffix(20))")
    }
}
