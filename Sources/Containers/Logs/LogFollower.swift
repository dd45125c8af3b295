import Core
import Glibc
import Linux

extension LogReader {
    /// Shows a log: standard output on `output`, standard error on `error`.
    ///
    /// A log that does not exist has nothing to show: the container has not been started, or is just being removed.
    /// Of one that grows into other files, each line is shown, unless it is overwritten before it is read.
    /// - Parameters:
    ///   - tail: only the last so many lines of those that `since` and `until` leave.
    ///   - follow: goes on as the log grows, until `isRunning` says that the container has ended (its supervisor has
    ///     finished the log before), the log has been removed, `until` has passed or nobody reads `output` any more.
    ///   - isRunning: asked when nothing was written for a tenth of a second and when the writer closes the log.
    /// - Throws: EPIPE when nobody reads any more. SIGPIPE has to be ignored for that.
    package static func print(
        path: String, tail: Int? = nil, timestamps: Bool = false, since: Timestamp? = nil, until: Timestamp? = nil,
        follow: Bool = false, to output: Int32 = 1, error: Int32 = 2, isRunning: () -> Bool
    ) throws(OperationError) {
        var reader: LogReader
        do throws(OperationError) {
            reader = try LogReader(path: path)
        } catch {
            if error.errno == ENOENT { return }
            throw error
        }
        var printer = LogPrinter(output: output, error: error, timestamps: timestamps)
        let filter = LogFilter(since: since, until: until)
        // A container that writes faster than this is read must not keep us for ever.
        if !follow { reader.end = reader.newest.size }
        if let tail { try reader.seek(toLast: max(0, tail), filter) }
        guard follow else { return try reader.copy(to: &printer, filter) }
        var watch = LogWatch(output: output)
        watch.move(to: reader.newest)
        var event = LogWatch.Event.quiet
        while event != .outputClosed {
            // Asked before reading: what was written before the end is in the files by then.
            let isOver = !reader.mayGrow(until: until) || event == .quiet && !isRunning()
            if try reader.findNewer() { watch.move(to: reader.newest) }
            try reader.copy(to: &printer, filter)
            if isOver { return }
            event = watch.wait()
        }
    }

    /// Shows all that there is now.
    private mutating func copy(to printer: inout LogPrinter, _ filter: LogFilter) throws(OperationError) {
        while let record = try next() {
            if filter.includes(record) { try printer.print(record) }
        }
        try printer.flush()
    }

    private func mayGrow(until: Timestamp?) -> Bool {
        if let until, Timestamp.now() > until { return false }
        return Files.exists(files.path)
    }
}

/// Waits for a log to change.
private struct LogWatch: ~Copyable {
    enum Event {
        case grown
        /// Nothing was written for a while, or the writer has closed the log: time to see whether it still runs.
        case quiet
        case outputClosed
    }

    /// Milliseconds; also how often a log is read that the kernel does not watch for us (no inotify instance left).
    private static let patience: Int32 = 100

    private let notifications: Descriptor?
    private var watched: Int32 = -1
    private let output: Int32

    init(output: Int32) {
        self.output = output
        let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        notifications = number >= 0 ? Descriptor(owning: number) : nil
    }

    mutating func move(to file: LogFile) {
        if watched >= 0 { inotify_rm_watch(notifications.number, watched) }
        // Through the open file, so that it is this one whatever the path means by now. A rotation changes its links.
        let mask = UInt32(IN_MODIFY) | UInt32(IN_CLOSE_WRITE) | UInt32(IN_ATTRIB)
        watched = inotify_add_watch(notifications.number, "/proc/self/fd/\(file.descriptor.number)", mask)
    }

    func wait() -> Event {
        // Without events asked for, poll reports errors only: the reader's end of a pipe was closed.
        var requests = (
            pollfd(fd: notifications.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: 0, revents: 0)
        )
        let count = withUnsafeMutableBytes(of: &requests) { memory in
            poll(memory.assumingMemoryBound(to: pollfd.self).baseAddress, 2, Self.patience)
        }
        guard count > 0 else { return .quiet }
        if requests.1.revents & Int16(POLLERR | POLLHUP) != 0 { return .outputClosed }
        return read()
    }

    /// Takes what has been reported.
    private func read() -> Event {
        var event = Event.quiet
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { memory in
            let count = Glibc.read(notifications.number, memory.baseAddress, memory.count)
            var index = 0
            while index < count {
                let report = memory.load(fromByteOffset: index, as: inotify_event.self)
                event = report.mask & UInt32(IN_MODIFY) != 0 ? .grown : .quiet
                index += MemoryLayout<inotify_event>.size + Int(report.len)
            }
        }
        return event
    }
}
