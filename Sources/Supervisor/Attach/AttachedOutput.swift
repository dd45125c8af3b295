import Core
import Glibc
import Linux

/// One stream of a container's output on its way to one client. What the client's pipe does not take at once is kept.
final class AttachedOutput {
    /// Bytes that are kept; a client that has so many to read yet is asked to hurry up.
    static let capacity = 1 << 20

    private var pipe: Descriptor?
    private var kept: [UInt8] = []
    /// How much of `kept` is written.
    private var start = 0

    /// - Parameter pipe: opened for this value alone, without blocking.
    init(_ pipe: consuming Descriptor) { self.pipe = Optional(pipe) }

    /// Bytes that the pipe has not taken yet.
    var count: Int { kept.count - start }
    /// The client does not read any more.
    var isClosed: Bool { pipe == nil }

    var request: pollfd { pollfd(fd: count > 0 ? pipe.number : -1, events: Int16(POLLOUT), revents: 0) }

    func write(_ bytes: UnsafeRawBufferPointer) {
        if isClosed { return }
        let written = count == 0 ? transfer(bytes) : 0
        if written < bytes.count, !isClosed { kept += bytes[written...] }
    }

    /// - Returns: whether the pipe has taken something.
    func flush() -> Bool {
        guard count > 0 else { return false }
        let written = kept.withUnsafeBytes { transfer(UnsafeRawBufferPointer(rebasing: $0[start...])) }
        start += written
        if start == kept.count { discard() }
        // Else what is written would be kept as long as something comes after it.
        if start > Self.capacity / 2 {
            kept.removeFirst(start)
            start = 0
        }
        return written > 0
    }

    func close() {
        pipe = nil
        discard()
    }

    private func discard() {
        kept = []
        start = 0
    }

    private func transfer(_ bytes: UnsafeRawBufferPointer) -> Int {
        let count = Glibc.write(pipe.number, bytes.baseAddress, bytes.count)
        if count >= 0 { return count }
        if errno != EAGAIN, errno != EINTR { close() }
        return 0
    }
}
