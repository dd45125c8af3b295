import CLinux
import Core
import Glibc

/// What a process does with signals, all its threads together (proc(5), SigBlk, SigCgt, SigIgn of /proc/PID/status).
package struct SignalDisposition: Equatable, Sendable {
    private let caught: UInt64
    private let blocked: UInt64
    /// A thread is in sigwait(3): what it waits for is neither, then.
    private let isAwaiting: Bool
    /// The first process of a pid namespace. Any other one is ended by what it neither handles nor ignores.
    private let isFirst: Bool
    private let ignored: UInt64

    /// A process that cannot be read, or is gone, may receive anything.
    package init(of pid: pid_t) {
        var caught: UInt64 = 0
        var blocked: UInt64 = 0
        var isAwaiting = false
        var isFirst = true
        var ignored: UInt64 = 0
        let threads = (try? Files.names(in: "/proc/\(pid)/task")) ?? []
        for thread in threads {
            guard let status = Files.text("/proc/\(pid)/task/\(thread)/status") else { continue }
            caught |= Self.mask("SigCgt:", in: status)
            blocked |= Self.mask("SigBlk:", in: status)
            isFirst = Self.line("NStgid:", in: status)?.split(separator: "\t").last == "1"
            ignored |= Self.mask("SigIgn:", in: status)
            isAwaiting = isAwaiting || Self.isAwaiting("/proc/\(pid)/task/\(thread)/syscall")
        }
        self.caught = threads.isEmpty ? UInt64.max : caught
        self.blocked = blocked
        self.isAwaiting = isAwaiting
        self.isFirst = isFirst
        self.ignored = ignored
    }

    /// Whether it may get to know of a signal: by a handler, or by waiting for one that it blocks. For the first process of a
    /// pid namespace the default action does not exist (pid_namespaces(7)).
    package func mayReceive(_ signal: Int32) -> Bool {
        let heard = caught | blocked | (isFirst ? 0 : ~ignored)
        return isAwaiting || heard >> UInt64(signal - 1) & 1 == 1
    }

    /// Also when that cannot be known. While a thread waits for signals, the kernel has them unblocked (do_sigtimedwait in
    /// kernel/signal.c).
    private static func isAwaiting(_ path: String) -> Bool {
        guard let call = Files.text(path) else { return true }
        return call.hasPrefix("\(CLINUX_SYS_RT_SIGTIMEDWAIT) ")
    }

    private static func line(_ key: String, in status: String) -> Substring? {
        status.split(separator: "\n").first { $0.hasPrefix(key) }
    }

    private static func mask(_ key: String, in status: String) -> UInt64 {
        line(key, in: status).flatMap {
            UInt64($0.dropFirst(key.utf8.count).drop { $0 == "\t" || $0 == " " }, radix: 16)
        } ?? 0
    }
}
