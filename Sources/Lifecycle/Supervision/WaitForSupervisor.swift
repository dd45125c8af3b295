import Core
import Glibc
import Linux
import Records

extension Host {
    /// Returns when the container's supervisor has cleared up after its program, or has died. The program is to have ended,
    /// or to be about to. A supervisor that does not do its part is killed: somebody has stopped it, say.
    /// - Throws: when even that does not help, and when this command is asked to end.
    package func waitForSupervisor(of id: ContainerID) throws(OperationError) {
        guard let file = openLock(of: id) else { return }
        try waitForSupervisor(of: id, holding: file)
    }

    /// The file of the lock that a run of the container has; nil when there is no run.
    package func openLock(of id: ContainerID) -> Descriptor? {
        try? Descriptor.open(layout.containerLock(id), O_RDONLY)
    }

    /// - Parameters:
    ///   - file: tells which run is meant: another one that has begun since is let be.
    ///   - former: the program that has ended, nil when none ran; a further round that `restart` has asked for since is let be, too.
    package func waitForSupervisor(
        of id: ContainerID, holding file: borrowing Descriptor, after former: ProcessIdentity? = nil
    ) throws(OperationError) {
        // Its longest wait is the one for the xtables lock.
        let (stopped, patience, end) = (Deadline(milliseconds: 500), Deadline(seconds: 15), Deadline(seconds: 30))
        while true {
            switch file.lock(exclusive: false, until: Deadline(milliseconds: 200)) {
            case EWOULDBLOCK: break
            case EINTR: try Interruption.check("wait for the supervisor of container", id.short)
            default: return file.unlock()
            }
            wakeSupervisor(of: id)
            ProcessTable.wakeParents()
            if FileLock.isReplaced(file, at: layout.containerLock(id)) || hasBegunAgain(id, after: former) { return }
            let isHeldStill = stopped.millisecondsLeft == 0 && isSupervisorStopped(id)
            if isHeldStill || patience.millisecondsLeft == 0 { killSupervisor(of: id) }
            if end.millisecondsLeft == 0 { throw unending(id) }
        }
    }

    private func hasBegunAgain(_ id: ContainerID, after former: ProcessIdentity?) -> Bool {
        guard let state = (try? containerStore.state(id)) ?? nil, state.status == .running, state.process != former
        else {
            return false
        }
        // A round by its policy is ended by its supervisor as soon as it has begun.
        return state.restartCount == 0 && state.process?.isAlive == true
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
            if let process = state.openSupervisor(), containerStore.isHeld(id) { try? process.send(signal) }
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
