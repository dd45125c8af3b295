import Core
import Glibc
import Linux

/// A write to the caller's side that failed.
package struct LostOutput: Equatable, Sendable {
    package let stream: LogStream
    package let errno: Int32
    /// Nobody reads there any more.
    package var isUnheard: Bool { errno == EPIPE || errno == ECONNRESET }
}

/// One stream of output on its way to one sink.
final class OutputChannel {
    private var source: Descriptor?
    private let sink: OutputSink
    private let record: ((UnsafeRawBufferPointer) -> Void)?
    private let buffer = PageMemory.allocate(byteCount: 32_768)
    private var pending: Range<Int> = 0..<0
    /// What comes behind `pending`, once the program has ended.
    private var rest: ArraySlice<UInt8> = []
    private let stream: LogStream
    private(set) var lost: LostOutput?

    init(
        source: consuming Descriptor, sink: Int32, stream: LogStream, record: ((UnsafeRawBufferPointer) -> Void)?
    ) {
        source.setNonBlocking()
        self.source = Optional(source)
        self.sink = OutputSink(sink)
        self.stream = stream
        self.record = record
    }

    deinit { PageMemory.deallocate(buffer) }

    /// - Parameter isHeld: nothing more is to be read for the moment.
    func request(isHeld: Bool) -> pollfd {
        isPending
            ? pollfd(fd: sink.number, events: Int16(POLLOUT), revents: 0)
            : pollfd(fd: isHeld ? -1 : source.number, events: Int16(POLLIN), revents: 0)
    }

    /// Nil at its end.
    var place: (stream: LogStream, number: Int32)? { source == nil ? nil : (stream, source.number) }

    /// All that was there has been delivered.
    var isAtEnd: Bool { source == nil && !isPending }

    var endsAtTerminal: Bool { Terminal.isTerminal(sink.number) }

    /// Whether something has been read that is not delivered yet.
    var isPending: Bool { !pending.isEmpty || !rest.isEmpty }

    func advance() {
        if isPending { flush() } else { fill() }
    }

    private func fill() {
        guard let count = read(into: buffer) else { return }
        if sink.number >= 0 { pending = 0..<count }
    }

    /// The program has ended: all that it wrote is in the pipe. Other processes may write on for ever, whom nobody waits for.
    func collect() {
        var left = bytesLeft
        let tail = PageMemory.allocate(byteCount: 65_536)
        defer { PageMemory.deallocate(tail) }
        while left > 0, let count = read(into: UnsafeMutableRawBufferPointer(rebasing: tail[..<min(left, tail.count)]))
        {
            left -= count
            if sink.number >= 0 { rest += tail[..<count] }
        }
        source = nil
    }

    /// A terminal does not tell how much it holds; this is more than any has.
    private var bytesLeft: Int {
        guard source != nil else { return 0 }
        return Files.kind(of: source.number) == S_IFIFO ? UnblockedTransfer.bytesInPipe(source.number) : 1 << 20
    }

    /// - Returns: nil when there was nothing to read.
    private func read(into memory: UnsafeMutableRawBufferPointer) -> Int? {
        guard source != nil else { return nil }
        let count = Glibc.read(source.number, memory.baseAddress, memory.count)
        guard count > 0 else {
            // EIO: the last slave of a terminal was closed.
            if count == 0 || (errno != EAGAIN && errno != EINTR) { source = nil }
            return nil
        }
        record?(UnsafeRawBufferPointer(rebasing: memory[..<count]))
        return count
    }

    private func flush() {
        let count =
            pending.isEmpty
            ? rest.withUnsafeBytes { sink.write($0) }
            : sink.write(UnsafeRawBufferPointer(rebasing: buffer[pending]))
        if count >= 0 {
            if pending.isEmpty { rest = rest.dropFirst(count) } else { pending = pending.dropFirst(count) }
        } else if count != -Int(EAGAIN), count != -Int(EINTR) {
            // The container's next write fails like in a plain pipeline.
            lost = LostOutput(stream: stream, errno: Int32(-count))
            pending = 0..<0
            rest = []
            source = nil
        }
    }
}

/// Where output goes. What is writable there takes as much as it can without blocking.
private final class OutputSink {
    /// To be polled; -1 when there is none.
    let number: Int32
    private var isSocket = false
    private var chunk = 1 << 20
    /// Opened anew, because O_NONBLOCK on the caller's own would be the caller's too.
    private let reopened = DescriptorSet()

    init(_ caller: Int32) {
        var number = caller
        switch Files.kind(of: caller) {
        case S_IFSOCK: isSocket = true
        case S_IFREG: break
        case S_IFIFO,
            S_IFCHR where Terminal.isSlave(caller):
            let flags = O_WRONLY | O_NONBLOCK | O_NOCTTY
            if let own = try? Descriptor.open("/proc/self/fd/\(caller)", flags) {
                number = reopened.insert(own)
            } else {
                chunk = Self.atomicWrite
            }
        default: chunk = Self.atomicWrite
        }
        self.number = number
    }

    /// What is writable takes at least this much without blocking (PIPE_BUF, pipe(7)).
    private static let atomicWrite = 4096

    /// - Returns: how many bytes, or -errno.
    func write(_ bytes: UnsafeRawBufferPointer) -> Int {
        if isSocket { return UnblockedTransfer.send(bytes, to: number) }
        let count = Glibc.write(number, bytes.baseAddress, min(bytes.count, chunk))
        return count < 0 ? -Int(errno) : count
    }
}
