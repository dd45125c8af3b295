import Core
import Glibc
import Lifecycle
import Linux
import Records
import Supervisor

extension Engine {
    /// Ends a container as `stop` does, and lets it begin again. Name, address and ports stay its own meanwhile. One that does
    /// not run begins.
    /// - Parameter timeout: seconds until SIGKILL; negative waits for ever, nil is what the container was made with.
    package func restart(_ name: String, timeout: Int64?, signal: Int32?) throws(OperationError) {
        try host.prepare()
        let id = try containerStore.find(name)
        guard let running = try host.started(id, within: 60) else {
            guard try host.isRestarting(id) else { return try start(name) }
            _ = try host.ask(id, "again")
            return try waitForRound(of: id, after: nil)
        }
        let former = running.state.process
        _ = try host.ask(id, "again")
        guard let definition = try containerStore.definition(id) else { throw host.notRunning(id) }
        let deadline = try askToEnd(
            running, name, signal ?? definition.stopSignal, within: timeout ?? definition.stopTimeout)
        if !running.waitForEnd(milliseconds: deadline?.millisecondsLeft ?? -1) { try running.end(by: SIGKILL) }
        try waitForRound(of: id, after: former)
    }

    /// Returns when the program has been exec'd again.
    private func waitForRound(of id: ContainerID, after former: ProcessIdentity?) throws(OperationError) {
        while true {
            switch host.liveness(of: id) {
            case .supervised(let state):
                if state.status == .running, state.process != former { return }
            case .changing, .ending: break
            case .damaged(let failure): throw failure
            case .gone, .orphaned: throw notBegun(id)
            }
            try Interruption.check("restart container", id.short)
            usleep(1000)
        }
    }

    private func notBegun(_ id: ContainerID) -> OperationError {
        let exit = (try? containerStore.exit(id)) ?? nil
        let reason = exit.map(\.error) ?? ""
        return OperationError(
            "restart container", id.short, reason: reason.isEmpty ? "it has ended" : reason, kind: .notRunning)
    }
}
