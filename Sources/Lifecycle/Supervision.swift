import Core
import Glibc
import Linux
import Records

extension Host {
    /// Whether the container's supervisor lives. That the lock is held does not say so: for a moment after a kill a
    /// child has it too that has not reached exec yet, and then whoever clears away.
    package func isSupervised(_ id: ContainerID) -> Bool { containerStore.isAlive(id) && isSupervisorAlive(id) ?? true }

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
    package func waitForRelease(of id: ContainerID) -> Bool {
        // Who clears away may have to wait for the xtables lock.
        let (forOthers, forSupervisor) = (Deadline(seconds: 15), Deadline(seconds: 5))
        while containerStore.isAlive(id) {
            let isSupervised = isSupervisorAlive(id) ?? false
            if isSupervised, !hasEnded(id) { return false }
            if (isSupervised ? forSupervisor : forOthers).millisecondsLeft == 0 || Interruption.isPending {
                return false
            }
            if isSupervised { wakeSupervisor(of: id) }
            usleep(500)
        }
        return true
    }

    /// Whether its program has, and no further one is on record yet.
    package func hasEnded(_ id: ContainerID) -> Bool {
        guard let state = (try? containerStore.state(id)) ?? nil else { return false }
        return state.status == .running && !state.isRunning
    }

    /// Takes the lock of a dead supervisor's container.
    /// - Returns: nil when the supervisor lives, and when nothing is left of the container's run.
    package func takeOver(_ id: ContainerID) throws(OperationError) -> FileLock? {
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

// MARK: - Waiting for a supervisor

extension Host {
    /// Returns when the container's supervisor has cleared up after its program, or has died. The program is to have ended,
    /// or to be about to. A supervisor that does not do its part is killed: somebody has stopped it, say.
    /// - Throws: when even that does not help, and when this command is asked to end.
    package func waitForSupervisor(of id: ContainerID) throws(OperationError) {
        guard let file = try? Descriptor.open(layout.containerLock(id), O_RDONLY) else { return }
        // Its longest wait is the one for the xtables lock.
        let (stopped, patience, end) = (Deadline(milliseconds: 500), Deadline(seconds: 15), Deadline(seconds: 30))
        while true {
            switch file.lock(exclusive: false, until: Deadline(milliseconds: 200)) {
            case EWOULDBLOCK: break
            case EINTR: try Interruption.check("wait for the supervisor of container", id.short)
            default: return
            }
            wakeSupervisor(of: id)
            ProcessTable.wakeParents()
            let isHeldStill = stopped.millisecondsLeft == 0 && isSupervisorStopped(id)
            if isHeldStill || patience.millisecondsLeft == 0 { killSupervisor(of: id) }
            if end.millisecondsLeft == 0 { throw unending(id) }
        }
    }

    /// One that was stopped (SIGSTOP) goes on, so that the exit code is recorded as it was. One that is traced does not.
    package func wakeSupervisor(of id: ContainerID) {
        if isSupervisorStopped(id) { signalSupervisor(of: id, SIGCONT) }
    }

    package func killSupervisor(of id: ContainerID) { signalSupervisor(of: id, SIGKILL) }

    private func isSupervisorStopped(_ id: ContainerID) -> Bool {
        if let state = (try? containerStore.state(id)) ?? nil {
            return ProcessIdentity.isStopped(state.supervisor) ?? false
        }
        return lockHolders(of: id).contains { ProcessIdentity.isStopped($0) == true }
    }

    private func signalSupervisor(of id: ContainerID, _ signal: Int32) {
        if let state = (try? containerStore.state(id)) ?? nil {
            // Unless the lock is free by now.
            if let process = state.openSupervisor(), containerStore.isAlive(id) { try? process.send(signal) }
            return
        }
        for pid in lockHolders(of: id) {
            guard let process = ProcessIdentity(of: pid)?.open(), lockHolders(of: id).contains(pid) else { continue }
            try? process.send(signal)
        }
    }

    /// The supervisor of a container whose state is not there yet, or cannot be read. All of /proc is looked through.
    package func lockHolders(of id: ContainerID) -> [pid_t] {
        ProcessTable.lockHolders(below: [layout.containerRuntime(id)]).filter(\.isMydocker).map(\.pid)
    }

    private func unending(_ id: ContainerID) -> OperationError {
        let state = (try? containerStore.state(id)) ?? nil
        let processes = [state?.supervisor, state?.pid].compactMap { $0 }.map(String.init).joined(separator: " or ")
        return OperationError(
            "end container", id.short, reason: "process \(processes) does not end, though it was killed",
            remedy: "see in /proc/PID/status and /proc/PID/stack what it waits for")
    }
}
