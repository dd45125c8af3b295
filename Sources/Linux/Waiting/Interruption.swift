import CLinux
import Core
import Glibc

/// The signals that ask a command to end, as far as it has them blocked in order to pass them on: whoever waits for
/// another process asks for them meanwhile, since that one may never do its part.
package enum Interruption {
    private static let signals = [SIGHUP, SIGINT, SIGQUIT, SIGTERM]

    /// Those of them that the caller wants to have no effect, as `nohup` does, and a shell for what runs in the background.
    package static var ignored: [Int32] { signals.filter { clinux_ignores_signal($0) == 1 } }

    /// The others.
    static var heeded: [Int32] { signals.filter { clinux_ignores_signal($0) != 1 } }

    package static func isOne(_ signal: Int32) -> Bool { signals.contains(signal) }

    /// Whether waits end by them. A supervisor whose program runs, or is to run again, has them for the program.
    nonisolated(unsafe) package static var areHeeded = true

    /// Whether one was taken, and this command is on its way to its end.
    nonisolated(unsafe) private static var wasTaken = false

    /// By other means than `take`.
    package static func noteTaken() { wasTaken = true }

    /// Whether one has arrived.
    package static var isPending: Bool {
        guard areHeeded else { return false }
        var pending = sigset_t()
        guard sigpending(&pending) == 0 else { return false }
        return signals.contains { sigismember(&pending, $0) == 1 }
    }

    /// Takes one that has arrived, so that what is then to be undone does not end as well.
    package static func take() -> Int32? {
        guard areHeeded else { return nil }
        let signal = clinux_take_signal(signals, signals.count)
        guard signal > 0 else { return nil }
        noteTaken()
        return signal
    }

    /// - Throws: an error that ends the command as the signal would have, if one has arrived.
    package static func check(_ operation: String, _ subject: String? = nil) throws(OperationError) {
        guard let signal = take() else { return }
        var error = OperationError(operation, subject, reason: "ended by \(Signal.name(signal))")
        error.exitCode = 128 + signal
        throw error
    }
}

// MARK: - Output that nobody reads

extension Interruption {
    /// As much a pipe takes at once that has room.
    package static let room = 4096

    /// Waits until a descriptor has room, unless this command is asked to end.
    /// - Returns: whether it has, or whoever writes finds out what is wrong.
    package static func awaitRoom(in descriptor: Int32) -> Bool {
        var request = pollfd(fd: descriptor, events: Int16(POLLOUT), revents: 0)
        var patience: Int32 = 0
        while true {
            let result = poll(&request, 1, patience)
            if result > 0 || result < 0 && errno != EINTR { return true }
            if wasTaken || isPending { return false }
            patience = 100
        }
    }

    /// Calls `body`, in which a signal that asks this command to end does so at once: it may wait for a reader.
    package static func letting<Result>(
        _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        var (freed, before) = (sigset_t(), sigset_t())
        sigemptyset(&freed)
        for signal in heeded { sigaddset(&freed, signal) }
        sigprocmask(SIG_UNBLOCK, &freed, &before)
        defer { sigprocmask(SIG_SETMASK, &before, nil) }
        return try body()
    }
}
