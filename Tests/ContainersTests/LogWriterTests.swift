import Core
import Foundation
import Testing

@testable import Containers

@Suite struct LogWriterTests {
    private let directory: LogTestDirectory
    init() throws { directory = try LogTestDirectory() }

    @Test func writesDockersFormat() throws {
        var writer = try LogWriter(path: directory.log)
        writer.write("hello \"\\\t\r\u{1b}[0m\u{7f}é\u{2028}\n")
        let text = try String(decoding: directory.contents(), as: UTF8.self)
        #expect(
            text.hasPrefix(
                "{\"log\":\"hello \\\"\\\\\\t\\r\\u001b[0m\u{7f}é\u{2028}\\n\",\"stream\":\"stdout\",\"time\":\"2"))
        #expect(text.hasSuffix("Z\"}\n"))
        #expect(try writer.size == Int64(directory.contents().count))
    }

    @Test func holdsPartialLinesOfBothStreamsApart() throws {
        var writer = try LogWriter(path: directory.log)
        writer.write(.stdout, "one")
        writer.write(.stderr, "ERR")
        #expect(try directory.contents().isEmpty)
        writer.write(.stdout, " more\ntail")
        #expect(try readRecords(directory.log).map(\.bytes) == [Array("one more\n".utf8)])
        writer.finish()
        let records = try readRecords(directory.log)
        #expect(bytes(of: .stdout, in: records) == Array("one more\ntail".utf8))
        #expect(bytes(of: .stderr, in: records) == Array("ERR".utf8))
        writer.finish()
        #expect(try readRecords(directory.log) == records)
    }

    @Test(arguments: 0..<60) func givesBackWhatWasWritten(seed: UInt64) throws {
        var random = LogTestGenerator(seed)
        var writer = try LogWriter(path: directory.log)
        var written: [LogStream: [UInt8]] = [.stdout: [], .stderr: []]
        for _ in 0..<Int.random(in: 1...40, using: &random) {
            let stream = Bool.random(using: &random) ? LogStream.stdout : .stderr
            let chunk = randomChunk(&random)
            written[stream, default: []] += chunk
            writer.write(stream, chunk)
        }
        writer.finish()
        let records = try readRecords(directory.log)
        #expect(bytes(of: .stdout, in: records) == written[.stdout])
        #expect(bytes(of: .stderr, in: records) == written[.stderr])
        #expect(records.allSatisfy { !$0.bytes.isEmpty && $0.bytes.count <= LogFormat.maximumText })
        #expect(records.allSatisfy { !$0.bytes.dropLast().contains(LogFormat.newline) })
        #expect(writer.droppedRecords == 0)
        try checkJSON(against: records)
    }

    /// Bytes of one of several kinds, in sizes from nothing to more than two records.
    private func randomChunk(_ random: inout LogTestGenerator) -> [UInt8] {
        let count = Int.random(
            in: 0...[3, 30, 300, 9000, 40_000].randomElement(using: &random).unsafelyUnwrapped, using: &random)
        switch Int.random(in: 0..<6, using: &random) {
        case 0: return (0..<count).map { _ in UInt8.random(in: 0...255, using: &random) }
        case 1: return (0..<count).map { _ in UInt8.random(in: 0...31, using: &random) }
        case 2:
            return (0..<count).map { _ in [0x22, 0x5c, 0x5c, 0x6e, 0].randomElement(using: &random).unsafelyUnwrapped }
        case 3:
            return Array(
                String(
                    (0..<count / 3).map { _ in
                        ["a", "é", "你", "\u{1f600}"].randomElement(using: &random).unsafelyUnwrapped
                    }
                ).utf8)
        case 4: return [UInt8](repeating: 0x61, count: count)
        default: return (0..<count).map { $0 % 80 == 79 ? 10 : UInt8.random(in: 32...126, using: &random) }
        }
    }

    /// Another reader of JSON sees the same.
    private func checkJSON(against records: [OwnedRecord]) throws {
        let lines = try directory.contents().split(separator: LogFormat.newline)
        #expect(lines.count == records.count)
        for (line, record) in zip(lines, records) {
            let object = try #require(try JSONSerialization.jsonObject(with: Data(line)) as? [String: String])
            let text = try #require(object["log"])
            let bytes =
                object["encoding"] == "base64" ? [UInt8](try #require(Data(base64Encoded: text))) : Array(text.utf8)
            #expect(bytes == record.bytes)
            #expect(object["time"] == record.time && record.time.utf8.count == 30)
            #expect(object["stream"] == (record.stream == .stdout ? "stdout" : "stderr"))
            let isText = String(validating: bytes, as: UTF8.self) != nil
            #expect(isText || object["encoding"] == "base64")
        }
    }

    @Test func cutsLongLinesBetweenCharacters() throws {
        var writer = try LogWriter(path: directory.log)
        writer.write("x" + String(repeating: "你", count: 20_000) + "\n")
        let records = try readRecords(directory.log)
        #expect(records.map(\.bytes.count) == [16_384, 16_383, 16_383, 10_852])
        #expect(try !String(decoding: directory.contents(), as: UTF8.self).contains("base64"))
        for byte in String(repeating: "é", count: 9000).utf8 { writer.write([byte]) }
        writer.finish()
        #expect(try !String(decoding: directory.contents(), as: UTF8.self).contains("base64"))
    }

    @Test func keepsCharacterBoundariesOffset() throws {
        for shift in 0..<4 {
            let text = String(repeating: "a", count: shift) + String(repeating: "\u{1f600}", count: 9000) + "\n"
            for size in [1, 7, 4096, 100_000] {
                var writer = try LogWriter(path: directory.log)
                let all = Array(text.utf8)
                for start in stride(from: 0, to: all.count, by: size) {
                    writer.write(Array(all[start..<min(all.count, start + size)]))
                }
                let file = try directory.contents()
                #expect(!String(decoding: file, as: UTF8.self).contains("base64"))
                #expect(try readRecords(directory.log).flatMap(\.bytes) == all)
                try directory.setContents([])
            }
        }
    }

    @Test(
        arguments: [
            [0xc0, 0x80], [0xe0, 0x80, 0x80], [0xed, 0xa0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf5, 0x80, 0x80, 0x80],
            [0x80],
            [0xc3], [0xe4, 0xbd], [0xff], [0xf0, 0x8f, 0xbf, 0xbf],
        ] as [[UInt8]])
    func marksWhatIsNotUnicode(bytes: [UInt8]) throws {
        var writer = try LogWriter(path: directory.log)
        writer.write([0x61] + bytes + [0x0a])
        #expect(try String(decoding: directory.contents(), as: UTF8.self).contains("\",\"encoding\":\"base64\"}\n"))
        #expect(try readRecords(directory.log).map(\.bytes) == [[0x61] + bytes + [0x0a]])
    }

    @Test func clockCarriesOver() {
        var clock = LogClock()
        for nanoseconds in [0, 1, 999_999_999, 1_000_000_000, 1_767_323_045_123_456_789, 1_767_323_045_000_000_001]
            as [Int64]
        {
            let moment = Timestamp(nanoseconds: nanoseconds)
            clock.advance(to: moment)
            #expect(
                String(decoding: UnsafeRawBufferPointer(start: clock.text, count: 30), as: UTF8.self)
                    == moment.description)
        }
    }
}
