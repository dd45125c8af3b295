import Containers
import Core
import Lifecycle
import Linux
import Supervisor

extension Engine {
    /// Runs a program in a new container.
    package func run(_ request: RunRequest) throws(OperationError) -> RunOutcome {
        let request = try request.withProfile()
        let descriptors = try DescriptorPath.inherited([request.cidFile])
        if !request.detached, !request.passesSignals, !request.mayBeLeft,
            case .parent(let supervisor) = try forkAside(keeping: descriptors)
        {
            // The copy hands the id over: whoever reads it from a pipe waits for the end of that.
            for number in descriptors { InheritedDescriptors.close(number) }
            return .exited(reap(supervisor).exitCode)
        }
        // A supervisor that kept the caller's descriptors would keep the caller's pipes open.
        if request.detached || request.mayBeLeft { InheritedDescriptors.close(except: descriptors) }
        let identity = try IdentityFile(request.cidFile)
        try RunStreams.checkInput(of: request.streams, isWanted: request.interactive && !request.detached)
        try prepare()
        return try inScope { labels throws(OperationError) in
            let request = try request.labelled(labels)
            return try providingNetworks(request) { () throws(OperationError) in
                try withPlan(of: request) { plan throws(OperationError) in try begin(request, plan, identity) }
            }
        }
    }

    private func begin(
        _ request: RunRequest, _ plan: ContainerPlan, _ identity: IdentityFile
    ) throws(OperationError) -> RunOutcome {
        try record(request, plan)
        if let obstacle = request.readiness?.obstacle(plan.definition) { throw obstacle }
        if request.replaces { try makeRoom(for: plan.definition.name) }
        try host.checkOthers(of: plan.definition)
        let plan = try identity.write(plan)
        do throws(OperationError) {
            try makeBindSources(plan.definition.binds)
            if request.detached { return .detached(try host.runDetached(plan)) }
            if let keys = request.detachKeys, request.mayBeLeft {
                return .exited(try runBehind(plan, request, keys, identity))
            }
            return .exited(try host.runHere(plan, for: request.streams, passesSignals: request.passesSignals))
        } catch {
            identity.remove()
            throw error
        }
    }

    /// Removes the container that has a name, running or not.
    func makeRoom(for name: Name) throws(OperationError) {
        guard let id = containerStore.names.owner(of: name) else { return }
        do throws(OperationError) {
            try remove(id.hex, force: true)
        } catch {
            // It has removed itself meanwhile.
            guard error.kind == .notFound else { throw error }
        }
    }

    /// The supervisor is in the background from the start, and the caller its first client.
    private func runBehind(
        _ plan: ContainerPlan, _ request: RunRequest, _ keys: DetachKeys, _ identity: IdentityFile
    ) throws(OperationError) -> Int32 {
        var client = AttachRequest(container: plan.definition.name.text)
        client.streams = request.streams
        client.passesSignals = request.passesSignals
        client.detachKeys = keys
        let id = try host.runDetached(plan, awaitsClient: true)
        identity.letGo()
        return try attend(id, plan.definition, client)
    }

    /// A copy of this process does what is to be done, so that a signal ends this one alone, as it ends Docker's client.
    func forkAside(keeping descriptors: [Int32] = []) throws(OperationError) -> Fork {
        let fork = try Fork.fork()
        if case .child = fork {
            InheritedDescriptors.close(except: descriptors)
            SupervisorSignals.outliveTerminal()
        }
        return fork
    }
}
