import Core
import Glibc

/// Which of its outputs a container wrote to.
package enum LogStream: String, CaseIterable, Sendable {
    case stdout
    case stderr
}

/// The file format of logs: Docker's json-file, one record a line.
///
///     {"log":"hello\n","stream":"stdout","time":"2026-01-02T03:04:05.123456789Z"}
///
/// A JSON string holds Unicode only, but a container may write any bytes, and `logs` has to give back exactly
/// those. A record whose bytes are not UTF-8 therefore has them in base64, and says so in a member of its own.
enum LogFormat {
    /// A longer line is cut into records of at most this many bytes; only the last one ends in a newline.
    static let maximumText = 16_384
    /// No record is longer, with its newline: the writer's memory for one write(2), and the reader's for one line.
    /// Text that escapes would stretch beyond this is written in base64 as well, which grows by a third only.
    static let maximumRecord = 49_152
    /// Room for everything in a record but the text.
    static let overhead = 192
    /// Characters of `2026-01-02T03:04:05.123456789Z`.
    static let timeLength = 30

    static let newline = UInt8(ascii: "\n")
    static let quote = UInt8(ascii: "\"")
    static let backslash = UInt8(ascii: "\\")

    static let head: StaticString = "{\"log\":\""
    static let plainEnd: StaticString = "\"}\n"
    static let base64End: StaticString = "\",\"encoding\":\"base64\"}\n"

    /// What is between the text and the time.
    static func middle(_ stream: LogStream) -> StaticString {
        switch stream {
        case .stdout: "\",\"stream\":\"stdout\",\"time\":\""
        case .stderr: "\",\"stream\":\"stderr\",\"time\":\""
        }
    }
}

/// Eight bytes looked at together.
struct EightBytes {
    static let ones: UInt64 = 0x0101_0101_0101_0101
    static let tops: UInt64 = 0x8080_8080_8080_8080

    let word: UInt64

    init(_ memory: UnsafeRawPointer) { word = UInt64(littleEndian: memory.loadUnaligned(as: UInt64.self)) }

    /// How many bytes stand before the first that a JSON string cannot hold as it is, or that is not ASCII.
    var plainBeforeEscape: Int { Self.before(word | below(0x20) | equal(LogFormat.quote) | equal(LogFormat.backslash)) }
    /// How many bytes stand before the first quote or backslash.
    var plainBeforeQuote: Int { Self.before(equal(LogFormat.quote) | equal(LogFormat.backslash)) }

    var hasNewline: Bool { equal(LogFormat.newline) & Self.tops != 0 }

    // A borrow makes bytes above a hit look like hits too, but never one below it: the first hit is right.
    private func below(_ limit: UInt8) -> UInt64 { (word &- Self.ones &* UInt64(limit)) & ~word }
    private func equal(_ byte: UInt8) -> UInt64 {
        let difference = word ^ Self.ones &* UInt64(byte)
        return (difference &- Self.ones) & ~difference
    }
    private static func before(_ hits: UInt64) -> Int { (hits & tops).trailingZeroBitCount / 8 }
}

/// The time of records as text, made without a new string for each.
struct LogClock: ~Copyable {
    let text = UnsafeMutableRawPointer.allocate(byteCount: LogFormat.timeLength, alignment: 8)
    private var second: Int64 = -1

    deinit { text.deallocate() }

    mutating func advance(to now: Timestamp = .now()) {
        let second = now.nanoseconds / 1_000_000_000
        if second != self.second {
            self.second = second
            write(Timestamp(nanoseconds: second * 1_000_000_000))
        }
        var fraction = now.nanoseconds % 1_000_000_000
        for index in stride(from: 28, through: 20, by: -1) {
            let digit = UInt8(ascii: "0") + UInt8(truncatingIfNeeded: fraction % 10)
            text.storeBytes(of: digit, toByteOffset: index, as: UInt8.self)
            fraction /= 10
        }
    }

    private func write(_ moment: Timestamp) {
        for (index, byte) in moment.description.utf8.prefix(LogFormat.timeLength).enumerated() {
            text.storeBytes(of: byte, toByteOffset: index, as: UInt8.self)
        }
    }
}

enum LogLine {
    /// The length of the first line with its newline; 0 when there is no newline.
    static func length(_ bytes: UnsafeRawBufferPointer) -> Int {
        guard let base = bytes.baseAddress, let end = memchr(base, Int32(LogFormat.newline), bytes.count) else {
            return 0
        }
        return UnsafeRawPointer(end) - base + 1
    }

    /// What follows the last newline before `end`; nil when there is none.
    static func lastStart(_ bytes: UnsafeRawBufferPointer, before end: Int) -> Int? {
        guard let base = bytes.baseAddress else { return nil }
        var end = end
        while end >= 8, !EightBytes(base + end - 8).hasNewline { end -= 8 }
        while end > 0, bytes[end - 1] != LogFormat.newline { end -= 1 }
        return end > 0 ? end : nil
    }
}
