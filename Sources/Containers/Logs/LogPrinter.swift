import Core
import Glibc

/// Writes records of a log to where `logs` shows them, byte for byte.
package struct LogPrinter: ~Copyable {
    private let output: Int32
    private let error: Int32
    private let timestamps: Bool
    private let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: 65_536, alignment: 16)
    private var count = 0
    /// Whom `memory` is for: what a terminal shows has to keep the order of both streams.
    private var pending = LogStream.stdout
    /// Whether the next bytes of a stream begin a line, which a time is put before.
    private var outputBeginsLine = true
    private var errorBeginsLine = true

    /// - Parameters:
    ///   - output: gets what the container wrote to its standard output; neither descriptor is closed.
    ///   - timestamps: puts the time before every line.
    package init(output: Int32 = 1, error: Int32 = 2, timestamps: Bool) {
        self.output = output
        self.error = error
        self.timestamps = timestamps
    }

    deinit { memory.deallocate() }

    /// - Throws: EPIPE when nobody reads any more, which is no failure of `logs`.
    package mutating func print(_ record: LogRecord) throws(OperationError) {
        if record.stream != pending { try flush() }
        pending = record.stream
        if timestamps, beginsLine(record) {
            try put(record.time)
            try put(UnsafeRawBufferPointer(start: LogPrinter.space.utf8Start, count: 1))
        }
        try put(record.bytes)
    }

    /// Writes out what is still in memory.
    package mutating func flush() throws(OperationError) {
        var written = 0
        defer { count = 0 }
        while written < count {
            let rest = UnsafeRawBufferPointer(rebasing: memory[written..<count])
            let result = write(pending == .stdout ? output : error, rest.baseAddress, rest.count)
            if result >= 0 {
                written += result
            } else if errno != EINTR {
                try waitUntilWritable(errno)
            }
        }
    }

    private static let space: StaticString = " "

    private mutating func put(_ bytes: UnsafeRawBufferPointer) throws(OperationError) {
        if memory.count - count < bytes.count { try flush() }
        // The bytes are a record's or a part of it: they fit.
        UnsafeMutableRawBufferPointer(rebasing: memory[count...]).copyMemory(from: bytes)
        count += bytes.count
    }

    private mutating func beginsLine(_ record: LogRecord) -> Bool {
        switch record.stream {
        case .stdout:
            defer { outputBeginsLine = record.endsLine }
            return outputBeginsLine
        case .stderr:
            defer { errorBeginsLine = record.endsLine }
            return errorBeginsLine
        }
    }

    /// Whoever gave us the descriptor may have made it non-blocking.
    private func waitUntilWritable(_ failure: Int32) throws(OperationError) {
        guard failure == EAGAIN else {
            throw OperationError("write", pending == .stdout ? "standard output" : "standard error", errno: failure)
        }
        var request = pollfd(fd: pending == .stdout ? output : error, events: Int16(POLLOUT), revents: 0)
        poll(&request, 1, -1)
    }
}
