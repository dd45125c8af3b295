import Core
import Store

extension Engine {
    /// The containers, newest first. It takes no lock and waits for nobody.
    /// - Parameter all: also those that do not run.
    package func containers(all: Bool) throws(OperationError) -> Listing<ContainerSummary> {
        var listing = Listing<ContainerSummary>(elements: [], failures: [])
        for id in try all ? containerStore.ids() : containerStore.runtimeIDs() {
            do throws(OperationError) {
                guard let summary = try summary(of: id) else { continue }
                if all || summary.isRunning { listing.elements.append(summary) }
            } catch {
                listing.failures.append(error)
            }
        }
        listing.elements.sort { $0.created > $1.created }
        return listing
    }

    /// Nil when the container is gone, or was never whole.
    private func summary(of id: ContainerID) throws(OperationError) -> ContainerSummary? {
        guard let definition = try containerStore.definition(id) else { return nil }
        let (status, state) = try status(of: definition)
        guard let status else { return nil }
        return ContainerSummary(
            id: id, name: definition.name.text, image: definition.image, command: definition.arguments,
            created: definition.created, status: status, ports: state?.endpoint?.ports.sorted() ?? [],
            address: state?.endpoint?.address.address, pid: state?.pid, networks: [definition.networkMode.text],
            labels: definition.labels)
    }

    /// The status with the state that it was read from; nil for one that a reboot ended and that wanted to be
    /// removed then.
    func status(
        of definition: ContainerDefinition
    ) throws(OperationError) -> (status: ContainerSummary.Status?, state: ContainerState?) {
        let isAlive = containerStore.isAlive(definition.id)
        if isAlive, let state = try containerStore.state(definition.id) {
            if let started = state.started, state.status == .running { return (.running(since: started), state) }
            if state.status == .restarting, let last = state.lastExit {
                return (.restarting(code: last.exitCode, finished: last.finished), state)
            }
            return (.created, state)
        }
        if let exit = try containerStore.exit(definition.id) {
            return (.exited(code: exit.exitCode, finished: exit.finished), nil)
        }
        if let state = try containerStore.state(definition.id), state.status == .ended, let last = state.lastExit {
            return (.exited(code: last.exitCode, finished: last.finished), state)
        }
        return (definition.autoRemove ? nil : .lost, nil)
    }
}

extension ContainerSummary {
    /// Whether a supervisor is at work on it, as Docker sees it: also between two beginnings of its program.
    package var isRunning: Bool {
        switch status {
        case .running, .restarting: true
        case .created, .exited, .lost: false
        }
    }
}
