import Core
import Glibc
import Linux
import Store

/// Whether a container that has ended begins again, and when. Its supervisor asks this.
final class Restarts {
    /// Tells a supervisor that there is no further round. The kernel ignores it where nobody listens.
    static let end = SIGURG
    /// Whoever ends a supervisor by one of these does not want its container back either.
    private static let ending: [Int32] = [end, SIGHUP, SIGINT, SIGQUIT, SIGTERM]

    private let policy: RestartPolicy
    private let ends: SignalDescriptor
    private var delay = RestartDelay()
    private var milliseconds: Int32 = 0
    private var wasEnded = false

    init(_ policy: RestartPolicy) throws(OperationError) {
        self.policy = policy
        ends = try SignalDescriptor(policy.name == .never ? [] : Self.ending)
    }

    /// Whether somebody has ended it for good.
    var areEnded: Bool {
        if ends.next() != nil { wasEnded = true }
        return wasEnded
    }

    /// The supervisor got a signal, which it passes on.
    func note(_ signal: Int32) {
        if Self.ending.contains(signal) { wasEnded = true }
    }

    /// - Returns: whether there is another round after `exit`.
    func follow(_ exit: ContainerExit) -> Bool {
        guard !areEnded, policy.restarts(after: exit.exitCode, restartCount: exit.restartCount) else { return false }
        let started = exit.started ?? exit.finished
        milliseconds = delay.next(afterRunningFor: exit.finished.nanoseconds - started.nanoseconds)
        return true
    }

    /// Waits until the next round is to begin.
    /// - Returns: false when somebody has ended it.
    func wait() -> Bool {
        var requests = [pollfd(fd: ends.descriptor.number, events: Int16(POLLIN), revents: 0)]
        Polling.wait(for: &requests, milliseconds: milliseconds)
        return !areEnded
    }
}

extension Engine {
    /// Sees to it that a container does not begin again after its program has ended. Who wants to end that too looks
    /// for it afterwards: a round that has begun by then is on record, and no other one begins.
    func endRestarts(of id: ContainerID) {
        var told: Int32?
        // A supervisor that goes on in the background is another process than before.
        while containerStore.isAlive(id), let state = (try? containerStore.state(id)) ?? nil, state.supervisor != told,
            let supervisor = state.openSupervisor(), containerStore.isAlive(id)
        {
            try? supervisor.send(Restarts.end)
            told = state.supervisor
        }
    }

    /// Whether its program has ended and will begin again.
    func isRestarting(_ id: ContainerID) throws(OperationError) -> Bool {
        guard containerStore.isAlive(id) else { return false }
        return try containerStore.state(id)?.status == .restarting
    }
}
