import Core
import Foundation
import Glibc
import Testing

@testable import Containers

@Suite struct LogDamageTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    private func sample() throws -> [UInt8] {
        var writer = try LogWriter(path: directory.log)
        writer.write("first \"line\"\n")
        writer.write(.stderr, [0xff, 0x00, 0x0a])
        writer.write("third\\\nlast")
        writer.finish()
        return try directory.contents()
    }

    @Test func survivesACutAnywhere() throws {
        let file = try sample()
        let all = try readRecords(directory.log)
        for length in 0...file.count {
            try directory.setContents(file[..<length])
            let whole = file[..<length].count { $0 == LogFormat.newline }
            #expect(try readRecords(directory.log) == Array(all[..<whole]))
            for lines in 0...5 {
                var reader = try LogReader(path: directory.log)
                try reader.seek(toLast: lines)
                #expect(try readRecords(&reader) == Array(all[..<whole].suffix(lines)))
            }
        }
    }

    @Test func nextWriterRepairsACutAnywhere() throws {
        let file = try sample()
        let all = try readRecords(directory.log)
        for length in 0...file.count {
            try directory.setContents(file[..<length])
            var writer = try LogWriter(path: directory.log)
            writer.write("next\n")
            let records = try readRecords(directory.log)
            // A record that lacked nothing but its newline is whole again.
            let whole = (file[..<length] + [LogFormat.newline]).split(separator: LogFormat.newline).filter {
                $0.last == 0x7d
            }.count
            #expect(Array(records.dropLast()) == Array(all[..<whole]))
            #expect(records.last?.bytes == Array("next\n".utf8))
        }
    }

    @Test func survivesAnyByte() throws {
        let file = try sample()
        var random = LogTestGenerator(9)
        for _ in 0..<3000 {
            var damaged = file
            for _ in 0..<3 {
                damaged[Int.random(in: 0..<file.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
            }
            try directory.setContents(damaged)
            _ = try readRecords(directory.log)
            var reader = try LogReader(path: directory.log)
            try reader.seek(toLast: 2)
            _ = try readRecords(&reader)
        }
    }

    @Test func passesOverHugeTornLines() throws {
        for size in [1, 65_534, 65_535, 65_536, 65_537, 200_000] {
            let junk = String(repeating: "\0", count: size)
            try directory.setContents((logLine("a\n") + junk + "\n" + logLine("b\n") + junk).utf8)
            #expect(try readRecords(directory.log).map(\.bytes) == [[0x61, 0x0a], [0x62, 0x0a]])
            for lines in 0...3 {
                var reader = try LogReader(path: directory.log)
                try reader.seek(toLast: lines)
                #expect(try readRecords(&reader).count == min(lines, 2))
            }
        }
    }

    @Test func countsWhatAFullDiskDrops() throws {
        var writer = try LogWriter(path: "/dev/full")
        writer.write("one\ntwo\nthree")
        #expect(writer.droppedRecords == 2)
        writer.finish()
        #expect(writer.droppedRecords == 3)
        #expect(writer.size == 0)
    }

    /// A limit on file sizes cuts a write short like a full disk does.
    @Test func repairsARecordThatWasCutShort() throws {
        signal(SIGXFSZ, SIG_IGN)
        // Above what any test in this process writes into one file.
        let limit: Int64 = 24 << 20
        try withFileSizeLimit(limit) { raise in
            try directory.setContents([])
            truncate(directory.log, off_t(limit - 100))
            var writer = try LogWriter(path: directory.log)
            writer.write("fits not any more, not even half\ntwo\n")
            #expect(writer.size == limit && writer.droppedRecords == 2)
            writer.write("nor does this\n")
            #expect(writer.size == limit && writer.droppedRecords == 3)
            raise()
            writer.write(.stderr, "there is room again\n")
            #expect(writer.droppedRecords == 3)
            #expect(try readRecords(directory.log).map(\.bytes) == [Array("there is room again\n".utf8)])
            #expect(try LogReader(path: directory.log).newest.size == writer.size)
        }
    }

    private func withFileSizeLimit(_ limit: Int64, _ body: (_ raise: () -> Void) throws -> Void) rethrows {
        var old = rlimit()
        getrlimit(__rlimit_resource_t(1), &old)
        var low = rlimit(rlim_cur: rlim_t(limit), rlim_max: old.rlim_max)
        setrlimit(__rlimit_resource_t(1), &low)
        defer { setrlimit(__rlimit_resource_t(1), &old) }
        try body { setrlimit(__rlimit_resource_t(1), &old) }
    }
}
