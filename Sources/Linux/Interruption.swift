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
        return signal > 0 ? signal : nil
    }

    /// - Throws: an error that ends the command as the signal would have, if one has arrived.
    package static func check(_ operation: String, _ subject: String? = nil) throws(OperationError) {
        guard let signal = take() else { return }
        var error = OperationError(operation, subject, reason: "ended by \(Signal.name(signal))")
        error.exitCode = 128 + signal
        throw error
    }
}
