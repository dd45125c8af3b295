import Core
import Glibc

/// One record of a log. It lies in the reader's memory, and only until the reader is asked for the next one.
package struct LogRecord {
    package let stream: LogStream
    /// Characters like `2026-01-02T03:04:05.123456789Z`.
    package let time: UnsafeRawBufferPointer
    /// A line with its newline, a piece of a long line, or the end of a stream that had none.
    package let bytes: UnsafeRawBufferPointer

    package var endsLine: Bool { bytes.last == LogFormat.newline }

    /// Decodes a line (without its newline) where it lies, which destroys it.
    /// - Returns: nil when it is torn, or was not written by `LogWriter`.
    init?(decoding line: UnsafeMutableRawBufferPointer) {
        var scanner = LogScanner(UnsafeRawBufferPointer(line))
        guard scanner.skip(LogFormat.head), let text = scanner.skipString(),
            let stream = scanner.skipMiddle(), let time = scanner.skipTime(), let isBase64 = scanner.skipEnd()
        else { return nil }
        let target = UnsafeMutableRawBufferPointer(rebasing: line[text])
        guard let count = isBase64 ? Base64.decode(inPlace: target) : LogEscapes.decode(inPlace: target) else {
            return nil
        }
        self.stream = stream
        self.time = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(line)[time])
        bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(target)[..<count])
    }
}

/// Finds the parts of a record.
private struct LogScanner {
    private let line: UnsafeRawBufferPointer
    private var index = 0

    init(_ line: UnsafeRawBufferPointer) { self.line = line }

    mutating func skip(_ text: StaticString) -> Bool { skip(text, text.utf8CodeUnitCount) }

    private mutating func skip(_ text: StaticString, _ count: Int) -> Bool {
        guard line.count - index >= count, let base = line.baseAddress, memcmp(base + index, text.utf8Start, count) == 0
        else { return false }
        index += count
        return true
    }

    /// Goes on to the quote that ends a string.
    mutating func skipString() -> Range<Int>? {
        let start = index
        while let base = line.baseAddress, index < line.count {
            if line.count - index >= 8 {
                let plain = EightBytes(base + index).plainBeforeQuote
                index += plain
                if plain == 8 { continue }
            }
            switch line[index] {
            case LogFormat.quote: return start..<index
            case LogFormat.backslash: index += 2
            default: index += 1
            }
        }
        return nil
    }

    mutating func skipMiddle() -> LogStream? {
        if skip(LogFormat.middle(.stdout)) { return .stdout }
        return skip(LogFormat.middle(.stderr)) ? .stderr : nil
    }

    mutating func skipTime() -> Range<Int>? {
        let start = index
        index += LogFormat.timeLength
        return index < line.count ? start..<index : nil
    }

    /// - Returns: whether the text is base64; nil when the record does not end here.
    mutating func skipEnd() -> Bool? {
        // The newline at its end is not part of the line any more.
        let isBase64 = skip(LogFormat.base64End, LogFormat.base64End.utf8CodeUnitCount - 1)
        guard isBase64 || skip(LogFormat.plainEnd, LogFormat.plainEnd.utf8CodeUnitCount - 1) else { return nil }
        return index == line.count ? isBase64 : nil
    }
}

/// The escapes that `LogOutput` makes.
private enum LogEscapes {
    /// Replaces the inside of a JSON string by what it stands for; never ahead of what is still to be read, as no
    /// escape is shorter than what it stands for.
    /// - Returns: how many bytes, or nil when it is not valid.
    static func decode(inPlace text: UnsafeMutableRawBufferPointer) -> Int? {
        guard let base = text.baseAddress else { return 0 }
        var index = 0
        var count = 0
        while index < text.count {
            if text.count - index >= 8 {
                let bytes = EightBytes(base + index)
                if bytes.plainBeforeQuote == 8 {
                    base.storeBytes(of: bytes.word.littleEndian, toByteOffset: count, as: UInt64.self)
                    index += 8
                    count += 8
                    continue
                }
            }
            if text[index] == LogFormat.backslash {
                guard let (byte, length) = escape(UnsafeRawBufferPointer(rebasing: text[index...])) else { return nil }
                text[count] = byte
                index += length
            } else {
                text[count] = text[index]
                index += 1
            }
            count += 1
        }
        return count
    }

    private static func escape(_ text: UnsafeRawBufferPointer) -> (byte: UInt8, length: Int)? {
        guard text.count >= 2 else { return nil }
        switch text[1] {
        case UInt8(ascii: "n"): return (LogFormat.newline, 2)
        case UInt8(ascii: "r"): return (0x0d, 2)
        case UInt8(ascii: "t"): return (0x09, 2)
        case LogFormat.quote, LogFormat.backslash: return (text[1], 2)
        case UInt8(ascii: "u"): return control(text).map { ($0, 6) }
        default: return nil
        }
    }

    /// `\u0000` to `\u001f`.
    private static func control(_ text: UnsafeRawBufferPointer) -> UInt8? {
        guard text.count >= 6, text[2] == UInt8(ascii: "0"), text[3] == UInt8(ascii: "0"),
            (UInt8(ascii: "0")...UInt8(ascii: "1")).contains(text[4]), text[5].isLowercaseHexDigit
        else { return nil }
        let low = text[5].isDigit ? text[5] - UInt8(ascii: "0") : text[5] - UInt8(ascii: "a") + 10
        return (text[4] - UInt8(ascii: "0")) << 4 | low
    }
}
