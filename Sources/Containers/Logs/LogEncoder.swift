import Glibc
import Linux

/// Memory that is filled with whole records, for one write(2).
struct LogOutput: ~Copyable {
    /// What `append` made of a record.
    enum Outcome {
        case appended
        /// There is no room: write out first.
        case full
    }

    private let memory = PageMemory.allocate(byteCount: 1 + LogFormat.maximumRecord)
    private var count = 1

    // The first byte stays a newline, for a write that has to end a torn record before its own.
    init() { memory[0] = LogFormat.newline }
    deinit { PageMemory.deallocate(memory) }

    var isEmpty: Bool { count == 1 }
    mutating func removeAll() { count = 1 }

    /// What to write; with a newline in front if `endingTorn`.
    func bytes(endingTorn: Bool) -> UnsafeRawBufferPointer {
        UnsafeRawBufferPointer(rebasing: memory[(endingTorn ? 0 : 1)..<count])
    }

    /// How many records are lost when nothing is written from `index` of the memory on: each has one newline.
    func records(from index: Int) -> Int { memory[max(1, index)..<count].count { $0 == LogFormat.newline } }

    mutating func append(_ text: UnsafeRawBufferPointer, _ stream: LogStream, time: UnsafeRawPointer) -> Outcome {
        let start = count
        guard memory.count - start >= LogFormat.overhead else { return .full }
        put(LogFormat.head)
        switch escape(text) {
        case .done: end(stream, time, LogFormat.plainEnd)
        case .full where start > 1:
            count = start
            return .full
        case .full, .notText:
            count = start
            return appendBase64(text, stream, time: time)
        }
        return .appended
    }

    private mutating func appendBase64(
        _ text: UnsafeRawBufferPointer, _ stream: LogStream, time: UnsafeRawPointer
    ) -> Outcome {
        guard memory.count - count >= LogFormat.overhead + (text.count + 2) / 3 * 4 else { return .full }
        put(LogFormat.head)
        count += Base64.encode(text, to: memory, at: count)
        end(stream, time, LogFormat.base64End)
        return .appended
    }

    private mutating func end(_ stream: LogStream, _ time: UnsafeRawPointer, _ last: StaticString) {
        put(LogFormat.middle(stream))
        put(UnsafeRawBufferPointer(start: time, count: LogFormat.timeLength))
        put(last)
    }

    private mutating func put(_ text: StaticString) {
        put(UnsafeRawBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
    }

    private mutating func put(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }
}

// MARK: - Escapes

extension LogOutput {
    private enum Escaping {
        case done
        case full
        case notText
    }

    /// Appends `text` as the inside of a JSON string. What it has appended unless `.done` is for the caller to drop.
    private mutating func escape(_ text: UnsafeRawBufferPointer) -> Escaping {
        // A step writes less than half of what is set aside here, the end of a record less than the other half.
        let limit = memory.count - LogFormat.overhead
        var index = 0
        while index < text.count {
            guard count <= limit else { return .full }
            index += copyPlain(text, index)
            guard index < text.count else { break }
            let byte = text[index]
            if byte >= 0x80 {
                let length = copySequences(text, index)
                guard length > 0 else { return .notText }
                index += length
            } else if needsEscape(byte) {
                escape(byte)
                index += 1
            }
        }
        return count <= limit ? .done : .full
    }

    /// Copies at most eight bytes that need no escape.
    /// - Returns: how many.
    private mutating func copyPlain(_ text: UnsafeRawBufferPointer, _ index: Int) -> Int {
        guard let source = text.baseAddress, let target = memory.baseAddress else { return 0 }
        guard text.count - index >= 8 else {
            let byte = text[index]
            guard byte < 0x80, !needsEscape(byte) else { return 0 }
            target.storeBytes(of: byte, toByteOffset: count, as: UInt8.self)
            count += 1
            return 1
        }
        let bytes = EightBytes(source + index)
        // Bytes behind the plain ones are overwritten by what comes next.
        target.storeBytes(of: bytes.word.littleEndian, toByteOffset: count, as: UInt64.self)
        count += bytes.plainBeforeEscape
        return bytes.plainBeforeEscape
    }

    /// Copies at most 64 bytes of characters beyond ASCII.
    /// - Returns: how many; 0 when there is no valid one at `start`.
    private mutating func copySequences(_ text: UnsafeRawBufferPointer, _ start: Int) -> Int {
        var index = start
        while index < text.count, text[index] >= 0x80, index - start <= 60 {
            let length = UTF8Sequence.length(in: text, at: index)
            guard length > 0 else { break }
            for offset in 0..<length { memory[count + offset] = text[index + offset] }
            count += length
            index += length
        }
        return index - start
    }

    private func needsEscape(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == LogFormat.quote || byte == LogFormat.backslash
    }

    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case LogFormat.newline: put("\\n")
        case 0x0d: put("\\r")
        case 0x09: put("\\t")
        case LogFormat.quote: put("\\\"")
        case LogFormat.backslash: put("\\\\")
        default:
            put("\\u00")
            memory[count] = UInt8(ascii: "0") + byte >> 4
            memory[count + 1] = byte & 15 < 10 ? UInt8(ascii: "0") + byte & 15 : UInt8(ascii: "a") + byte & 15 - 10
            count += 2
        }
    }
}

/// UTF-8 as RFC 3629 defines it: no overlong forms, no surrogates, nothing above U+10FFFF.
enum UTF8Sequence {
    /// The length of the sequence of two to four bytes at `index`, or 0 when there is no valid one.
    static func length(in text: UnsafeRawBufferPointer, at index: Int) -> Int {
        let lead = text[index]
        let length = self.length(lead: lead)
        guard length > 1, text.count - index >= length, secondBytes(after: lead).contains(text[index + 1]),
            length < 3 || text[index + 2] & 0xc0 == 0x80, length < 4 || text[index + 3] & 0xc0 == 0x80
        else { return 0 }
        return length
    }

    /// How many bytes at the end of `text` begin a sequence that may go on behind it: 0 to 3.
    static func unfinishedTail(of text: UnsafeRawBufferPointer) -> Int {
        for back in 1...3 where back <= text.count {
            let byte = text[text.count - back]
            if byte & 0xc0 == 0x80 { continue }
            return length(lead: byte) > back ? back : 0
        }
        return 0
    }

    private static func length(lead: UInt8) -> Int {
        switch lead {
        case 0xc2...0xdf: 2
        case 0xe0...0xef: 3
        case 0xf0...0xf4: 4
        default: 0
        }
    }

    private static func secondBytes(after lead: UInt8) -> ClosedRange<UInt8> {
        switch lead {
        case 0xe0: 0xa0...0xbf
        case 0xed: 0x80...0x9f
        case 0xf0: 0x90...0xbf
        case 0xf4: 0x80...0x8f
        default: 0x80...0xbf
        }
    }
}
