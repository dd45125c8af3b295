import Core
import Glibc
import Linux

/// Reads a log from its start, or from its last lines, in constant memory: its files one after the other.
///
/// A torn line (full disk, killed writer) is passed over. One at the end of the last file may only not be complete yet:
/// it is read when it is.
package struct LogReader: ~Copyable {
    let files: LogFiles
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    /// The file that is read now.
    private(set) var file: LogFile
    /// Those behind it.
    private(set) var newer: [LogFile]
    /// What has been read and not been passed on, within `memory`.
    private var unread = 0..<0
    /// Where in the file the next read begins.
    private var offset: Int64 = 0
    /// Nothing behind this is read in the last file.
    package var end = Int64.max
    /// Within a line that is longer than any record.
    private var isSkippingLine = false

    package init(path: String) throws(OperationError) {
        let files = LogFiles(path: path)
        let all = try files.open()
        guard let oldest = all.first else { throw OperationError("open log", path, errno: ENOENT) }
        self.files = files
        file = oldest
        newer = Array(all.dropFirst())
    }

    deinit { memory.deallocate() }

    /// The file that was written when the log was opened, or last looked at.
    var newest: LogFile { newer.last ?? file }

    /// Goes on at a place that a line begins at.
    mutating func seek(to offset: Int64, in file: LogFile, before newer: [LogFile]) {
        self.file = file
        self.newer = newer
        self.offset = offset
        unread = 0..<0
        isSkippingLine = false
    }

    /// Takes up the files that the writer has begun since.
    ///
    /// What is read next is all that the last file has got before, as nothing is added to it any more.
    /// - Returns: whether there are any.
    mutating func findNewer() throws(OperationError) -> Bool {
        guard let identity = LogIdentity(of: files.path), identity != newest.identity else { return false }
        let all = try files.open()
        let known = newest.identity
        // One that is not among them any more is older than all.
        let first = all.firstIndex { $0.identity == known }.map { $0 + 1 } ?? 0
        newer += all[first...]
        return first < all.count
    }

    /// The next complete record, which lies in the reader's memory until the next call; nil when there is none now.
    package mutating func next() throws(OperationError) -> LogRecord? {
        while true {
            if let line = takeLine() {
                if let record = LogRecord(decoding: line) { return record }
            } else if try !fill() {
                guard let file = newer.first else { return nil }
                seek(to: 0, in: file, before: Array(newer.dropFirst()))
            }
        }
    }

    private mutating func takeLine() -> UnsafeMutableRawBufferPointer? {
        let length = LogLine.length(UnsafeRawBufferPointer(rebasing: memory[unread]))
        guard length > 0 else { return nil }
        let line = UnsafeMutableRawBufferPointer(rebasing: memory[unread].prefix(length - 1))
        unread = unread.dropFirst(length)
        // No record is empty: the end of a line that was too long is skipped like one that cannot be decoded.
        defer { isSkippingLine = false }
        return isSkippingLine ? UnsafeMutableRawBufferPointer(rebasing: line.prefix(0)) : line
    }

    /// - Returns: whether something was read.
    private mutating func fill() throws(OperationError) -> Bool {
        makeRoom()
        let end = newer.isEmpty ? end : .max
        let room = memory[unread.upperBound...].prefix(Int(max(0, end - offset)))
        let count = try file.read(UnsafeMutableRawBufferPointer(rebasing: room), at: offset)
        offset += Int64(count)
        unread = unread.lowerBound..<unread.upperBound + count
        return count > 0
    }

    private mutating func makeRoom() {
        if unread.count == memory.count {
            isSkippingLine = true
            unread = 0..<0
        }
        memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: memory[unread]))
        unread = 0..<unread.count
    }
}

/// Which records are wanted.
package struct LogFilter {
    /// Times of records compare like their texts, which all have the same form.
    private let since: [UInt8]?
    private let until: [UInt8]?

    /// Both ends are included.
    package init(since: Timestamp? = nil, until: Timestamp? = nil) {
        self.since = since.map(LogFilter.text)
        self.until = until.map(LogFilter.text)
    }

    package func includes(_ record: LogRecord) -> Bool {
        if let since, compare(record.time, since) < 0 { return false }
        if let until, compare(record.time, until) > 0 { return false }
        return true
    }

    private func compare(_ time: UnsafeRawBufferPointer, _ limit: [UInt8]) -> Int32 {
        guard let base = time.baseAddress else { return 0 }
        return memcmp(base, limit, min(time.count, limit.count))
    }

    private static func text(_ moment: Timestamp) -> [UInt8] {
        Array(Timestamp(nanoseconds: max(0, moment.nanoseconds)).description.utf8)
    }
}
