import Core
import Glibc
import Lifecycle
import Linux
import Records

extension Engine {
    /// Kills containers that are about to be removed by force, so that they end side by side and not one after
    /// the other. What cannot be found or killed is for `remove` to tell.
    /// - Returns: those that were there. One that removes itself at its end may be gone before `remove` comes to it.
    package func killAll(_ names: [String]) -> Set<String> {
        var found: Set<String> = []
        for name in names {
            guard let id = try? containerStore.find(name) else { continue }
            found.insert(name)
            host.endRestarts(of: id)
            if let running = try? host.running(id) {
                try? running.end(by: SIGKILL)
                host.announce("kill", of: id, ["signal": String(SIGKILL)])
            }
        }
        return found
    }

    /// Removes a container with its file system, log and records.
    /// - Parameters:
    ///   - force: kill it first when it runs.
    ///   - volumes: remove those that nobody has named and nobody else has, too; always of one that removes itself.
    package func remove(_ name: String, force: Bool, volumes: Bool = false) throws(OperationError) {
        try prepare()
        let id = try containerStore.find(name)
        let wasDamaged = force ? try host.discardDamagedState(id) : false
        if force { host.endRestarts(of: id) }
        if force { try end(id) } else { try checkRemoval(of: id, name) }
        // A record that cannot be read must not make the container unremovable; but who does not insist keeps it.
        let definition = force ? (try? containerStore.definition(id)) ?? nil : try containerStore.definition(id)
        try host.reclaim(id, isForced: force)
        // Else its end told so, or another removal.
        let isThere = Files.exists(layout.definition(id))
        let takesVolumes = volumes || definition?.autoRemove ?? false
        guard try host.removeRecords(of: id, definition, volumes: takesVolumes, isOwn: false) else {
            // It has begun again meanwhile.
            return try remove(name, force: force, volumes: volumes)
        }
        if isThere, let definition { host.announce(.of(definition, "destroy")) }
        if wasDamaged { host.releaseOrphans() }
    }

    private func end(_ id: ContainerID) throws(OperationError) {
        // Its supervisor has this file also when it has removed the last of the run and has not ended yet.
        guard let lock = host.openLock(of: id) else { return }
        // A second's patience for one that is just being made.
        var former: ProcessIdentity?
        if let running = try host.started(id, within: 1, endingRestarts: true) {
            former = running.state.process
            try running.end(by: SIGKILL)
        }
        try host.waitForSupervisor(of: id, holding: lock, after: former)
    }

    private func checkRemoval(of id: ContainerID, _ name: String) throws(OperationError) {
        // A supervisor whose program has just ended may begin that again.
        if host.waitForRelease(of: id) { return }
        switch host.settledLiveness(of: id) {
        case .gone, .orphaned: return
        case .damaged(let failure): throw failure
        case .changing, .ending: try host.waitForSupervisor(of: id)
        case .supervised(let state):
            if let refusal = host.phase(of: state).refusal(of: .remove, id, name) { throw refusal }
            try host.waitForSupervisor(of: id)
        }
    }
}
