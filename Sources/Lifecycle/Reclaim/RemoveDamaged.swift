import Containers
import Core
import Glibc
import Linux
import Records

extension Host {
    /// Ends a container whose state cannot be read, and takes away what the state named; all that remains is records.
    /// Its supervisor is whoever holds its lock, and the rest carries the container's id. One with a readable state,
    /// or none, is left as it is.
    /// - Returns: whether it was damaged.
    package func discardDamagedState(_ id: ContainerID) throws(OperationError) -> Bool {
        do throws(OperationError) {
            _ = try containerStore.state(id)
            return false
        } catch {
            warn(error.description)
        }
        killSupervisor(of: id)
        try waitForSupervisor(of: id)
        // A program that has opted out of dying with its supervisor is killed by its cgroup. Its addresses are orphans.
        if let failure = tearDown(id, nil, releasing: []).first { throw failure }
        try Files.remove(layout.containerState(id))
        return true
    }

    /// Frees addresses that a container had which its state no longer tells.
    package func releaseOrphans() {
        for network in (try? networkStore.all())?.definitions ?? [] { try? releaseOrphans(of: network) }
    }
}
