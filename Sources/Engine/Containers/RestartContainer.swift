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
        try prepare()
        let id = try containerStore.find(name)
        let asked = Timestamp.now()
        var events = EventReader(EventLog(layout.events), isNewOnly: true)
        guard let running = try host.started(id, within: 60) else {
            guard try host.isRestarting(id) else { return try start(name) }
            _ = try host.ask(id, "again")
            return try waitForRound(of: id, after: nil, asked, &events)
        }
        let former = running.state.process
        do throws(OperationError) { _ = try host.ask(id, "again") } catch {
            // The program has ended by itself meanwhile.
            guard error.kind == .notRunning else { throw error }
            return try start(name)
        }
        guard let definition = try containerStore.definition(id) else { throw host.notRunning(id) }
        let deadline = try askToEnd(
            running, name, signal ?? definition.stopSignal, within: timeout ?? definition.stopTimeout)
        announceEnd(of: definition, by: signal, within: timeout ?? definition.stopTimeout)
        if !running.waitForEnd(milliseconds: deadline?.millisecondsLeft ?? -1) { try running.end(by: SIGKILL) }
        try waitForRound(of: id, after: former, asked, &events)
        host.announce("restart", of: id)
    }

    /// Returns when the program has been exec'd again, also when it has ended by then. A supervisor that somebody has stopped
    /// meanwhile is woken.
    private func waitForRound(
        of id: ContainerID, after former: ProcessIdentity?, _ asked: Timestamp, _ events: inout EventReader
    ) throws(OperationError) {
        let end = Deadline(seconds: 60)
        var slowly = Deadline(milliseconds: 100)
        while true {
            switch host.liveness(of: id) {
            case .supervised(let state), .ending(let state):
                if state.status == .running, state.process != former { return }
                if let begun = state.lastExit?.started, begun > asked { return }
            case .changing: break
            case .damaged(let failure): throw failure
            case .gone, .orphaned:
                return try checkEnd(of: id, asked, &events)
            }
            try Interruption.check("restart container", id.short)
            if slowly.millisecondsLeft == 0 {
                host.wakeSupervisor(of: id)
                slowly = Deadline(milliseconds: 100)
            }
            if end.millisecondsLeft == 0 { throw tooSlow(id) }
            usleep(1000)
        }
    }

    /// - Throws: when it has ended without having begun again.
    private func checkEnd(
        of id: ContainerID, _ asked: Timestamp, _ events: inout EventReader
    ) throws(OperationError) {
        var reason = "it has been removed, and had not begun again"
        if Files.exists(layout.definition(id)) { reason = "it has ended and not begun again, and why is not on record" }
        if let exit = (try? containerStore.exit(id)) ?? nil {
            if let begun = exit.started, begun > asked { return }
            // Somebody has ended it since: it is as if that came right behind this.
            if exit.error.isEmpty { return }
            reason = exit.error
        } else if events.next().contains(where: { $0.actor == id.hex && $0.verb == "start" }) {
            // Of one that is removed at its end only that is left.
            return
        }
        throw OperationError("restart container", id.short, reason: reason, kind: .notRunning)
    }

    private func tooSlow(_ id: ContainerID) -> OperationError {
        OperationError(
            "restart container", id.short, reason: "its supervisor has not begun it again for a minute",
            remedy:
                "end it by \(Program.current.name) rm -f \(id.short), or see in /proc/PID/stack what the supervisor waits for",
            kind: .timedOut)
    }
}
