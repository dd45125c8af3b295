import Containers
import Core
import Glibc
import Linux
import Records

/// A container whose first process is alive.
package struct RunningContainer: ~Copyable {
    package let state: ContainerState
    package let process: ProcessDescriptor

    /// - Returns: false when it runs still.
    package func waitForEnd(milliseconds: Int32) -> Bool { process.waitForEnd(milliseconds: milliseconds) }

    /// Sends a signal that is to end it: also when it is paused it acts on that.
    package func end(by signal: Int32) throws(OperationError) {
        try process.sendUnlessGone(signal)
        Freezer.letAct(state.cgroups)
    }

}

extension Host {
    /// Nil when it does not run. The process is the very one on record: a pid that was used again is not taken for it.
    package func running(_ id: ContainerID) throws(OperationError) -> RunningContainer? {
        try running(liveness(of: id))
    }

    private func running(_ liveness: Liveness) throws(OperationError) -> RunningContainer? {
        switch liveness {
        case .supervised(let state):
            guard state.status == .running, let process = state.process?.open() else { return nil }
            return RunningContainer(state: state, process: process)
        case .damaged(let failure): throw failure
        case .gone, .changing, .ending, .orphaned: return nil
        }
    }

    /// The same for a container that is to end, say: one that is just being made is waited for, as it would run on otherwise.
    /// - Parameters:
    ///   - seconds: after that its supervisor is killed, which ends it as well; negative waits for ever.
    ///   - endingRestarts: it does not begin again, either. A command that is about to become its supervisor does not listen yet.
    package func started(
        _ id: ContainerID, within seconds: Int64, endingRestarts: Bool = false
    ) throws(OperationError) -> RunningContainer? {
        let deadline = seconds < 0 ? nil : Deadline(seconds: max(1, seconds))
        var slowly = Deadline(milliseconds: 100)
        var liveness = liveness(of: id)
        let wasBeingMade = isBeingMade(liveness)
        while isBeingMade(liveness) {
            if slowly.millisecondsLeft == 0 {
                wakeSupervisor(of: id)
                slowly = Deadline(milliseconds: 100)
                if deadline?.millisecondsLeft == 0 { killSupervisor(of: id) }
            }
            usleep(2000)
            liveness = self.liveness(of: id)
        }
        if wasBeingMade, endingRestarts { endRestarts(of: id) }
        return try running(liveness)
    }

    private func isBeingMade(_ liveness: Liveness) -> Bool {
        switch liveness {
        case .changing: true
        case .supervised(let state): state.status == .creating
        case .gone, .ending, .orphaned, .damaged: false
        }
    }

    package func notRunning(_ id: ContainerID) -> OperationError {
        OperationError("container \(id) is not running", kind: .notRunning)
    }
}
