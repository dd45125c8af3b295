import Containers
import Core
import Glibc
import Linux
import Networking
import Records

extension Host {
    /// Whether the end of this run is on record, and not that of an earlier one.
    private func hasExit(_ id: ContainerID, of state: ContainerState?) -> Bool {
        guard Files.exists(layout.exit(id)) else { return false }
        guard let started = state?.started, let exit = (try? containerStore.exit(id)) ?? nil else { return true }
        return exit.finished >= started
    }

    private func networks(of state: ContainerState?) throws(OperationError) -> [NetworkDefinition] {
        var networks: [NetworkDefinition] = []
        for endpoint in state?.endpoints ?? [] {
            if let network = try networkStore.definition(of: endpoint) { networks.append(network) }
        }
        return networks
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
        let networks = try networks(of: state)
        var failures: [OperationError] = []
        if let state { failures = tearDown(id, state, releasing: networks) }
        guard failures.isEmpty else { throw failures[0] }
        if let definition, definition.networkMode.wishes.count > networks.count {
            try releaseLeases(of: id, definition.networkMode)
        }
        try settleRecords(of: id, definition, state)
        lock.release()
    }

    /// Says on record what came of a run of which nothing else is left, and removes what is not to stay.
    private func settleRecords(
        of id: ContainerID, _ definition: ContainerDefinition?, _ state: ContainerState?
    ) throws(OperationError) {
        let hasExit = hasExit(id, of: state)
        let hasBegun = state.map { $0.status != .creating } ?? false
        if !hasBegun, containerStore.isCreated(id) {
            // It still can.
            try? containerStore.removeUnfinished(of: id)
            return try containerStore.removeRuntime(id)
        }
        // One that did not begin has never been told of.
        let ended = hasBegun && !hasExit ? endEvents(definition, state) : []
        if !(hasBegun || hasExit) || definition?.autoRemove ?? true {
            try removeRecords(of: id, definition, volumes: true, isOwn: true)
            announce(ended + (hasBegun ? definition.map { [.of($0, "destroy")] } ?? [] : []))
            return
        }
        try? containerStore.removeUnfinished(of: id)
        if let state, !hasExit {
            try recordEnd(of: id, exitRecord(of: state), state)
            announce(ended)
        } else {
            try containerStore.removeRuntime(id)
        }
    }

    private func endEvents(_ definition: ContainerDefinition?, _ state: ContainerState?) -> [Event] {
        guard let definition, let state, state.status == .running else { return [] }
        return Event.end(of: definition, exitRecord(of: state))
            + state.endpoints.map { .of($0, of: definition.id, "disconnect") }
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
        if isForced { return }
        guard Files.exists(layout.definition(id)) else {
            try containerStore.remove(id, name: nil, isOwn: false)
            return
        }
        guard try containerStore.exit(id) == nil, !containerStore.isCreated(id) else { return }
        if let definition = try containerStore.definition(id), definition.autoRemove {
            try removeRecords(of: id, definition, volumes: true, isOwn: false)
        }
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
    func reclaimAll() throws(OperationError) {
        for id in try containerStore.runtimeIDs() where waitForRelease(of: id) {
            do throws(OperationError) { try reclaim(id) } catch { warn(error.description) }
        }
    }
}
