import Core
import Glibc
import Linux

/// What a program has come to that was run to see how it ends, and what it wrote.
package struct ProbeEnd: Equatable, Sendable {
    /// Nil when its time was over first.
    package private(set) var exitCode: Int32?
    /// Standard output and error, as far as they are kept.
    package private(set) var output: [UInt8] = []
    /// There was more of it.
    package private(set) var isCut = false

    /// Waits for the end of `process`.
    /// - Parameters:
    ///   - output: the end of a pipe; it is made non-blocking.
    ///   - limit: bytes of the output that are kept.
    package init(
        of process: inout EnteredProcess, output pipe: borrowing Descriptor, limit: Int, until deadline: Deadline
    ) {
        pipe.setNonBlocking()
        var isOpen = true
        while true {
            let left = deadline.millisecondsLeft
            var requests = [
                pollfd(fd: process.process.descriptor.number, events: Int16(POLLIN), revents: 0),
                pollfd(fd: isOpen ? pipe.number : -1, events: Int16(POLLIN), revents: 0),
            ]
            Polling.wait(for: &requests, milliseconds: left)
            // What it wrote before its end is in the pipe by then.
            let hasEnded = requests[0].revents != 0
            if requests[1].revents != 0 || hasEnded { isOpen = read(pipe, limit) }
            if hasEnded {
                exitCode = process.wait()
                return
            }
            if left == 0 { return }
        }
    }

    /// - Returns: false at the end of it.
    private mutating func read(_ pipe: borrowing Descriptor, _ limit: Int) -> Bool {
        while true {
            var size = 0
            let part = [UInt8](unsafeUninitializedCapacity: 4096) { buffer, count in
                size = Glibc.read(pipe.number, buffer.baseAddress, buffer.count)
                count = max(0, size)
            }
            guard size > 0 else { return size < 0 && errno == EAGAIN }
            isCut = isCut || output.count + part.count > limit
            output += part.prefix(limit - output.count)
        }
    }

    /// The output as text, with Docker's mark where it was cut.
    package var text: String { String(decoding: output, as: UTF8.self) + (isCut ? "..." : "") }
}
