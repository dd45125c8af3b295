import Core
import Foundation
import Glibc
import Testing

@testable import Containers

@Suite struct LogRotationTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    /// `log` is 0.
    private func file(_ number: Int) -> String { number == 0 ? directory.log : "\(directory.log).\(number)" }
    private func put(_ text: String, _ number: Int) throws {
        try Data(text.utf8).write(to: URL(fileURLWithPath: file(number)))
    }
    private func size(_ number: Int) -> Int64? {
        var status = stat()
        return stat(file(number), &status) == 0 ? Int64(status.st_size) : nil
    }
    /// What the records say, without their newlines.
    private func words() throws -> [String] {
        try readRecords(directory.log).map { String(decoding: $0.bytes.dropLast(), as: UTF8.self) }
    }

    // MARK: Writing

    @Test(arguments: 0..<60) func readsBackTheTailOfWhatWasWritten(seed: UInt64) throws {
        var random = LogTestGenerator(seed)
        let limit = Int64.random(in: 1...20_000, using: &random)
        let count = Int.random(in: 1...5, using: &random)
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: limit, files: count))
        var written: [LogStream: [UInt8]] = [.stdout: [], .stderr: []]
        var rotations = 0
        for _ in 0..<Int.random(in: 1...200, using: &random) {
            let stream = Bool.random(using: &random) ? LogStream.stdout : .stderr
            let chunk = randomChunk(&random)
            written[stream, default: []] += chunk
            let before = writer.size
            writer.write(stream, chunk)
            if writer.size < before { rotations += 1 }
            #expect(writer.size <= max(limit, Int64(LogFormat.maximumRecord)))
            #expect(writer.size == size(0))
            // Another writer goes on where this one was killed, and knows nothing of what was held back.
            if Int.random(in: 0..<50, using: &random) == 0 {
                writer.finish()
                writer = try LogWriter(path: directory.log, limits: LogLimits(size: limit, files: count))
            }
        }
        writer.finish()
        let records = try readRecords(directory.log)
        for stream in [LogStream.stdout, .stderr] {
            let shown = bytes(of: stream, in: records)
            #expect(written[stream]?.suffix(shown.count) == shown[...])
            // Nothing is given up as long as there is room for it. (The last `finish` may have rotated unseen.)
            if rotations < count - 1 { #expect(shown == written[stream]) }
        }
        #expect(!records.isEmpty || written.values.allSatisfy(\.isEmpty))
        #expect(writer.droppedRecords == 0)
        try checkFiles(count: count, atLeast: min(rotations + 1, count))
    }

    /// No more than one record of the longest kind.
    private func randomChunk(_ random: inout LogTestGenerator) -> [UInt8] {
        let count = Int.random(in: 0...([3, 300, 3000].randomElement(using: &random) ?? 0), using: &random)
        let isText = Bool.random(using: &random)
        return (0..<count).map { _ in
            switch UInt8.random(in: 0...255, using: &random) {
            case 0..<8: LogFormat.newline
            case let byte: isText ? 0x20 + byte % 0x5f : byte
            }
        }
    }

    /// There are whole records in each, and no other file.
    private func checkFiles(count: Int, atLeast: Int) throws {
        let names = Set(try FileManager.default.contentsOfDirectory(atPath: directory.path))
        #expect((atLeast...count).contains(names.count))
        #expect(names == Set((0..<names.count).map { $0 == 0 ? "log" : "log.\($0)" }))
        for number in 0..<names.count {
            let contents = try Data(contentsOf: URL(fileURLWithPath: file(number)))
            for line in contents.split(separator: LogFormat.newline) {
                _ = try JSONSerialization.jsonObject(with: Data(line))
            }
            #expect(contents.isEmpty || contents.last == LogFormat.newline)
        }
    }

    @Test func withoutALimitThereIsOneFile() throws {
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: nil))
        for _ in 0..<1000 { writer.write("some line\n") }
        try checkFiles(count: 1, atLeast: 1)
        #expect(try words().count == 1000)
    }

    @Test func aTornRecordStaysBehind() throws {
        try put(logLine("whole\n") + "{\"log\":\"to", 0)
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 100))
        writer.write("next\n")
        #expect(try words() == ["whole", "next"])
        #expect(size(1) == Int64(logLine("whole\n").utf8.count + 10))
        #expect(try directory.contents().first == UInt8(ascii: "{"))
    }

    @Test func recordsAreWorthMoreThanTheLimit() throws {
        // No file can be made: its name is a directory's.
        try FileManager.default.createDirectory(atPath: directory.log + ".next", withIntermediateDirectories: false)
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 100))
        for number in 0..<5 { writer.write("\(number)\n") }
        #expect(try words() == ["0", "1", "2", "3", "4"])
        #expect(writer.droppedRecords == 0 && size(1) == nil)
        rmdir(directory.log + ".next")
        writer.write("5\n")
        #expect(try words() == ["0", "1", "2", "3", "4", "5"])
        #expect(try readRecords(file(1)).count == 5)
    }

    @Test func aFileThatWasTakenAwayIsMadeAnew() throws {
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 300))
        for number in 0..<6 { writer.write("\(number)\n") }
        let before = try words()
        unlink(directory.log)
        // The older ones are still shown.
        #expect(try !words().isEmpty && before.starts(with: words()))
        for number in 6..<20 { writer.write("\(number)\n") }
        #expect(try words().last == "19")
        #expect(try words() == (0..<20).map(String.init).suffix(words().count))
        let next = try LogWriter(path: directory.log, limits: LogLimits(size: 300))
        #expect(next.size == size(0))
    }

    // MARK: Killed writers

    /// Files by number, and the words that a reader has to find, after a rotation of `log` D, C, B, A that was cut short.
    private static let killed: [(files: [Int: String], words: [String])] = [
        ([0: "D", 1: "C", 2: "B", 3: "A"], ["A", "B", "C", "D"]),
        ([0: "D", 1: "C", 3: "B"], ["B", "C", "D"]),
        ([0: "D", 2: "C", 3: "B"], ["B", "C", "D"]),
        // Linked already.
        ([0: "D", 1: "=", 2: "C", 3: "B"], ["B", "C", "D"]),
        ([1: "C", 2: "B", 3: "A"], ["A", "B", "C"]),
    ]

    @Test(arguments: killed, [false, true])
    func losesNothingToAKilledRotation(state: (files: [Int: String], words: [String]), hasNext: Bool) throws {
        for (number, word) in state.files where word != "=" { try put(logLine(word + "\n"), number) }
        if state.files[1] == "=" { link(file(0), file(1)) }
        if hasNext { try Data().write(to: URL(fileURLWithPath: directory.log + ".next")) }
        #expect(try words() == state.words)
        for count in 0...5 {
            var reader = try LogReader(path: directory.log)
            try reader.seek(toLast: count)
            #expect(try readRecords(&reader).count == min(count, state.words.count))
        }
        var writer = try LogWriter(path: directory.log, limits: LogLimits(size: 100, files: 4))
        var expected = state.words
        for word in ["E", "F", "G", "H", "I"] {
            writer.write(word + "\n")
            expected.append(word)
            #expect(try words() == expected.suffix(4))
        }
        try checkFiles(count: 4, atLeast: 4)
    }

    // MARK: Reading

    @Test(arguments: 0..<40) func tailAndTimesGoAcrossFiles(seed: UInt64) throws {
        var random = LogTestGenerator(seed)
        let lines = (0..<Int.random(in: 1...80, using: &random)).map { number in
            let text = String(repeating: "x", count: Int.random(in: 0...3, using: &random) == 0 ? 9000 : 5)
            let end = Int.random(in: 0...3, using: &random) == 0 ? "" : "\n"
            let stream = Bool.random(using: &random) ? "stdout" : "stderr"
            return logLine("\(number)" + text + end, stream, second: number)
        }
        let whole = try LogTestDirectory()
        try whole.setContents(lines.joined().utf8)
        var rest = lines[...]
        for number in (0..<Int.random(in: 1...6, using: &random)).reversed() {
            let part = number == 0 ? rest : rest.prefix(Int.random(in: 0...rest.count, using: &random))
            rest = rest.dropFirst(part.count)
            // The writer of an older file was killed in a record, before a full disk was emptied.
            try put(part.joined() + (number > 0 && number % 2 == 0 ? "{\"log\":\"torn" : ""), number)
        }
        for _ in 0..<8 {
            let filter = LogFilter(
                since: Bool.random(using: &random) ? second(Int.random(in: 0...90, using: &random)) : nil,
                until: Bool.random(using: &random) ? second(Int.random(in: 0...90, using: &random)) : nil)
            let tail = Bool.random(using: &random) ? Int.random(in: 0...90, using: &random) : nil
            #expect(try show(directory.log, tail, filter) == show(whole.log, tail, filter))
        }
        #expect(try show(directory.log, nil, LogFilter()).count == lines.count)
    }

    private func second(_ number: Int) -> Timestamp {
        Timestamp(nanoseconds: Int64(1_767_323_045 + number) * 1_000_000_000)
    }

    private func show(_ path: String, _ tail: Int?, _ filter: LogFilter) throws -> [OwnedRecord] {
        var reader = try LogReader(path: path)
        if let tail { try reader.seek(toLast: tail, filter) }
        var shown: [OwnedRecord] = []
        while let record = try reader.next() { if filter.includes(record) { shown.append(OwnedRecord(record)) } }
        return shown
    }

    /// However fast the files move on, what is opened is one piece of what was written, without a hole.
    @Test func isOpenedAsOfOneMoment() throws {
        let running = LogTestFlag()
        let log = directory.log
        let thread = Thread {
            var writer = try? LogWriter(path: log, limits: LogLimits(size: 500, files: 4))
            var number = 100_000
            while running.isSet {
                writer?.write("\(number)\n")
                number += 1
            }
        }
        thread.start()
        for _ in 0..<2000 where size(3) == nil { usleep(1000) }
        for _ in 0..<2000 {
            let numbers = try words().compactMap { Int($0) }
            let first = try #require(numbers.first)
            #expect(numbers == Array(first..<first + numbers.count))
            // Four files of five records, of which the newest has one at least.
            #expect(numbers.count >= 15)
        }
        running.clear()
        #expect(waitForEnd(thread))
    }
}
