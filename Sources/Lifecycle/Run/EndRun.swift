import Containers
import Core
import Glibc
import Linux
import Records

extension ContainerRun {
    package func record(_ stream: LogStream, _ bytes: UnsafeRawBufferPointer) {
        log?.write(stream: stream, bytes: bytes)
    }

    /// Lets a program that is held still act on a signal.
    package func letAct() { Freezer.letAct(state.cgroups) }

    /// Once its first process has ended: what that does not take along goes by the container's cgroups.
    package func endRest() {
        if definition.namespaces.pid != .own { CgroupDirectories.empty(host.cgroups(of: id, state)) }
    }

    /// Podman's, for a container that was killed because its time was over.
    private static let lateExitCode: Int32 = 255

    /// Notes how a round ended.
    /// - Parameter isLate: it was killed because its time was over.
    package func end(_ end: ChildEnd, isLate: Bool = false) -> ContainerExit {
        log?.finish()
        leaveNamespace()
        let cgroups = host.cgroups(of: id, state)
        var exit = ContainerExit(
            exitCode: isLate ? Self.lateExitCode : end.exitCode, started: state.started, finished: .now(),
            oomKilled: CgroupDirectories.sawOutOfMemory(cgroups))
        if isLate, let limit = definition.timeLimit { exit.error = "it ran for longer than \(limit) s" }
        exit.restartCount = state.restartCount
        exit.signal = end.signal
        exit.health = health
        if exit.oomKilled { exit.memoryPeak = CgroupDirectories.memoryPeak(cgroups) }
        if definition.limits.pids != nil || host.hasChangedCgroups(id) {
            exit.refusedProcesses = CgroupDirectories.refusedProcesses(cgroups)
        }
        exitRecord = exit
        // Under the name that it has by now.
        let isStill = host.containerStore.names.owner(of: definition.name) == id
        noted += Event.end(of: isStill ? definition : currentDefinition, exit)
        return exit
    }

    /// Takes away what was made for the round that has ended, and says on record that there will be another one.
    /// - Parameter isAsked: somebody wants it to begin again, and not its policy.
    package func rest(isAsked: Bool = false) {
        // The addresses stay leased. The ports are refused meanwhile.
        var failures = host.tearDown(id, state, releasing: [])
        state.status = .restarting
        state.supervise()
        state.pid = nil
        state.pidStartTime = nil
        // The old one goes when the kernel has taken down its namespace.
        for index in state.endpoints.indices { state.endpoints[index].resetHostInterface() }
        state.restartCount = isAsked ? 0 : state.restartCount + 1
        state.lastExit = exitRecord
        do throws(OperationError) {
            try host.containerStore.write(state, of: id)
            try host.clearOverlayMark(of: id)
        } catch {
            failures.append(error)
        }
        for failure in failures { host.warn(failure.description) }
        announceNoted()
    }

    /// - Throws: when there is no room to put another round on record.
    package func checkRoom() throws(OperationError) { try host.containerStore.checkRoom(for: id) }

    /// The next round is one that somebody has asked for: its policy counts from there. On record with that round.
    package func forgetRestarts() { state.restartCount = 0 }

    /// Records how the container ended and takes away all that must not outlive it.
    /// - Returns: whether that is done.
    @discardableResult package func finish() -> Bool { clearAway(remove: definition.autoRemove) }

    /// No round could begin, or none more. Nothing is left then; but a container that has run before is there as one that
    /// has ended.
    package func abandon(_ failure: OperationError) {
        if isCleared { return }
        let isFirst = exitRecord == nil
        let isNew = isFirst && !plan.isExisting
        if exitRecord == nil, plan.isExisting {
            exitRecord = ContainerExit(exitCode: failure.exitCode ?? 128, started: nil, finished: .now())
        }
        exitRecord?.error = failure.description
        if isFirst {
            noted += Event.end(
                of: currentDefinition,
                ContainerExit(exitCode: failure.exitCode ?? 128, started: nil, finished: .now()))
        }
        _ = clearAway(remove: isNew || definition.autoRemove)
    }

    /// It is made, and does not begin yet.
    package func setAside() throws(OperationError) {
        do throws(OperationError) {
            try host.prepareVolumes(of: definition, isNew: true)
            try host.containerStore.markCreated(id)
            try host.containerStore.removeRuntime(id)
        } catch {
            _ = try? host.removeRecords(of: id, definition, volumes: true, isOwn: true)
            throw error
        }
        announceNoted()
        letGo()
    }

    /// Another process, or nobody, is the supervisor from now on.
    package func letGo() {
        lock = nil
        log = nil
        forwarder = nil
        ports = nil
    }

    /// What fails is tried once more: what stood in the way may be gone. What fails again stays on record, for whoever
    /// needs it next.
    private func clearAway(remove: Bool) -> Bool {
        isCleared = true
        endForwarding()
        // Their descriptors may be those that are wanted now.
        log = nil
        leaveNamespace()
        exitRecord?.restartCount = state.restartCount
        publishExitCode()
        // Else nobody was told that it has joined them.
        if state.started != nil { noteNetworks("disconnect") }
        defer { announceNoted() }
        for _ in 0..<2 {
            do throws(OperationError) {
                try tearDown(remove: remove)
                if remove { note("destroy") }
                return true
            } catch {
                host.warn(error.description)
            }
        }
        return false
    }

    private func endForwarding() {
        guard let forwarder else { return }
        self.forwarder = nil
        forwarder.finish()
        let count = forwarder.droppedLines
        guard count > 0 else { return }
        host.warn("\(count) message\(count == 1 ? "" : "s") with output did not get to \(definition.log.driver)")
    }

    private func tearDown(remove: Bool) throws(OperationError) {
        if let failure = host.tearDown(id, state, releasing: plan.networks).first {
            // Whoever clears away later must not take it for one that was killed.
            if !remove, let exitRecord { try? host.containerStore.write(exitRecord, of: id) }
            throw failure
        }
        if hasHalfChange { try host.releaseLeases(of: id, definition.networkMode) }
        // Before the records: who does not find the container any more finds its ports free.
        ports = nil
        if remove {
            try host.removeRecords(of: id, definition, volumes: true, isOwn: true, keeping: removed)
        } else if let exitRecord {
            try host.recordEnd(of: id, exitRecord, state)
        }
    }

    /// Whoever waits has the lock's file open and reads the code from there, also when all else is removed.
    private func publishExitCode() {
        guard let exitRecord, lock != nil, (try? FaultPoint.pass("publish exit code")) != nil else { return }
        let line = Array("\(exitRecord.exitCode)\n".utf8)
        _ = line.withUnsafeBytes { Glibc.write(lock.number, $0.baseAddress, $0.count) }
    }
}
