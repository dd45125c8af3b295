import Core
import Glibc
import Linux
import Records

/// Who looks after a container: the one answer to whether it lives. Its own lock says that there is somebody; its state says
/// who that is, and whether that process and the program live.
package enum Liveness {
    /// Nobody, and nothing is left of a run; or there was none.
    case gone
    /// Somebody has the lock and no state is there: it is about to be written, or is the first thing that was removed.
    case changing
    /// Its supervisor.
    case supervised(ContainerState)
    /// Its supervisor, which clears up after the program, or has been held still since that ended.
    case ending(ContainerState)
    /// Nobody, and there is something to clear away. For a moment after a kill the lock is held all the same: by a child that
    /// has not reached exec yet, and then by a reclaimer.
    case orphaned(isHeld: Bool)
    /// Somebody, and the state cannot be read: the container is left alone.
    case damaged(OperationError)
}

extension Host {
    package func liveness(of id: ContainerID) -> Liveness {
        guard containerStore.isHeld(id) else {
            return Files.exists(layout.containerRuntime(id)) ? .orphaned(isHeld: false) : .gone
        }
        let state: ContainerState?
        do throws(OperationError) { state = try containerStore.state(id) } catch { return .damaged(error) }
        guard let state else { return .changing }
        guard isSupervisorAlive(state) else { return .orphaned(isHeld: true) }
        return state.status == .running && !state.isRunning ? .ending(state) : .supervised(state)
    }

    /// The same once its state has been written, or the last of it is gone.
    package func settledLiveness(of id: ContainerID) -> Liveness {
        let deadline = Deadline(seconds: 15)
        while true {
            let liveness = liveness(of: id)
            guard case .changing = liveness, deadline.millisecondsLeft > 0, !Interruption.isPending else {
                return liveness
            }
            usleep(500)
        }
    }

    private func isSupervisorAlive(_ state: ContainerState) -> Bool {
        guard let supervisor = state.openSupervisor() else { return false }
        return !supervisor.waitForEnd(milliseconds: 0) && !ProcessIdentity.isEnding(state.supervisor)
    }

    /// Whether somebody looks after it, or is about to.
    package func isSupervised(_ id: ContainerID) -> Bool {
        switch liveness(of: id) {
        case .changing, .supervised, .ending, .damaged: true
        case .gone, .orphaned: false
        }
    }
}
