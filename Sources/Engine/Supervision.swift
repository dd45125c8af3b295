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
        guard let supervisor = try? ProcessDescriptor(state.supervisor) else { return false }
        return !supervisor.waitForEnd(milliseconds: 0)
    }

    /// Waits until nobody holds the container of a dead supervisor any more.
    /// - Returns: false when the supervisor lives, or seems to be dead and its container is held all the same.
    func waitForRelease(of id: ContainerID) -> Bool {
        // Who clears away may have to wait for the xtables lock.
        let deadline = Deadline(seconds: 15)
        while containerStore.isAlive(id) {
            if isSupervisorAlive(id) ?? false || deadline.millisecondsLeft == 0 { return false }
            usleep(500)
        }
        return true
    }

    /// Takes the lock of a dead supervisor's container.
    /// - Returns: nil when the supervisor lives, and when nothing is left of the container.
    func takeOver(_ id: ContainerID) throws(OperationError) -> FileLock? {
        while Files.exists(layout.containerRuntime(id)), waitForRelease(of: id) {
            do throws(OperationError) {
                // Nil also while somebody only looks whether it is held.
                if let lock = try FileLock.tryAcquire(layout.containerLock(id)) { return lock }
            } catch {
                guard error.errno == ENOENT else { throw error }
            }
        }
        return nil
    }
}
