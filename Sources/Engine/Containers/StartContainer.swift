import Containers
import Core
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
        var streams = CallerStreams.standard
        if !readsInput { streams.input = -1 }
        guard let plan = try startPlan(name) else {
            throw OperationError("start container", name, reason: "it runs already", kind: .conflict)
        }
        try RunStreams.checkInput(of: streams, isWanted: plan.definition.openStdin)
        return try host.runHere(plan, for: streams, passesSignals: passesSignals)
    }

    /// Nil when the container runs, or is between two rounds.
    private func startPlan(_ name: String) throws(OperationError) -> ContainerPlan? {
        try host.prepare()
        let deadline = Deadline(seconds: 60)
        while true {
            let id = try containerStore.find(name)
            try host.reclaim(id)
            if host.isSupervised(id) {
                if try host.started(id, within: 60) != nil { return nil }
                if try host.isRestarting(id) { return nil }
            }
            guard let definition = try containerStore.definition(id) else {
                throw OperationError("No such container: \(name)", kind: .notFound)
            }
            let claim: ContainerClaim
            do throws(OperationError) {
                claim = try ContainerClaim(host, id)
            } catch {
                // Another `start`, or whoever clears away, is done in a moment.
                guard error.kind == .conflict, deadline.millisecondsLeft > 0 else { throw error }
                try Interruption.check("start container", name)
                continue
            }
            return try settle(definition, claim)
        }
    }

    private func settle(
        _ definition: ContainerDefinition, _ claim: ContainerClaim
    ) throws(OperationError) -> ContainerPlan {
        do throws(OperationError) {
            let plan = try plan(definition, claim)
            try makeBindSources(definition.binds)
            return plan
        } catch {
            try? containerStore.removeRuntime(definition.id)
            throw error
        }
    }
}
