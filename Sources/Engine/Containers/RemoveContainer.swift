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
            if let running = try? host.running(id) { try? running.end(by: SIGKILL) }
        }
        return found
    }

    /// Removes a container with its file system, log and records.
    /// - Parameter force: kill it first when it runs.
    package func remove(_ name: String, force: Bool) throws(OperationError) {
        try host.prepare()
        let id = try containerStore.find(name)
        let wasDamaged = force ? try host.discardDamagedState(id) : false
        if force { host.endRestarts(of: id) }
        // A second's patience for one that is just being made.
        if let running = try force ? host.started(id, within: 1) : host.running(id) {
            guard force else {
                let reason =
                    running.isFrozen
                    ? "container is paused and must be unpaused first"
                    : "container is running: stop the container before removing or force remove"
                throw OperationError("cannot remove container \"\(name)\": \(reason)", kind: .conflict)
            }
            try running.end(by: SIGKILL)
            try host.waitForSupervisor(of: id)
        } else if containerStore.isAlive(id) {
            // Without a process it has not got one yet, or its supervisor is just clearing up.
            let state = try containerStore.state(id)
            guard state?.status != .creating else {
                throw OperationError("cannot remove container \"\(name)\": container is being created", kind: .conflict)
            }
            guard force || state?.status != .restarting else {
                throw OperationError(
                    "cannot remove container \"\(name)\": container is restarting: "
                        + "stop the container before removing or force remove",
                    kind: .conflict)
            }
            try host.waitForSupervisor(of: id)
        }
        // A damaged record must not make the container unremovable.
        let definition = (try? containerStore.definition(id)) ?? nil
        try host.reclaim(id, isForced: force)
        try containerStore.remove(id, name: definition?.name)
        if wasDamaged { host.releaseOrphans() }
    }
}
