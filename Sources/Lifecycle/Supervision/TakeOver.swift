import Core
import Glibc
import Linux
import Records

extension Host {
    /// Waits until nobody holds a container any more whose supervisor is dead, or clears up after its program.
    /// - Returns: false when it is held all the same, as a container is that runs.
    package func waitForRelease(of id: ContainerID) -> Bool {
        // Who clears away may have to wait for the xtables lock.
        let (forOthers, forSupervisor) = (Deadline(seconds: 15), Deadline(seconds: 5))
        while true {
            let deadline: Deadline
            switch liveness(of: id) {
            case .gone, .orphaned(isHeld: false): return true
            case .supervised, .damaged: return false
            case .changing, .orphaned(isHeld: true): deadline = forOthers
            case .ending:
                deadline = forSupervisor
                wakeSupervisor(of: id)
            }
            if deadline.millisecondsLeft == 0 || Interruption.isPending { return false }
            usleep(500)
        }
    }

    /// Takes the lock of a dead supervisor's container.
    /// - Returns: nil when the supervisor lives, and when nothing is left of the container's run.
    func takeOver(_ id: ContainerID) throws(OperationError) -> FileLock? {
        let directory = layout.containerRuntime(id)
        let path = layout.containerLock(id)
        let deadline = Deadline(seconds: 15)
        while Files.exists(directory), waitForRelease(of: id) {
            // An empty directory is about to be used, which its maker then does again, or was about to be removed.
            let hasLock = Files.exists(path)
            if !hasLock, (try? FaultPoint.pass("remove directory", directory)) != nil,
                Files.removeEmptyDirectory(directory)
            {
                return nil
            }
            // Nil also while somebody only looks whether it is held. Whoever removes the file must not find it again.
            if let lock = try FileLock.tryAcquire(path, creating: !hasLock, until: Deadline(milliseconds: 100)) {
                return lock
            }
            try Interruption.check("clear away container", id.short)
            if deadline.millisecondsLeft == 0 { throw occupied(id) }
        }
        return nil
    }

    /// Somebody shares the lock, which only `wait` does, and only for a moment.
    private func occupied(_ id: ContainerID) -> OperationError {
        let holder = ProcessTable.lockHolders(below: [layout.containerRuntime(id)]).first
        return OperationError(
            "clear away container", id.short,
            reason: "\(holder.map { "process \($0.pid) (\($0.program))" } ?? "somebody") holds its lock",
            remedy: "end that process, then try again")
    }
}
