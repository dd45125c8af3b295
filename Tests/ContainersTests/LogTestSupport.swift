import Core
import Foundation
import Glibc
import Synchronization
import Testing

@testable import Containers

/// Repeatable random numbers (SplitMix64).
struct LogTestGenerator: RandomNumberGenerator {
    private var state: UInt64
    init(_ seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var word = state
        word = (word ^ word >> 30) &* 0xbf58_476d_1ce4_e5b9
        word = (word ^ word >> 27) &* 0x94d0_49bb_1331_11eb
        return word ^ word >> 31
    }
}

/// A directory that goes with its owner.
final class LogTestDirectory {
    let path: String
    var log: String { path + "/log" }

    init() throws {
        var template = Array("/tmp/mydocker-log-test.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw OperationError("create directory", errno: errno) }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    deinit { try? FileManager.default.removeItem(atPath: path) }

    func contents() throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: log))) }
    func setContents(_ bytes: some Collection<UInt8>) throws {
        try Data(bytes).write(to: URL(fileURLWithPath: log))
    }
}

/// Whether the container that writes a log is alive.
final class LogTestFlag: Sendable {
    private let value = Atomic(true)
    var isSet: Bool { value.load(ordering: .acquiring) }
    func clear() { value.store(false, ordering: .releasing) }
}

extension LogTestDirectory {
    /// Follows the log into a file, or another descriptor, until `running` is cleared.
    func follow(
        _ running: LogTestFlag, tail: Int? = nil, until: Timestamp? = nil, to descriptor: Int32? = nil
    ) -> Thread {
        let (log, target) = (log, path + "/out")
        let thread = Thread {
            let file = descriptor ?? open(target, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
            defer { close(file) }
            do {
                try LogReader.print(
                    path: log, tail: tail, until: until, follow: true, to: file, error: file,
                    isRunning: { running.isSet })
            } catch {
                Issue.record(error)
            }
        }
        thread.start()
        return thread
    }

    /// How many bytes it has shown by now.
    var shownCount: Int {
        var status = stat()
        return stat(path + "/out", &status) == 0 ? Int(status.st_size) : 0
    }

    /// What it has shown.
    func shown() throws -> [UInt8] { try [UInt8](Data(contentsOf: URL(fileURLWithPath: path + "/out"))) }
}

func waitForEnd(_ thread: Thread, seconds: Int = 20) -> Bool {
    for _ in 0..<seconds * 200 where !thread.isFinished { usleep(5000) }
    return thread.isFinished
}

extension LogLimits {
    init(size: Int64?, files: Int = 3) {
        self.init()
        maximumSize = size
        maximumFiles = files
    }
}

/// A record that outlives its reader.
struct OwnedRecord: Equatable {
    var stream: LogStream
    var time: String
    var bytes: [UInt8]

    init(_ record: LogRecord) {
        stream = record.stream
        time = String(decoding: record.time, as: UTF8.self)
        bytes = Array(record.bytes)
    }
}

extension LogWriter {
    /// One file without a limit.
    init(path: String) throws(OperationError) {
        try self.init(path: path, limits: LogLimits(size: nil))
    }

    mutating func write(_ stream: LogStream, _ bytes: [UInt8]) {
        bytes.withUnsafeBytes { write(stream: stream, bytes: $0) }
    }
    mutating func write(_ bytes: [UInt8]) { write(.stdout, bytes) }
    mutating func write(_ stream: LogStream, _ text: String) { write(stream, Array(text.utf8)) }
    mutating func write(_ text: String) { write(.stdout, text) }
}

func readRecords(_ reader: inout LogReader) throws -> [OwnedRecord] {
    var records: [OwnedRecord] = []
    while let record = try reader.next() { records.append(OwnedRecord(record)) }
    return records
}

func readRecords(_ path: String) throws -> [OwnedRecord] {
    var reader = try LogReader(path: path)
    return try readRecords(&reader)
}

func bytes(of stream: LogStream, in records: [OwnedRecord]) -> [UInt8] {
    records.filter { $0.stream == stream }.flatMap(\.bytes)
}

/// A line of a log with a time of the caller's choice.
func logLine(_ text: String, _ stream: String = "stdout", second: Int = 0) -> String {
    let time = Timestamp(nanoseconds: Int64(1_767_323_045 + second) * 1_000_000_000)
    return "{\"log\":\(JSON.quoted(text)),\"stream\":\"\(stream)\",\"time\":\"\(time)\"}\n"
}
