import CLinux
import Glibc

/// How a child ended.
package struct ChildEnd: Equatable, Sendable {
    /// As a shell would see it: 128+n after signal n.
    package let exitCode: Int32
    /// The signal that it ended by.
    package let signal: Int32?
}

/// Waits for a child of ours. One that is not ours counts as killed.
@discardableResult
package func reap(_ pid: pid_t) -> ChildEnd {
    var status: Int32 = 0
    var result = waitpid(pid, &status, 0)
    while result < 0, errno == EINTR { result = waitpid(pid, &status, 0) }
    return result == pid ? end(ofStatus: status) : ChildEnd(exitCode: 128 + SIGKILL, signal: SIGKILL)
}

/// Whether `pid` is a child of this process that has not been waited for.
package func isChild(_ pid: pid_t) -> Bool {
    var information = siginfo_t()
    return waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0
}

private func end(ofStatus status: Int32) -> ChildEnd {
    var value: Int32 = 0
    return clinux_exited(status, &value) == 1
        ? ChildEnd(exitCode: value, signal: nil) : ChildEnd(exitCode: 128 + value, signal: value)
}
