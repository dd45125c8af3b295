import Containers
import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// The containers, newest first. It takes no lock and waits for nobody.
    /// - Parameters:
    ///   - all: also those that do not run.
    ///   - sizes: count what each has on disk, too.
    package func containers(all: Bool, sizes: Bool = false) throws(OperationError) -> Listing<ContainerSummary> {
        var listing = Listing<ContainerSummary>(elements: [], failures: [])
        for id in try all ? containerStore.ids() : containerStore.runtimeIDs() {
            do throws(OperationError) {
                guard var summary = try summary(of: id) else { continue }
                if sizes { summary.size = try size(of: id) }
                if all || summary.isRunning { listing.elements.append(summary) }
            } catch {
                listing.failures.append(error)
            }
        }
        listing.elements.sort { $0.created > $1.created }
        return listing
    }

    private func size(of id: ContainerID) throws(OperationError) -> (own: Int64, whole: Int64) {
        let own = Files.diskUsage(below: layout.upper(id))
        let imageID = try containerStore.definition(id)?.imageID
        let image = try imageID.flatMap { id throws(OperationError) in try imageStore.resolve(id) }
        return (own, own + (image?.size ?? 0))
    }

    /// Nil when the container is gone, or was never whole.
    private func summary(of id: ContainerID) throws(OperationError) -> ContainerSummary? {
        guard let definition = try containerStore.definition(id) else { return nil }
        let (status, state) = try status(of: definition)
        guard let status else { return nil }
        var summary = ContainerSummary(
            id: id, name: definition.name.text, image: definition.image, command: definition.arguments,
            created: definition.created, status: status, ports: state?.endpoints.flatMap(\.ports).sorted() ?? [],
            address: state?.endpoints.first?.address.address, pid: state?.pid, networks: definition.networkMode.names,
            labels: definition.labels)
        summary.binds = definition.binds
        summary.exposedPorts = definition.exposedPorts
        summary.publishedPorts = definition.publishedPorts
        return summary
    }

    /// The status with the state that it was read from; nil for one that a reboot ended and that wanted to be
    /// removed then.
    func status(
        of definition: ContainerDefinition
    ) throws(OperationError) -> (status: ContainerSummary.Status?, state: ContainerState?) {
        let liveness = host.liveness(of: definition.id)
        switch liveness {
        case .supervised(let state), .ending(let state): return (status(of: state), state)
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
        if case .changing = liveness { return (.created, nil) }
        return (definition.autoRemove ? nil : .lost, nil)
    }

    private func status(of state: ContainerState) -> ContainerSummary.Status {
        if let started = state.started, state.status == .running {
            return Freezer.isFrozen(state.cgroups) ? .paused(since: started) : .running(since: started)
        }
        if state.status == .restarting, let last = state.lastExit {
            return .restarting(code: last.exitCode, finished: last.finished)
        }
        return .created
    }
}

extension ContainerSummary {
    package var isRunning: Bool { status.isRunning }
}

extension ContainerSummary.Status {
    /// Whether a supervisor is at work on it, as Docker sees it: also between two beginnings of its program.
    var isRunning: Bool {
        switch self {
        case .running, .paused, .restarting: true
        case .created, .exited, .lost: false
        }
    }
}
