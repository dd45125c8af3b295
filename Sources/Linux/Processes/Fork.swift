import CLinux
import Core
import Glibc

/// A copy of this program, which has one thread.
package enum Fork {
    case child
    case parent(child: pid_t)

    package static func fork() throws(OperationError) -> Fork {
        try FaultPoint.pass("create process")
        let pid = clinux_fork()
        guard pid >= 0 else { throw OperationError("create process", errno: -pid) }
        return pid == 0 ? .child : .parent(child: pid)
    }

    /// The copy is the first process of a pid namespace: whatever it begins ends with it.
    static func forkContained() throws(OperationError) -> Fork {
        try FaultPoint.pass("create process")
        let pid = clinux_fork_contained()
        guard pid >= 0 else { throw OperationError("create process", errno: -pid) }
        return pid == 0 ? .child : .parent(child: pid)
    }

    /// Has the kernel kill this copy, the first of a pid namespace, once the process that made it has ended: seen from inside,
    /// that one has no number.
    static func dieWithOutside() { die(with: 0) }

    /// Has the kernel end this copy after some seconds, whatever it waits for.
    package static func die(after seconds: UInt32) { clinux_die_after(seconds) }

    /// Has the kernel kill this copy once `parent`, the process that made it, has ended.
    package static func die(with parent: pid_t) { if clinux_die_with(parent) != 0 { _exit(1) } }
}

package enum InheritedDescriptors {
    /// Whether the caller has left a number open: what this program opens does not survive execve(2).
    package static func contains(_ number: Int32) -> Bool {
        let flags = clinux_fcntl(number, F_GETFD, 0)
        return flags >= 0 && flags & FD_CLOEXEC == 0
    }

    /// Closes what the caller left open above standard error. To be called before anything is opened.
    package static func close() { _ = clinux_close_range(3, UInt32.max) }

    /// The same after others were opened.
    package static func closeLate() {
        for name in (try? Files.names(in: "/proc/self/fd")) ?? [] {
            guard let number = Int32(name), number > 2, contains(number) else { continue }
            close(number)
        }
    }

    package static func close(_ number: Int32) { _ = clinux_close_range(UInt32(number), UInt32(number)) }

    /// What is kept is for this process: no program that it executes has it.
    package static func close(except numbers: [Int32]) {
        var first: UInt32 = 3
        for number in numbers.filter({ $0 >= 3 }).map({ UInt32($0) }).sorted() {
            if number > first { _ = clinux_close_range(first, number - 1) }
            _ = clinux_fcntl(Int32(number), F_SETFD, FD_CLOEXEC)
            first = number + 1
        }
        _ = clinux_close_range(first, UInt32.max)
    }

    /// Makes standard input, output and error lead nowhere.
    /// - Parameter keepingError: until `redirectStandardError`, for who has warnings still.
    package static func redirectStandardStreams(keepingError: Bool = false) throws(OperationError) {
        let null = try Descriptor.open("/dev/null", O_RDWR)
        for number: Int32 in 0...(keepingError ? 1 : 2) { dup2(null.number, number) }
    }

    /// To where standard input leads, which is nowhere: it cannot fail.
    package static func redirectStandardError() { dup2(0, 2) }
}
