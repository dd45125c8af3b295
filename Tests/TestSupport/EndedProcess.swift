import Core
import Glibc
import Linux

/// A process that has ended, as a dead supervisor is on record.
package struct EndedProcess {
    package let pid: pid_t
    package let startTime: UInt64

    package init() throws {
        var pid: pid_t = 0
        var arguments: [UnsafeMutablePointer<CChar>?] = [strdup("/bin/true"), nil]
        defer { free(arguments[0]) }
        let failure = posix_spawn(&pid, "/bin/true", nil, nil, &arguments, nil)
        guard failure == 0 else { throw OperationError("start", "/bin/true", errno: failure) }
        // It is on record in /proc until it is waited for.
        startTime = try wanted(ProcessIdentity(of: pid)?.startTime)
        waitpid(pid, nil, 0)
        self.pid = pid
    }
}
