import CLinux
import Glibc

/// Waits for a child of ours and gives the exit code that a shell would see: 128+n after signal n.
/// A child that is not ours counts as killed.
@discardableResult
package func reap(_ pid: pid_t) -> Int32 {
    var status: Int32 = 0
    var result = waitpid(pid, &status, 0)
    while result < 0, errno == EINTR { result = waitpid(pid, &status, 0) }
    return result == pid ? exitCode(ofStatus: status) : 128 + SIGKILL
}

/// Like `reap`, without waiting: nil while the child runs.
package func reapIfEnded(_ pid: pid_t) -> Int32? {
    var status: Int32 = 0
    let result = waitpid(pid, &status, WNOHANG)
    return result == pid ? exitCode(ofStatus: status) : nil
}

private func exitCode(ofStatus status: Int32) -> Int32 {
    var value: Int32 = 0
    return clinux_exited(status, &value) == 1 ? value : 128 + value
}
