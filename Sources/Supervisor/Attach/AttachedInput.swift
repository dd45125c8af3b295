import Core
import Glibc
import Linux

/// What one client types, on its way to the program.
final class AttachedInput {
    private var pipe: Descriptor?
    private var pending: [UInt8] = []

    /// - Parameter pipe: opened for this value alone, without blocking.
    init(_ pipe: consuming Descriptor) { self.pipe = Optional(pipe) }

    func request(to program: Int32) -> pollfd {
        if program < 0 { return pollfd(fd: -1, events: 0, revents: 0) }
        return pending.isEmpty
            ? pollfd(fd: pipe.number, events: Int16(POLLIN), revents: 0)
            : pollfd(fd: program, events: Int16(POLLOUT), revents: 0)
    }

    /// - Returns: false when the program reads no more.
    func advance(to program: Int32) -> Bool {
        if pending.isEmpty { fill() }
        guard !pending.isEmpty else { return true }
        let count = pending.withUnsafeBytes { write(program, $0.baseAddress, $0.count) }
        if count >= 0 { pending.removeFirst(count) }
        return count >= 0 || errno == EAGAIN || errno == EINTR
    }

    /// The end of one client's input is not the end of the program's.
    private func fill() {
        var count = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, initialized in
            count = read(pipe.number, buffer.baseAddress, buffer.count)
            initialized = max(0, count)
        }
        pending = bytes
        if count == 0 || count < 0 && errno != EAGAIN && errno != EINTR { close() }
    }

    func close() { pipe = nil }
}
