import Core
import Glibc
import Linux
import Store

extension Engine {
    /// Whether the container's supervisor lives. That the lock is held does not say so: for a moment after a kill a
    /// child has it too that has not reached exec yet, and then whoever clears away.
    func isSupervised(_ id: ContainerID) -> Bool { containerStore.isAlive(id) && isSupervisorAlive(id) ?? true }

    /// Nil when there is no record of it: it is about to be written, or is the first thing that has been removed.
    /// With one that cannot be read the container is left alone.
    private func isSupervisorAlive(_ id: ContainerID) -> Bool? {
        let state: ContainerState?
        do throws(OperationError) { state = try containerStore.state(id) } catch { return true }
        guard let state else { return nil }
        guard let supervisor = state.openSupervisor() else { return false }
        return !supervisor.waitForEnd(milliseconds: 0) && !ProcessIdentity.isEnding(state.supervisor)
    }

    /// Waits until nobody holds a container any more whose supervisor is dead, or clears up after its program.
    /// - Returns: false when it is held all the same, as a container is that runs.
    func waitForRelease(of id: ContainerID) -> Bool {
        // Who clears away may have to wait for the xtables lock, and a supervisor for a reader of the last output.
        let (forOthers, forSupervisor) = (Deadline(seconds: 15), Deadline(seconds: 5))
        while containerStore.isAlive(id) {
            let isSupervised = isSupervisorAlive(id) ?? false
            if isSupervised, !hasEnded(id) { return false }
            if (isSupervised ? forSupervisor : forOthers).millisecondsLeft == 0 { return false }
            usleep(500)
        }
        return true
    }

    /// Whether its program has, and no further one is on record yet.
    private func hasEnded(_ id: ContainerID) -> Bool {
        guard let state = (try? containerStore.state(id)) ?? nil else { return false }
        return state.status == .running && !state.isRunning
    }

    /// Takes the lock of a dead supervisor's container.
    /// - Returns: nil when the supervisor lives, and when nothing is left of the container's run.
    func takeOver(_ id: ContainerID) throws(OperationError) -> FileLock? {
        let directory = layout.containerRuntime(id)
        let path = layout.containerLock(id)
        while Files.exists(directory), waitForRelease(of: id) {
            // An empty directory is about to be used, which its maker then does again, or was about to be removed.
            let hasLock = Files.exists(path)
            if !hasLock, (try? FaultPoint.pass("remove directory", directory)) != nil,
                Files.removeEmptyDirectory(directory)
            {
                return nil
            }
            // Nil also while somebody only looks whether it is held. Whoever removes the file must not find it again.
            if let lock = try FileLock.tryAcquire(path, creating: !hasLock) { return lock }
        }
        return nil
    }
}
