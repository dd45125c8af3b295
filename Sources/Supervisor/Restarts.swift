import Core
import Glibc
import Lifecycle
import Linux

/// Whether a container that has ended begins again, and when. Its supervisor asks this.
package final class Restarts {
    /// Whoever ends a supervisor by one of these does not want its container back either.
    private static let ending: [Int32] = [Host.endOfRestarts, SIGHUP, SIGINT, SIGQUIT, SIGTERM]

    private var ends: SignalDescriptor
    /// Whether all of these signals end it, or one alone that nobody sends by accident.
    private var isListening: Bool
    private var delay = RestartDelay()
    private var milliseconds: Int32 = 0
    private var wasEnded = false

    package init(_ definition: ContainerDefinition) throws(OperationError) {
        isListening = definition.restart.name != .never
        // One that removes itself never gets a policy.
        let only = definition.autoRemove ? [] : [Host.endOfRestarts]
        ends = try SignalDescriptor(isListening ? Self.ending : only)
    }

    /// Whether somebody has ended it for good.
    package var areEnded: Bool {
        if ends.next() != nil { wasEnded = true }
        return wasEnded
    }

    /// The supervisor got a signal, which it passes on.
    package func note(_ signal: Int32) {
        if Self.ending.contains(signal) { wasEnded = true }
    }

    /// - Parameter policy: as it is by now.
    /// - Returns: whether there is another round after `exit`.
    package func follow(_ exit: ContainerExit, by policy: RestartPolicy) -> Bool {
        guard !areEnded, policy.restarts(after: exit.exitCode, restartCount: exit.restartCount) else { return false }
        if !isListening, let all = try? SignalDescriptor(Self.ending) {
            ends = all
            isListening = true
        }
        let started = exit.started ?? exit.finished
        milliseconds = delay.next(afterRunningFor: exit.finished.nanoseconds - started.nanoseconds)
        return true
    }

    /// Waits until the next round is to begin.
    /// - Returns: false when somebody has ended it.
    package func wait() -> Bool {
        var requests = [pollfd(fd: ends.descriptor.number, events: Int16(POLLIN), revents: 0)]
        Polling.wait(for: &requests, milliseconds: milliseconds)
        return !areEnded
    }
}
