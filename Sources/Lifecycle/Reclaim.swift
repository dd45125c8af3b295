import Containers
import Core
import Glibc
import Linux
import Networking
import Records

extension Host {
    /// Undoes what a run made and the kernel does not clear up by itself. It needs nothing but the records,
    /// does no harm when done twice, and goes on past errors.
    ///
    /// The rules go first: an address is never free while one still names it.
    package func tearDown(_ id: ContainerID, _ state: ContainerState, network: NetworkDefinition?) -> [OperationError] {
        var failures: [OperationError] = []
        func attempt(_ body: () throws(OperationError) -> Void) {
            do throws(OperationError) { try body() } catch { failures.append(error) }
        }
        if let endpoint = state.endpoint {
            attempt { () throws(OperationError) in
                try driver.disconnect(endpoint, of: id)
                if let network { try release(endpoint.address.address, from: network, of: id) }
            }
        }
        attempt { () throws(OperationError) in try removeCgroups(of: id, state) }
        return failures
    }

    /// Whether the container with this short id is dead and its rules only wait to be cleared away.
    package var isStale: (_ shortID: String) -> Bool {
        { shortID in
            let ids = (try? containerStore.runtimeIDs()) ?? []
            return !ids.contains { $0.short == shortID && isSupervised($0) }
        }
    }

    /// Clears away what a container left whose supervisor died without doing so. Others' and living ones stay.
    /// - Parameter isForced: also without a definition that can be read.
    package func reclaim(_ id: ContainerID, isForced: Bool = false) throws(OperationError) {
        guard let lock = try takeOver(id) else {
            // It lives, or nothing is left of its run: also when others have just seen to that.
            if !Files.exists(layout.containerRuntime(id)) { try reclaimRecords(id, isForced: isForced) }
            return
        }
        let definition: ContainerDefinition?
        do throws(OperationError) {
            definition = try containerStore.definition(id)
        } catch {
            guard isForced else { throw error }
            definition = nil
        }
        let state = try containerStore.state(id)
        endRemains(state)
        let network = try state?.endpoint.flatMap { endpoint throws(OperationError) in
            try networkStore.definition(endpoint.network)
        }
        var failures: [OperationError] = []
        if let state { failures = tearDown(id, state, network: network) }
        guard failures.isEmpty else { throw failures[0] }
        if let definition, let state, state.endpoint == nil { try releaseLeases(of: id, definition.networkMode) }
        let hasExit = Files.exists(layout.exit(id))
        let hasRun = hasExit || state.map { $0.status != .creating } ?? false
        if !hasRun || definition?.autoRemove ?? true {
            try containerStore.remove(id, name: definition?.name)
        } else if let state, !hasExit {
            try recordEnd(of: id, exitRecord(of: state), state)
        } else {
            try containerStore.removeRuntime(id)
        }
        lock.release()
    }

    /// Writes down how a container ended of which nothing else is left. On a full disk that must not keep it from ending:
    /// it stays in the runtime directory then, until somebody comes by who has the room.
    package func recordEnd(of id: ContainerID, _ exit: ContainerExit, _ state: ContainerState) throws(OperationError) {
        do throws(OperationError) {
            try RecordFile.write(exit, to: layout.exit(id))
        } catch {
            var state = state
            state.status = .ended
            state.endpoint = nil
            state.cgroups = []
            state.pid = nil
            state.pidStartTime = nil
            state.lastExit = exit
            do throws(OperationError) {
                return try RecordFile.write(state, to: layout.containerState(id))
            } catch {
                return warn(error.description)
            }
        }
        try containerStore.removeRuntime(id)
    }

    package static let supervisorKilled = "its supervisor was killed"

    /// What is on record of a container whose supervisor was killed.
    private func exitRecord(of state: ContainerState) -> ContainerExit {
        var exit = ContainerExit(
            exitCode: 137, started: state.started, finished: .now(), error: Self.supervisorKilled)
        // It had ended by itself.
        if state.status != .running, let last = state.lastExit { exit = last }
        exit.restartCount = state.restartCount
        return exit
    }

    /// A container without runtime files that never ran, that a reboot ended and that wanted to be removed, or whose
    /// removal was begun.
    private func reclaimRecords(_ id: ContainerID, isForced: Bool) throws(OperationError) {
        // Whoever forces it removes the records, whatever they say.
        guard !isForced, try containerStore.exit(id) == nil else { return }
        let definition = try containerStore.definition(id)
        if definition?.autoRemove ?? true { try containerStore.remove(id, name: definition?.name) }
    }

    /// The kernel kills a container with its supervisor, unless the program has opted out of that.
    private func endRemains(_ state: ContainerState?) {
        guard let process = state?.process?.open() else { return }
        try? process.send(9)
        for directory in state?.cgroups ?? [] { Freezer.letDie(in: directory) }
        _ = process.waitForEnd(milliseconds: 10_000)
    }

    /// Makes what every command needs that changes something. The first one after a reboot removes the containers that
    /// were to be removed when they ended, and those that were not whole yet.
    package func prepare() throws(OperationError) {
        guard try layout.prepare() else { return }
        for id in try containerStore.ids() where !Files.exists(layout.containerRuntime(id)) {
            do throws(OperationError) { try reclaimRecords(id, isForced: false) } catch { warn(error.description) }
        }
    }

    /// Clears away everything that dead supervisors left. What cannot be read stays, and keeps nothing else.
    package func reclaimAll() throws(OperationError) {
        for id in try containerStore.runtimeIDs() where waitForRelease(of: id) {
            do throws(OperationError) { try reclaim(id) } catch { warn(error.description) }
        }
    }
}
