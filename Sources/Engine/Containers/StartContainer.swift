import Containers
import Core
import Glibc
import Lifecycle
import Linux
import Supervisor

extension Engine {
    /// Lets a container begin that does not run. One that runs is a success.
    package func start(_ name: String) throws(OperationError) {
        InheritedDescriptors.close()
        guard let plan = try startPlan(name) else { return }
        _ = try host.runDetached(plan)
    }

    /// The same in the foreground: its output comes here.
    /// - Parameters:
    ///   - readsInput: passes it on. Otherwise a program that wants some waits as if nobody ever wrote.
    ///   - passesSignals: to the program; otherwise they have no effect.
    /// - Returns: its exit code.
    package func startAttached(
        _ name: String, readsInput: Bool, passesSignals: Bool
    ) throws(OperationError) -> Int32 {
        if !passesSignals, try host.running(containerStore.find(name)) == nil,
            case .parent(let supervisor) = try forkAside()
        {
            return reap(supervisor).exitCode
        }
        var streams = CallerStreams.standard
        if !readsInput { streams.input = -1 }
        guard var plan = try startPlan(name) else {
            var request = AttachRequest(container: name)
            request.sendsInput = readsInput
            request.passesSignals = passesSignals
            return try attach(request)
        }
        try settling(plan.definition.id) { () throws(OperationError) in
            try RunStreams.checkInput(of: streams, isWanted: plan.definition.openStdin)
        }
        if plan.definition.terminal { plan.process.terminalSize = streams.terminalSize }
        return try host.runHere(plan, for: streams, passesSignals: passesSignals)
    }

    /// Nil when the container runs, or is between two rounds.
    private func startPlan(_ name: String) throws(OperationError) -> ContainerPlan? {
        try prepare()
        let deadline = Deadline(seconds: 60)
        while true {
            let id = try containerStore.find(name)
            try host.reclaim(id)
            if host.isSupervised(id) {
                if let running = try host.started(id, within: 60) {
                    if Freezer.isPaused(running.state.cgroups) { throw try host.refusal(of: .start, id, name) }
                    return nil
                }
                if try host.isRestarting(id) { return nil }
            }
            let claim: ContainerClaim
            do throws(OperationError) {
                claim = try ContainerClaim(host, id, named: name)
            } catch {
                // Another `start`, or whoever clears away, is done in a moment.
                guard error.kind == .conflict, deadline.millisecondsLeft > 0 else { throw error }
                try Interruption.check("start container", name)
                try checkEnd(of: id, name)
                usleep(1000)
                continue
            }
            return try settling(id) { () throws(OperationError) in
                // As it is by now: others may have changed it until a moment ago.
                guard let definition = try containerStore.definition(id) else { throw OperationError.noContainer(name) }
                let plan = try plan(definition, claim)
                try makeBindSources(definition.binds)
                return plan
            }
        }
    }

    /// While there is no room for how it has ended it does not begin again: that would be lost.
    private func checkEnd(of id: ContainerID, _ name: String) throws(OperationError) {
        guard try containerStore.state(id)?.status == .ended, !containerStore.isHeld(id) else { return }
        throw OperationError(
            "start container", name, reason: "how it ended the last time could not be recorded yet",
            remedy: "see that there is room in \(layout.state)")
    }

    /// Runs `body`; where that fails, nothing is left of the run that was to begin.
    private func settling<Result>(
        _ id: ContainerID, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        do throws(OperationError) {
            return try body()
        } catch {
            try? containerStore.removeRuntime(id)
            throw error
        }
    }
}
