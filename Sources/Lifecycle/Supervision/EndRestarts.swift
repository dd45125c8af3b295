import Core
import Glibc
import Linux
import Records

extension Host {
    /// Sees to it that a container does not begin again after its program has ended. Who wants to end that too looks
    /// for it afterwards: a round that has begun by then is on record, and no other one begins.
    package func endRestarts(of id: ContainerID) {
        var told: Int32?
        // A supervisor that goes on in the background is another process than before.
        while containerStore.isHeld(id), let state = (try? containerStore.state(id)) ?? nil, state.supervisor != told,
            let supervisor = state.openSupervisor(), containerStore.isHeld(id)
        {
            try? supervisor.send(Self.endOfRestarts)
            told = state.supervisor
        }
    }

    /// Whether its program has ended and will begin again.
    package func isRestarting(_ id: ContainerID) throws(OperationError) -> Bool {
        switch liveness(of: id) {
        case .supervised(let state): return state.status == .restarting
        case .damaged(let failure): throw failure
        case .gone, .changing, .ending, .orphaned: return false
        }
    }

    /// Tells a supervisor that there is no further round. The kernel ignores it where nobody listens.
    package static let endOfRestarts = SIGURG
}
