import Core
import Glibc
import Linux

/// The caller's input on its way into the container.
final class InputChannel {
    private let source: InputSource
    private var target: Descriptor?
    /// The target's other end: of a file, what the program has not read there is not used up.
    private let meter: Descriptor?
    private let isTerminal: Bool
    /// The caller's pipe is left as it is until the program has read.
    private let copies: Bool
    private let buffer = PageMemory.allocate(byteCount: 4096)
    private var pending: Range<Int> = 0..<0
    /// Bytes of the caller's pipe that are in the program's as well.
    private var copied = 0
    private var isAtLineStart = true
    private var isAtEnd = false
    private var isStopped = false
    /// When a terminal is told again that there is no more.
    private(set) var nextEnd: Deadline?

    private var filter: DetachFilter?
    /// The detach keys have been typed.
    var isDetached: Bool { filter?.isComplete ?? false }

    init(
        source: Int32, target: consuming Descriptor, isTerminal: Bool, meter: consuming Descriptor?,
        detachKeys: DetachKeys?
    ) {
        filter = detachKeys.map { DetachFilter($0) }
        target.setNonBlocking()
        self.source = InputSource(source)
        self.isTerminal = isTerminal
        copies = self.source.kind == .pipe && !isTerminal
        if copies { UnblockedTransfer.shrink(target.number) }
        self.target = Optional(target)
        self.meter = meter
    }

    deinit { PageMemory.deallocate(buffer) }

    var request: pollfd {
        if isStopped { return pollfd(fd: -1, events: 0, revents: 0) }
        return pending.isEmpty && copied == 0
            ? pollfd(fd: isAtEnd ? -1 : source.number, events: Int16(POLLIN), revents: 0)
            : pollfd(fd: target.number, events: Int16(POLLOUT), revents: 0)
    }

    /// - Parameter isReady: what `request` asked for has come.
    func advance(isReady: Bool) {
        if isStopped { return }
        if isReady { transfer() }
        if nextEnd?.millisecondsLeft == 0 {
            nextEnd = nil
            typeEnd()
        }
    }

    private func transfer() {
        if copies { copy() } else if pending.isEmpty { fill() } else { flush() }
    }

    /// One buffer after the other: when the program's pipe is empty, that buffer is used up.
    private func copy() {
        if copied > 0 {
            UnblockedTransfer.discard(copied, of: source.number)
            copied = 0
            return
        }
        let count = UnblockedTransfer.tee(source.number, to: target.number)
        if count > 0 {
            copied = count
        } else if count != -Int(EAGAIN), count != -Int(EINTR) {
            isAtEnd = true
            target = nil
        }
    }

    private func fill() {
        let room = buffer.count - (filter?.heldCount ?? 0)
        var count = source.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]))
        if count > 0 {
            if let passed = filter?.feed(buffer[..<count]) {
                buffer.copyBytes(from: passed)
                count = passed.count
            }
            pending = 0..<count
            if count == 0 { return }
            isAtLineStart = buffer[count - 1] == 0x0a
            // What was typed before the keys is the program's; but nobody waits for it to be read.
            if isDetached { flush() }
        } else if count != -Int(EAGAIN), count != -Int(EINTR) {
            isAtEnd = true
            if isTerminal { typeEnd() } else { target = nil }
        }
    }

    /// Control-D: at the start of a line it is the end, behind other characters it only sends those off (termios(3)).
    private func typeEnd() {
        guard target != nil else { return }
        let count = isAtLineStart ? 1 : 2
        isAtLineStart = true
        for index in 0..<count { buffer[index] = 0x04 }
        pending = 0..<count
    }

    private func flush() {
        let chunk = UnsafeRawBufferPointer(rebasing: buffer[pending])
        let count = write(target.number, chunk.baseAddress, chunk.count)
        if count >= 0 {
            pending = pending.dropFirst(count)
            // A pipe's end is there for everyone who reads, a terminal's only for the one who reads next: it is typed
            // again and again.
            if pending.isEmpty, isTerminal, isAtEnd { nextEnd = Deadline(milliseconds: 100) }
        } else if errno != EAGAIN, errno != EINTR {
            pending = 0..<0
            isAtEnd = true
            target = nil
        }
    }

    /// Nothing more is read: a terminal that is somebody else's by now would stop this process (SIGTTIN).
    func stop() {
        isStopped = true
        nextEnd = nil
    }

    /// The program has ended.
    func settle() {
        guard meter != nil else { return }
        let unread = UnblockedTransfer.bytesInPipe(meter.number)
        if copies {
            UnblockedTransfer.discard(copied - unread, of: source.number)
        } else {
            source.settle(unused: pending.count + unread)
        }
    }
}
