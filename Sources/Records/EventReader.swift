import Core
import Glibc
import Linux

/// Reads events in the order in which they were written. The files that it has begun it keeps open: a line that somebody
/// writes into one that has another name by now is still read.
package struct EventReader: ~Copyable {
    /// So many files are kept: no writer is behind by more than the time between its open and its write.
    private static let most = 4

    private let log: EventLog
    private var files: [EventFile] = []

    /// - Parameter isNewOnly: what is there already is passed over.
    package init(_ log: EventLog, isNewOnly: Bool) {
        self.log = log
        look()
        if isNewOnly { for file in files { file.skip() } }
    }

    /// All that has been written since the last call.
    package mutating func next() -> [Event] {
        // First, so that what a file got before it was renamed comes before the next one's.
        var events = files.flatMap { $0.read() }
        if look() { events += files.flatMap { $0.read() } }
        return events
    }

    /// Takes up files that others have begun.
    @discardableResult
    private mutating func look() -> Bool {
        let found = [log.path, log.former].compactMap { EventFile($0) }.reversed()
        let new = found.filter { file in !files.contains { $0.inode == file.inode } }
        // Renamed between the two looks, it is found twice.
        for file in new where !files.contains(where: { $0.inode == file.inode }) { files.append(file) }
        files = files.suffix(Self.most)
        return !new.isEmpty
    }
}

private final class EventFile {
    let inode: ino_t
    private let file: Descriptor
    private var offset: off_t = 0
    /// The beginning of a line whose end is not there yet.
    private var rest: [UInt8] = []

    /// Nil when there is none.
    init?(_ path: String) {
        guard let file = try? Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return nil }
        var status = stat()
        guard fstat(file.number, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
        inode = status.st_ino
        self.file = file
    }

    func skip() { offset = max(0, lseek(file.number, 0, SEEK_END)) }

    func read() -> [Event] {
        lseek(file.number, offset, SEEK_SET)
        guard let bytes = try? Files.read(file, named: "events"), !bytes.isEmpty else { return [] }
        offset += off_t(bytes.count)
        let lines = (rest + bytes).split(separator: 0x0a, omittingEmptySubsequences: false)
        rest = Array(lines.last ?? [])
        return lines.dropLast().compactMap { line in
            // What cannot be read was written half, or by a newer mydocker.
            (try? JSON(parsing: Array(line))).flatMap { try? Event(RecordReader($0)) }
        }
    }
}

/// Waits for further events.
package struct EventWatch: ~Copyable {
    /// Milliseconds: how often somebody looks whom the kernel does not tell (no inotify instance left).
    private static let patience: Int32 = 100

    private let notifications: Descriptor?
    /// Of whoever reads what comes of it.
    private let output: Int32

    package init(_ layout: Layout, output: Int32) {
        self.output = output
        let number = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
        guard number >= 0 else {
            notifications = nil
            return
        }
        let mask = UInt32(IN_MODIFY) | UInt32(IN_CREATE) | UInt32(IN_MOVED_TO)
        let isWatched = layout.runtime.withKernelString { inotify_add_watch(number, $0, mask) } >= 0
        let descriptor = Descriptor(owning: number)
        if isWatched { notifications = consume descriptor } else { notifications = nil }
    }

    /// - Parameter end: when to come back at the latest; nil never.
    /// - Returns: whether anybody reads still.
    package func wait(until end: Timestamp?) -> Bool {
        let left = end.map { max(0, $0.nanoseconds(since: .now()) / 1_000_000 + 1) } ?? .max
        let limit = notifications == nil ? Int64(Self.patience) : Int64(Int32.max)
        // Without events asked for, poll reports errors only: the reader's end of a pipe was closed.
        var requests = [
            pollfd(fd: notifications.number, events: Int16(POLLIN), revents: 0),
            pollfd(fd: output, events: 0, revents: 0),
        ]
        Polling.wait(
            for: &requests, milliseconds: left == .max && limit == Int64(Int32.max) ? -1 : Int32(min(left, limit)))
        drain()
        return requests[1].revents & Int16(POLLERR | POLLHUP) == 0
    }

    private func drain() {
        withUnsafeTemporaryAllocation(byteCount: 4096, alignment: 8) { memory in
            while Glibc.read(notifications.number, memory.baseAddress, memory.count) > 0 {}
        }
    }
}
