import Core
import Glibc
import Linux

/// Appends a container's output to its log.
///
/// All memory is set aside at the start and used again and again: this lives in the small process that stays
/// with the container. A log that cannot be written (full disk) loses records, which are counted; the
/// container goes on. A record lies in one file as a whole, also where another one begins.
package struct LogWriter: ~Copyable {
    private var sink: LogSink
    private var stdout = PartialLine()
    private var stderr = PartialLine()

    /// Opens the log at `path` for appending, or creates it.
    /// - Parameter forwarder: gets every line besides.
    package init(path: String, limits: LogLimits, forwarder: LogForwarder? = nil) throws(OperationError) {
        sink = try LogSink(LogFiles(path: path), limits, forwarder)
    }

    /// Goes on with the file that another writer has written.
    package init(_ file: consuming Descriptor, path: String, limits: LogLimits) throws(OperationError) {
        sink = try LogSink(LogFiles(path: path), limits, nil, file)
    }

    /// That of the file that is written.
    package var number: Int32 { sink.number }

    /// Bytes in the file that is written.
    package var size: Int64 { sink.size }
    /// Records that could not be written.
    package var droppedRecords: Int { sink.droppedRecords }

    /// What another writer has to write first, to go on where this one is: lines that are not whole yet.
    package var heldBack: [(stream: LogStream, bytes: [UInt8])] { [(.stdout, stdout.bytes), (.stderr, stderr.bytes)] }

    /// Records what was read from a stream: every line that is complete now, in one write(2) if they fit in 48 KiB
    /// and else in several, of whole records each.
    package mutating func write(stream: LogStream, bytes: UnsafeRawBufferPointer) {
        sink.clock.advance()
        switch stream {
        case .stdout: stdout.feed(bytes, .stdout, into: &sink)
        case .stderr: stderr.feed(bytes, .stderr, into: &sink)
        }
        sink.flush()
    }

    /// Records what has been held back because no newline came: the container has ended.
    package mutating func finish() {
        sink.clock.advance()
        stdout.end(.stdout, into: &sink)
        stderr.end(.stderr, into: &sink)
        sink.flush()
    }
}

/// The files, and the records on their way to them.
private struct LogSink: ~Copyable {
    private let files: LogFiles
    private let limits: LogLimits
    private var file: Descriptor
    private(set) var size: Int64
    private(set) var droppedRecords = 0
    /// The file does not end in a newline: a write was cut short, or a writer was killed during one.
    private var isTorn: Bool
    private var output = LogOutput()
    private let forwarder: LogForwarder?
    var clock = LogClock()

    init(_ files: LogFiles, _ limits: LogLimits, _ forwarder: LogForwarder?) throws(OperationError) {
        // Reading is for `endsTorn` alone.
        let file = try Descriptor.open(files.path, O_RDWR | O_CREAT | O_APPEND, as: "open log")
        try self.init(files, limits, forwarder, file)
    }

    init(
        _ files: LogFiles, _ limits: LogLimits, _ forwarder: LogForwarder?, _ file: consuming Descriptor
    ) throws(OperationError) {
        var status = stat()
        guard fstat(file.number, &status) == 0 else { throw OperationError("open log", files.path, errno: errno) }
        self.files = files
        self.limits = limits
        self.forwarder = forwarder
        size = Int64(status.st_size)
        isTorn = LogSink.endsTorn(file, size: size)
        self.file = file
    }

    var number: Int32 { file.number }

    /// - Parameter isPart: another part of the same line follows.
    mutating func append(_ text: UnsafeRawBufferPointer, _ stream: LogStream, isPart: Bool = false) {
        forwarder?.send(text, stream, isPart: isPart)
        if output.append(text, stream, time: clock.text) == .appended { return }
        flush()
        _ = output.append(text, stream, time: clock.text)
    }

    mutating func flush() {
        guard !output.isEmpty else { return }
        makeRoom()
        let bytes = output.bytes(endingTorn: isTorn)
        var written = 0
        while written < bytes.count, (try? FaultPoint.pass("write", files.path)) != nil {
            let count = Glibc.write(file.number, bytes.baseAddress.map { $0 + written }, bytes.count - written)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { break }
            written += count
        }
        settle(written, of: bytes)
        output.removeAll()
    }

    /// Begins another file when this one would become too large. Where that fails, records are worth more than the limit.
    private mutating func makeRoom() {
        let count = Int64(output.bytes(endingTorn: isTorn).count)
        guard let maximum = limits.maximumSize, size > 0, size + count > maximum,
            let new = try? files.rotate(file, keeping: limits.maximumFiles)
        else { return }
        file = new
        size = 0
        isTorn = false
    }

    private mutating func settle(_ written: Int, of bytes: UnsafeRawBufferPointer) {
        size += Int64(written)
        if written < bytes.count { droppedRecords += output.records(from: written + (isTorn ? 0 : 1)) }
        if written > 0 { isTorn = bytes[written - 1] != LogFormat.newline }
    }

    private static func endsTorn(_ file: borrowing Descriptor, size: Int64) -> Bool {
        var last: UInt8 = 0
        return size > 0 && pread(file.number, &last, 1, off_t(size - 1)) == 1 && last != LogFormat.newline
    }
}

/// The end of a stream's output that is not a whole line yet.
private struct PartialLine: ~Copyable {
    private let memory = PageMemory.allocate(byteCount: LogFormat.maximumText)
    private var count = 0
    var bytes: [UInt8] { Array(memory[..<count]) }

    deinit { PageMemory.deallocate(memory) }

    /// Appends every line that `bytes` completes, and pieces of lines that are too long; keeps the rest.
    mutating func feed(_ bytes: UnsafeRawBufferPointer, _ stream: LogStream, into sink: inout LogSink) {
        var rest = bytes
        while !rest.isEmpty {
            let window = UnsafeRawBufferPointer(rebasing: rest.prefix(memory.count - count))
            let line = LogLine.length(window)
            guard line > 0 || window.count == memory.count - count else { return hold(rest) }
            let taken = UnsafeRawBufferPointer(rebasing: rest.prefix(line > 0 ? line : window.count))
            let used = take(taken, isLine: line > 0, stream, &sink)
            rest = UnsafeRawBufferPointer(rebasing: rest.dropFirst(used))
        }
    }

    mutating func end(_ stream: LogStream, into sink: inout LogSink) {
        if count > 0 { sink.append(UnsafeRawBufferPointer(rebasing: memory[..<count]), stream) }
        count = 0
    }

    /// - Returns: how many of `bytes` are done with.
    private mutating func take(
        _ bytes: UnsafeRawBufferPointer, isLine: Bool, _ stream: LogStream, _ sink: inout LogSink
    ) -> Int {
        if count == 0 {
            let kept = isLine ? 0 : UTF8Sequence.unfinishedTail(of: bytes)
            sink.append(UnsafeRawBufferPointer(rebasing: bytes.dropLast(kept)), stream, isPart: !isLine)
            return bytes.count - kept
        }
        hold(bytes)
        let text = UnsafeRawBufferPointer(rebasing: memory[..<count])
        // A cut within a character would turn two records of text into two of base64.
        let kept = isLine ? 0 : UTF8Sequence.unfinishedTail(of: text)
        sink.append(UnsafeRawBufferPointer(rebasing: text.dropLast(kept)), stream, isPart: !isLine)
        memory.copyMemory(from: UnsafeRawBufferPointer(rebasing: text.suffix(kept)))
        count = kept
        return bytes.count
    }

    private mutating func hold(_ bytes: UnsafeRawBufferPointer) {
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }
}
