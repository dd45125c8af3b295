import CLinux
import Core
import Glibc

/// A process that a recycled pid cannot be mistaken for: its pid and when it started.
package struct ProcessIdentity: Hashable, Sendable {
    package let pid: pid_t
    /// Clock ticks since boot (proc(5), field 22 of /proc/PID/stat).
    package let startTime: UInt64

    package init(pid: pid_t, startTime: UInt64) {
        self.pid = pid
        self.startTime = startTime
    }

    /// Nil when there is no such process.
    package init?(of pid: pid_t) {
        guard let startTime = StatLine(of: pid)?.number(22) else { return nil }
        self.init(pid: pid, startTime: startTime)
    }

    /// Whether it is held still by SIGSTOP, or by whoever traces it; nil when it is gone.
    package static func isStopped(_ pid: pid_t) -> Bool? {
        StatLine(of: pid)?.state.map { $0 == UInt8(ascii: "T") || $0 == UInt8(ascii: "t") }
    }

    /// Whether it has ended and nobody has waited for it; nil when it is gone.
    package static func isZombie(_ pid: pid_t) -> Bool? { StatLine(of: pid)?.state.map { $0 == UInt8(ascii: "Z") } }

    /// Whether a process is gone, or will be whatever it does: it has been killed, or is being taken apart.
    package static func isEnding(_ pid: pid_t) -> Bool { StatLine(of: pid)?.isEnding ?? true }

    package var isAlive: Bool { ProcessIdentity(of: pid) == self }

    /// A handle on this very process, or nil when it is gone.
    package func open() -> ProcessDescriptor? {
        guard let process = try? ProcessDescriptor(pid), isAlive else { return nil }
        return process
    }
}

/// A pidfd: signals through it reach this process or nobody.
package struct ProcessDescriptor: ~Copyable, Sendable {
    package let descriptor: Descriptor

    package init(_ pid: pid_t) throws(OperationError) {
        let result = clinux_pidfd_open(pid)
        guard result >= 0 else { throw OperationError("open process", String(pid), errno: -result) }
        descriptor = Descriptor(owning: result)
    }

    package init(owning descriptor: consuming Descriptor) { self.descriptor = descriptor }

    /// - Throws: ESRCH when the process is gone.
    package func send(_ signal: Int32) throws(OperationError) {
        try FaultPoint.pass("send signal \(signal)")
        let result = clinux_pidfd_send_signal(descriptor.number, signal)
        guard result >= 0 else { throw OperationError("send signal \(signal)", errno: -result) }
    }

    /// For a signal that is to end the process.
    package func sendUnlessGone(_ signal: Int32) throws(OperationError) {
        do throws(OperationError) {
            try send(signal)
        } catch {
            guard error.errno == ESRCH else { throw error }
        }
    }

    /// Waits until the process has ended.
    /// - Parameter milliseconds: negative waits for ever.
    /// - Returns: whether it ended in time.
    package func waitForEnd(milliseconds: Int32) -> Bool {
        Polling.wait(for: descriptor, POLLIN, milliseconds: milliseconds)
    }

    /// Whether one of two processes has ended by now.
    package static func hasEnded(_ one: borrowing ProcessDescriptor, or other: borrowing ProcessDescriptor) -> Bool {
        let events = Int16(POLLIN)
        var requests = (
            pollfd(fd: one.descriptor.number, events: events, revents: 0),
            pollfd(fd: other.descriptor.number, events: events, revents: 0)
        )
        return withUnsafeMutableBytes(of: &requests) { requests in
            poll(requests.assumingMemoryBound(to: pollfd.self).baseAddress, 2, 0) != 0
        }
    }
}
