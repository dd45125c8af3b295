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

    /// The same in the foreground: its output comes here. Where it reads no input, a program that wants some waits as if nobody
    /// ever wrote.
    /// - Parameter mayBeLeft: its detach keys were asked for.
    /// - Returns: its exit code; 0 when the caller has left before that.
    package func startAttached(_ request: AttachRequest, mayBeLeft: Bool) throws(OperationError) -> Int32 {
        let name = request.container
        // The supervisor may outlive the caller's pipes.
        if mayBeLeft { InheritedDescriptors.close() }
        if !request.passesSignals, !mayBeLeft, try host.running(containerStore.find(name)) == nil,
            case .parent(let supervisor) = try forkAside()
        {
            return reap(supervisor).exitCode
        }
        var streams = request.streams
        if !request.sendsInput { streams.input = -1 }
        guard var plan = try startPlan(name) else { return try attach(request) }
        try settling(plan.definition.id) { () throws(OperationError) in
            try RunStreams.checkInput(of: streams, isWanted: plan.definition.openStdin)
        }
        if plan.definition.terminal { plan.process.terminalSize = streams.terminalSize }
        if mayBeLeft, plan.definition.terminal, plan.definition.openStdin, request.sendsInput {
            return try attend(host.runDetached(plan, awaitsClient: true), plan.definition, request)
        }
        return try host.runHere(plan, for: streams, passesSignals: request.passesSignals)
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
                try host.checkOthers(of: plan.definition)
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
