import Containers
import Core
import Glibc
import Lifecycle
import Linux
import Records

extension Engine {
    /// Asks a container to end. Its end is for `PendingStop.finish` to see to, so that many end side by side.
    /// A container that does not run is a success.
    /// - Parameter timeout: seconds until SIGKILL; negative waits for ever, nil is what the container was made with.
    package func beginStop(_ name: String, timeout: Int64?, signal: Int32?) throws(OperationError) -> PendingStop {
        try prepare()
        let id = try containerStore.find(name)
        host.endRestarts(of: id)
        guard let definition = try containerStore.definition(id) else {
            return PendingStop(self, id, nil, host.openLock(of: id), deadline: nil)
        }
        try noteStop(of: definition)
        let seconds = timeout ?? definition.stopTimeout
        // A supervisor may be clearing up after its program, which is then waited for.
        let lock = host.openLock(of: id)
        guard let running = try host.started(id, within: seconds, endingRestarts: true) else {
            return PendingStop(self, id, nil, lock, deadline: nil)
        }
        let deadline = try askToEnd(running, name, signal ?? definition.stopSignal, within: seconds)
        announceEnd(of: definition, by: signal, within: seconds)
        let former = running.state.process
        return PendingStop(
            self, id, running, host.openLock(of: id), after: former, deadline: deadline, announcing: definition)
    }

    /// A boot does not start it again where its policy leaves that to the user.
    private func noteStop(of definition: ContainerDefinition) throws(OperationError) {
        guard definition.restart.name != .never, containerStore.isHeld(definition.id) else { return }
        try containerStore.markStopped(definition.id)
    }

    /// - Returns: when it is to be killed; nil never.
    func askToEnd(
        _ running: borrowing RunningContainer, _ name: String, _ signal: Int32, within seconds: Int64
    ) throws(OperationError) -> Deadline? {
        if seconds == 0 || ignores(running, signal, name) {
            try running.end(by: SIGKILL)
            // Its end is for the supervisor to see: the kernel may wait for others before it is one.
            return Deadline(milliseconds: 0)
        }
        try running.end(by: signal)
        return seconds < 0 ? nil : Deadline(seconds: seconds)
    }

    func announceEnd(of definition: ContainerDefinition, by signal: Int32?, within seconds: Int64) {
        let sent = seconds == 0 ? SIGKILL : signal ?? definition.stopSignal
        host.announce(.of(definition, "kill", ["signal": String(sent)]))
    }

    /// The kernel drops a signal to a process 1 that neither handles nor blocks it: waiting would be in vain.
    private func ignores(_ running: borrowing RunningContainer, _ signal: Int32, _ name: String) -> Bool {
        guard let pid = running.state.pid, signal != SIGKILL, !SignalDisposition(of: pid).mayReceive(signal) else {
            return false
        }
        warn("container \"\(name)\": process 1 ignores \(Signal.name(signal)); killing it")
        return true
    }

    /// Sends a signal to the container's first process. What ends a container ends its restarts.
    package func kill(_ name: String, signal: Int32) throws(OperationError) {
        let id = try containerStore.find(name)
        let isRestarting = try host.isRestarting(id)
        let definition = try containerStore.definition(id)
        let isEnd = signal == SIGKILL || signal == definition?.stopSignal
        if isEnd {
            if let definition { try noteStop(of: definition) }
            host.endRestarts(of: id)
            if isRestarting { return try host.waitForSupervisor(of: id) }
        }
        guard let running = try host.running(id) else { throw try host.refusal(of: .kill, id, name) }
        try running.process.send(signal)
        host.announce("kill", of: id, ["signal": String(signal)])
        if isEnd { Freezer.letAct(running.state.cgroups) }
        guard signal == SIGKILL, let lock = host.openLock(of: id) else { return }
        try host.waitForSupervisor(of: id, holding: lock, after: running.state.process)
    }

    /// Waits until the container has ended.
    /// - Returns: its exit code.
    package func wait(_ name: String) throws(OperationError) -> Int32 {
        try PublishedExitCode(self, containerStore.find(name)).wait()
    }
}

/// A container that was asked to end.
package final class PendingStop {
    private let engine: Engine
    private let id: ContainerID
    private let running: RunningContainer?
    /// Its program.
    private let former: ProcessIdentity?
    /// Of its run.
    private let lock: Descriptor?
    /// Whose end is told.
    private let definition: ContainerDefinition?
    /// When it is killed; nil never.
    private let deadline: Deadline?

    init(
        _ engine: Engine, _ id: ContainerID, _ running: consuming RunningContainer?, _ lock: consuming Descriptor?,
        after former: ProcessIdentity? = nil, deadline: Deadline?, announcing definition: ContainerDefinition? = nil
    ) {
        self.definition = definition
        self.former = former
        self.engine = engine
        self.id = id
        self.running = running
        self.lock = lock
        self.deadline = deadline
    }

    private func waitForSupervisor() throws(OperationError) {
        switch lock {
        case .some(let lock):
            try engine.host.waitForSupervisor(of: id, holding: lock, after: former)
        case .none: return
        }
    }

    /// Returns when the container has ended and all that it must not leave behind is gone.
    package func finish() throws(OperationError) {
        if running?.waitForEnd(milliseconds: deadline?.millisecondsLeft ?? -1) == false {
            try running?.end(by: SIGKILL)
        }
        try waitForSupervisor()
        try engine.host.reclaim(id)
        if let definition { engine.host.announce(.of(definition, "stop")) }
    }
}
