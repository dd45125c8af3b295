import Core
import Glibc
import Lifecycle
import Linux

/// Whether a container that has ended begins again, and when. Its supervisor asks this.
package final class Restarts: EventSource {
    /// Whoever ends a supervisor by one of these does not want its container back either.
    private static let ending: [Int32] = [Host.endOfRestarts, SIGHUP, SIGINT, SIGQUIT, SIGTERM]

    private let policy: RestartPolicy
    private let ends: SignalDescriptor
    private var delay = RestartDelay()
    /// Milliseconds until the next round.
    private(set) var pause: Int32 = 0
    private var wasEnded = false
    /// Somebody wants it to begin again.
    private(set) var isAsked = false

    package init(_ policy: RestartPolicy) throws(OperationError) {
        self.policy = policy
        ends = try SignalDescriptor(policy.name == .never ? [Host.endOfRestarts] : Self.ending)
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

    /// There is no further round.
    func end() { wasEnded = true }

    /// Somebody wants it to begin again as soon as it has ended, whatever its policy says.
    package func again() {
        isAsked = true
        pause = 0
    }

    /// - Returns: whether there is another round after `exit`.
    package func follow(_ exit: ContainerExit) -> Bool {
        if isAsked, !areEnded {
            pause = 0
            return true
        }
        guard !areEnded, policy.restarts(after: exit.exitCode, restartCount: exit.restartCount) else { return false }
        let started = exit.started ?? exit.finished
        pause = delay.next(afterRunningFor: exit.finished.nanoseconds - started.nanoseconds)
        return true
    }

    /// What was asked for is about to happen.
    func takeAsked() -> Bool {
        defer { isAsked = false }
        return isAsked
    }

    package func watch(_ requests: inout [pollfd]) {
        requests.append(pollfd(fd: ends.descriptor.number, events: Int16(POLLIN), revents: 0))
    }

    package func advance(_ events: ArraySlice<pollfd>) { _ = areEnded }
}
