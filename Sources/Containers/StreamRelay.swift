import Core
import Glibc
import Linux

/// A write to the caller's side that failed.
package struct LostOutput: Equatable, Sendable {
    /// The descriptor, 1 or 2.
    package let sink: Int32
    package let errno: Int32
    /// Nobody reads there any more.
    package var isUnheard: Bool { errno == EPIPE || errno == ECONNRESET }
}

/// Carries a container's output to the caller and to its log, the caller's input to the container, and
/// signals, until the container's process has ended and all that it wrote is delivered.
///
/// Nothing here blocks: a caller that reads slowly delays the container, but neither signals nor the end.
package final class StreamRelay {
    private var outputs: [OutputChannel] = []
    private var input: InputChannel?
    private let signals: SignalDescriptor
    private let givesMemoryBack: Bool
    /// Called for each signal that arrives; the relay itself does nothing with it.
    private let onSignal: (Int32) -> Void

    /// Called a second after nobody was there any more to read some output, unless the process has ended by then, and again
    /// after as many milliseconds as it returns.
    package var whenUnheard: () -> Int32? = { nil }

    /// The first write that failed. What is read from that stream since then is lost.
    package var lostOutput: LostOutput? { outputs.lazy.compactMap(\.lost).first }

    /// - Parameter givesMemoryBack: for a relay that stays in the background for long.
    package init(
        signals: consuming SignalDescriptor, givesMemoryBack: Bool = false, onSignal: @escaping (Int32) -> Void
    ) {
        self.signals = signals
        self.givesMemoryBack = givesMemoryBack
        self.onSignal = onSignal
    }

    /// - Parameters:
    ///   - source: the container's side. It is read without blocking and closed at its end.
    ///   - sink: a descriptor of the caller's, or -1.
    ///   - record: gets every chunk once, before the sink does.
    package func addOutput(
        from source: consuming Descriptor, to sink: Int32, record: ((UnsafeRawBufferPointer) -> Void)?
    ) {
        outputs.append(OutputChannel(source: source, sink: sink, record: record))
    }

    /// Copies what can be read from `source` into `target`, and tells the reader there of the input's end: by closing
    /// a pipe, and at a terminal by the character that means it.
    package func setInput(from source: Int32, to target: consuming Descriptor, isTerminal: Bool) {
        input = InputChannel(source: source, target: target, isTerminal: isTerminal)
    }

    /// Returns when `process` has ended.
    package func run(until process: borrowing ProcessDescriptor) {
        var hasEnded = false
        var requests: [pollfd] = []
        var alarm: Deadline?
        var isUnheard = false
        while !hasEnded {
            requests.removeAll(keepingCapacity: true)
            requests.append(pollfd(fd: process.descriptor.number, events: Int16(POLLIN), revents: 0))
            requests.append(pollfd(fd: signals.descriptor.number, events: Int16(POLLIN), revents: 0))
            let firstChannel = requests.count
            for output in outputs { requests.append(output.request) }
            if let input { requests.append(input.request) }
            wait(for: &requests, until: alarm)
            hasEnded = requests[0].revents != 0
            while let signal = signals.next() { onSignal(signal) }
            for (index, output) in outputs.enumerated() where requests[firstChannel + index].revents != 0 {
                output.advance()
            }
            if let input, let last = requests.last, last.revents != 0 { input.advance() }
            if !isUnheard, outputs.contains(where: { $0.lost?.isUnheard == true }) {
                isUnheard = true
                alarm = Deadline(seconds: 1)
            }
            if !hasEnded, alarm?.millisecondsLeft == 0 {
                alarm = whenUnheard().map { Deadline(milliseconds: Int64($0)) }
            }
        }
        // Every writer is dead: what they wrote is in the pipes already.
        for output in outputs { output.drain() }
    }

    private func wait(for requests: inout [pollfd], until alarm: Deadline?) {
        if let input, let pause = input.pauseBetweenEnds {
            if Polling.wait(for: &requests, milliseconds: pause) { input.typeEnd() }
        } else if let alarm {
            Polling.wait(for: &requests, milliseconds: alarm.millisecondsLeft)
        } else {
            Polling.wait(for: &requests, givingMemoryBack: givesMemoryBack)
        }
    }
}

/// One stream of output on its way to one sink.
private final class OutputChannel {
    private var source: Descriptor?
    private let sink: Sink
    private let record: ((UnsafeRawBufferPointer) -> Void)?
    private let buffer = PageMemory.allocate(byteCount: 32_768)
    private var pending: Range<Int> = 0..<0
    private let caller: Int32
    private(set) var lost: LostOutput?

    init(source: consuming Descriptor, sink: Int32, record: ((UnsafeRawBufferPointer) -> Void)?) {
        source.setNonBlocking()
        self.source = Optional(source)
        self.sink = Sink(sink)
        caller = sink
        self.record = record
    }

    deinit { PageMemory.deallocate(buffer) }

    var request: pollfd {
        pending.isEmpty
            ? pollfd(fd: source.number, events: Int16(POLLIN), revents: 0)
            : pollfd(fd: sink.number, events: Int16(POLLOUT), revents: 0)
    }

    func advance() {
        if pending.isEmpty { _ = fill() } else { flush(atMost: sink.chunk) }
    }

    /// Delivers all that is left, however long the reader takes.
    func drain() {
        repeat {
            while !pending.isEmpty { flush(atMost: buffer.count) }
        } while fill()
    }

    /// - Returns: whether something was read.
    private func fill() -> Bool {
        guard source.number >= 0 else { return false }
        let count = read(source.number, buffer.baseAddress, buffer.count)
        guard count > 0 else {
            // EIO: the last slave of a terminal was closed.
            if count == 0 || (errno != EAGAIN && errno != EINTR) { source = nil }
            return false
        }
        record?(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
        if sink.number >= 0 { pending = 0..<count }
        return true
    }

    private func flush(atMost limit: Int) {
        let chunk = UnsafeRawBufferPointer(rebasing: buffer[pending.prefix(limit)])
        let count = write(sink.number, chunk.baseAddress, chunk.count)
        if count >= 0 {
            pending = pending.dropFirst(count)
        } else if errno == EAGAIN {
            var request = pollfd(fd: sink.number, events: Int16(POLLOUT), revents: 0)
            poll(&request, 1, -1)
        } else if errno != EINTR {
            // The container's next write fails like in a plain pipeline.
            lost = LostOutput(sink: caller, errno: errno)
            pending = 0..<0
            source = nil
        }
    }
}

/// Where output goes, and how much of it at once without ever blocking.
private struct Sink {
    let number: Int32
    let chunk: Int
    /// Ours: a pipe is opened anew, since O_NONBLOCK on the caller's own description would be the caller's too.
    private let reopened: DescriptorSet

    init(_ descriptor: Int32) {
        reopened = DescriptorSet()
        switch Files.kind(of: descriptor) {
        case S_IFIFO:
            let pipe = try? Descriptor.open("/proc/self/fd/\(descriptor)", O_WRONLY | O_NONBLOCK)
            let number = pipe.number
            if let pipe { reopened.insert(pipe) }
            self.number = number >= 0 ? number : descriptor
            chunk = number >= 0 ? 1 << 20 : Self.atomicWrite
        case S_IFREG:
            number = descriptor
            chunk = 1 << 20
        default:
            number = descriptor
            chunk = Self.atomicWrite
        }
    }

    /// What is writable takes at least this much without blocking (PIPE_BUF, pipe(7)).
    private static let atomicWrite = 4096
}

/// The caller's input on its way into the container.
private final class InputChannel {
    private let source: Int32
    private var target: Descriptor?
    private let isTerminal: Bool
    private let buffer = PageMemory.allocate(byteCount: 4096)
    private var pending: Range<Int> = 0..<0
    private var isAtLineStart = true
    private var isAtEnd = false

    init(source: Int32, target: consuming Descriptor, isTerminal: Bool) {
        target.setNonBlocking()
        self.source = source
        self.target = Optional(target)
        self.isTerminal = isTerminal
    }

    deinit { PageMemory.deallocate(buffer) }

    var request: pollfd {
        pending.isEmpty
            ? pollfd(fd: isAtEnd ? -1 : source, events: Int16(POLLIN), revents: 0)
            : pollfd(fd: target.number, events: Int16(POLLOUT), revents: 0)
    }

    func advance() {
        if pending.isEmpty { fill() } else { flush() }
    }

    private func fill() {
        let count = read(source, buffer.baseAddress, buffer.count)
        if count > 0 {
            pending = 0..<count
            isAtLineStart = buffer[count - 1] == 0x0a
        } else if count == 0 || (errno != EAGAIN && errno != EINTR) {
            isAtEnd = true
            if isTerminal { typeEnd() } else { target = nil }
        }
    }

    /// Milliseconds. A pipe's end is there for everyone who reads, a terminal's only for the one who reads next: it is
    /// typed again and again.
    var pauseBetweenEnds: Int32? { isTerminal && isAtEnd && pending.isEmpty ? 100 : nil }

    /// Control-D: at the start of a line it is the end, behind other characters it only sends those off (termios(3)).
    func typeEnd() {
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
        } else if errno != EAGAIN, errno != EINTR {
            pending = 0..<0
            isAtEnd = true
            target = nil
        }
    }
}
