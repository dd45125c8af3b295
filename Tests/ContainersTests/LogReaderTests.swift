import Core
import Foundation
import Glibc
import Testing

@testable import Containers

@Suite struct LogReaderTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    /// What `print` shows on both streams.
    private func show(
        tail: Int? = nil, timestamps: Bool = false, since: Timestamp? = nil, until: Timestamp? = nil
    ) throws -> (output: String, error: String) {
        let paths = [directory.path + "/out", directory.path + "/err"]
        let files = paths.map { open($0, O_RDWR | O_CREAT | O_TRUNC, 0o600) }
        defer { for file in files { close(file) } }
        try LogReader.print(
            path: directory.log, tail: tail, timestamps: timestamps, since: since, until: until, to: files[0],
            error: files[1], isRunning: { true })
        let texts = try paths.map { String(decoding: try Data(contentsOf: URL(fileURLWithPath: $0)), as: UTF8.self) }
        return (texts[0], texts[1])
    }

    @Test(arguments: 0..<40) func tailAgreesWithAModel(seed: UInt64) throws {
        var random = LogTestGenerator(seed)
        try directory.setContents(randomLog(&random).utf8)
        let since = Bool.random(using: &random) ? second(Int.random(in: 0...100, using: &random)) : nil
        let until = Bool.random(using: &random) ? second(Int.random(in: 0...100, using: &random)) : nil
        let wanted = try readRecords(directory.log).filter {
            (since.map(\.description) ?? "") <= $0.time && $0.time <= (until.map(\.description) ?? "9")
        }
        for lines in [0, 1, 2, 3, 10, 50, 1000] {
            let filter = LogFilter(since: since, until: until)
            var reader = try LogReader(path: directory.log)
            try reader.seek(toLast: lines, filter)
            var shown: [OwnedRecord] = []
            while let record = try reader.next() { if filter.includes(record) { shown.append(OwnedRecord(record)) } }
            #expect(shown == model(wanted, lines))
        }
    }

    private func second(_ number: Int) -> Timestamp {
        Timestamp(nanoseconds: Int64(1_767_323_045 + number) * 1_000_000_000)
    }

    private func randomLog(_ random: inout LogTestGenerator) -> String {
        (0..<Int.random(in: 0...150, using: &random)).map { number in
            let kind = Int.random(in: 0..<10, using: &random)
            if kind == 0 { return "{\"log\":\"torn\n" }
            let text = String(
                repeating: "x",
                count: Int.random(
                    in: 0...[5, 80, 16_384].randomElement(using: &random).unsafelyUnwrapped, using: &random))
            let end = kind < 3 ? "x" : "\n"
            return logLine("\(number)" + text + end, Bool.random(using: &random) ? "stdout" : "stderr", second: number)
        }.joined()
    }

    /// From the end, by the definition of a line.
    private func model(_ records: [OwnedRecord], _ lines: Int) -> [OwnedRecord] {
        var shown: [OwnedRecord] = []
        var ends = 0
        for (index, record) in records.enumerated().reversed() {
            let isLast = !records[(index + 1)...].contains { $0.stream == record.stream }
            if record.bytes.last == LogFormat.newline || isLast { ends += 1 }
            if ends > lines { break }
            shown.insert(record, at: 0)
        }
        return shown
    }

    @Test func keepsStreamsApart() throws {
        try directory.setContents((logLine("a\n") + logLine("b\n", "stderr") + logLine("c")).utf8)
        #expect(try show() == ("a\nc", "b\n"))
        #expect(try show(tail: 1) == ("c", ""))
        #expect(try show(tail: 0) == ("", ""))
        #expect(try show(tail: 2) == ("c", "b\n"))
    }

    @Test func showsOnlyAPartOfTime() throws {
        try directory.setContents((0..<5).map { logLine("\($0)\n", second: $0) }.joined().utf8)
        #expect(try show(since: second(3)).output == "3\n4\n")
        #expect(try show(until: second(1)).output == "0\n1\n")
        #expect(try show(tail: 1, until: second(1)).output == "1\n")
        #expect(try show(since: Timestamp(nanoseconds: -5), until: second(0)).output == "0\n")
    }

    @Test func putsTheTimeBeforeLinesAndNotBeforePieces() throws {
        let log = logLine("lo") + logLine("e\n", "stderr") + logLine("ng\n", second: 1) + logLine("x", second: 2)
        try directory.setContents(log.utf8)
        let time = "2026-01-02T03:04:0"
        let shown = try show(timestamps: true)
        #expect(shown.output == "\(time)5.000000000Z long\n\(time)7.000000000Z x")
        #expect(shown.error == "\(time)5.000000000Z e\n")
    }

    @Test func aMissingLogIsEmpty() throws {
        #expect(try show() == ("", ""))
    }

    @Test func copiesAllBytes() throws {
        var random = LogTestGenerator(4)
        let all = (0..<600_000).map { _ in UInt8.random(in: 0...255, using: &random) }
        var writer = try LogWriter(path: directory.log)
        for start in stride(from: 0, to: all.count, by: 32_768) {
            writer.write(Array(all[start..<min(all.count, start + 32_768)]))
        }
        writer.finish()
        _ = try show()
        #expect(try [UInt8](Data(contentsOf: URL(fileURLWithPath: directory.path + "/out"))) == all)
    }

    @Test func saysThatNobodyReads() throws {
        signal(SIGPIPE, SIG_IGN)
        try directory.setContents(logLine("a\n").utf8)
        var ends: [Int32] = [0, 0]
        pipe(&ends)
        close(ends[0])
        defer { close(ends[1]) }
        do {
            try LogReader.print(path: directory.log, to: ends[1], isRunning: { true })
            Issue.record("no error")
        } catch {
            #expect(error.errno == EPIPE)
        }
    }
}
