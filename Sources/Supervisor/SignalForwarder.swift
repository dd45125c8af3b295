import Containers
import Glibc
import Linux

/// Passes the signals of a command on to the process that it has started.
package final class SignalForwarder {
    private let pid: Int32
    /// The terminal that follows the size of the caller's.
    package var resizes: Descriptor?
    private let caller: CallerStreams?

    package init(to pid: Int32, caller: CallerStreams?) {
        self.pid = pid
        self.caller = caller
    }

    package func forward(_ number: Int32) {
        if number == SIGWINCH, resizes.number >= 0 {
            resize()
            return
        }
        // Not reaped yet, so the number is still this process's.
        kill(pid, number)
        // Somebody inside may hold it still; what asks it to end is to reach it all the same.
        if Interruption.isOne(number), ProcessIdentity.isStopped(pid) == true { kill(pid, SIGCONT) }
    }

    private func resize() {
        if let size = caller?.terminalSize { resize(to: size) }
    }

    package func resize(to size: TerminalSize) {
        guard let copy = resizes.take() else { return }
        Terminal.setSize(size, of: copy)
        resizes = Optional(copy)
    }
}

package enum SupervisorSignals {
    /// A reader that went away, or a log that reached a limit on file sizes, ends a write and not us.
    package static func ignore() {
        signal(SIGPIPE, SIG_IGN)
        signal(SIGXFSZ, SIG_IGN)
    }

    /// For a supervisor whose caller may go away and leave it in the background of a terminal.
    package static func outliveTerminal() {
        for number in [SIGTTIN, SIGTTOU, SIGTSTP, SIGHUP] { signal(number, SIG_IGN) }
    }
}

package enum ForwardedSignals {
    /// All but those that cannot be caught, that report faults of our own, that only concern a parent,
    /// a pipe or a terminal of ours, or that the caller ignores.
    package static var all: [Int32] {
        let ignored = Interruption.ignored
        return (1...64).filter { !own.contains($0) && !ignored.contains($0) }
    }
    /// For a command that passes none on, and has something to put back before it ends by one.
    package static var ofClient: [Int32] {
        let ignored = Interruption.ignored
        return [SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGWINCH].filter { !ignored.contains($0) }
    }

    private static let own: Set<Int32> = [
        SIGKILL, SIGSTOP, SIGCHLD, SIGPIPE, SIGURG, SIGXFSZ, SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT, SIGSYS,
        SIGTTIN,
        SIGTTOU, 32, 33,
    ]
}
