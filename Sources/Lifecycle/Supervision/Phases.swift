import Containers
import Core
import Linux
import Records

extension Host {
    /// The phase with the state that it was read from; nil for a container that a reboot ended and that wanted to be
    /// removed then. It takes no lock and waits for nobody.
    package func phase(
        of definition: ContainerDefinition
    ) throws(OperationError) -> (phase: ContainerPhase?, state: ContainerState?) {
        let liveness = liveness(of: definition.id)
        switch liveness {
        case .supervised(let state), .ending(let state): return (phase(of: state), state)
        case .damaged(let failure): throw failure
        case .gone, .changing, .orphaned: break
        }
        if containerStore.isCreated(definition.id) { return (.created, nil) }
        if let exit = try containerStore.exit(definition.id) {
            return (.exited(code: exit.exitCode, finished: exit.finished), nil)
        }
        if let state = try containerStore.state(definition.id), state.status == .ended, let last = state.lastExit {
            return (.exited(code: last.exitCode, finished: last.finished), state)
        }
        if case .changing = liveness { return (.starting, nil) }
        return (definition.autoRemove ? nil : .lost, nil)
    }

    /// Whether it is paused the kernel tells.
    package func phase(of state: ContainerState) -> ContainerPhase {
        if let started = state.started, state.status == .running {
            return Freezer.isFrozen(state.cgroups) ? .paused(since: started) : .running(since: started)
        }
        guard let last = state.lastExit else { return .starting }
        switch state.status {
        case .restarting: return .restarting(code: last.exitCode, finished: last.finished)
        case .ended: return .exited(code: last.exitCode, finished: last.finished)
        case .creating, .running: return .starting
        }
    }

    /// Why something cannot be done to a container, as it is now; that it does not run where it has changed meanwhile.
    package func refusal(of verb: ContainerVerb, _ id: ContainerID, _ name: String) throws(OperationError)
        -> OperationError
    {
        guard let definition = try containerStore.definition(id), let phase = try phase(of: definition).phase else {
            return OperationError.noContainer(name)
        }
        return phase.refusal(of: verb, id, name) ?? notRunning(id)
    }
}
