import Core
import Glibc
import Lifecycle
import Linux

/// Checks whether a container is well, again and again while its program runs. A check may take its time, and has to enter the
/// container: so a copy of the supervisor, the worker, makes it, which is killed with it. What the checks have come to is in a record
/// of its own.
final class HealthMonitor: EventSource {
    private struct Worker: ~Copyable {
        let process: pid_t
        /// Where the result comes.
        let end: Descriptor
        let start: Timestamp
    }

    /// What a worker may take beyond the time that its check has, in milliseconds.
    private static let grace: Int64 = 5000

    private let run: ContainerRun
    private let check: HealthCheck
    private var health = ContainerHealth()
    private var started = Timestamp.now()
    private var worker: Worker?
    /// When the next check is due, or the worker has taken too long; nil while no program runs.
    private(set) var deadline: Deadline?

    /// Nil when there is nothing to be checked.
    init?(_ run: ContainerRun) {
        guard let check = run.definition.healthCheck, check.command != nil else { return nil }
        self.run = run
        self.check = check
    }

    /// The program runs.
    func begin() {
        started = .now()
        health.begin()
        // Where nothing is on record it is just starting.
        if run.isRepeated { run.record(health) }
        planNext()
    }

    /// The program runs for a while already.
    /// - Parameter next: when the next check is due.
    func goOn(_ health: ContainerHealth, since start: Timestamp, next: Deadline) {
        started = start
        self.health = health
        deadline = next
    }

    /// What `goOn` needs; nil while a check is made.
    var handover: (health: ContainerHealth, start: Timestamp, next: Deadline)? {
        guard worker == nil, let deadline else { return nil }
        return (health, started, deadline)
    }

    /// The program has ended, and with it what a check had started in there.
    func end() {
        deadline = nil
        if let worker = worker.take() { kill(worker) }
        health.end()
        run.health = health
    }

    private func planNext() {
        let age = Timestamp.now().nanoseconds(since: started)
        deadline = Deadline(milliseconds: check.pause(health.status, age: age) / 1_000_000)
    }

    // MARK: Part of an event loop

    func watch(_ requests: inout [pollfd]) {
        // Nothing but the end of it (POLLHUP): all that it says is there then.
        requests.append(pollfd(fd: worker?.end.number ?? -1, events: 0, revents: 0))
    }

    func advance(_ events: ArraySlice<pollfd>) {
        if worker != nil { return finish(isLate: events.allSatisfy { $0.revents == 0 }) }
        // One that is held still is asked when it goes on.
        if run.isPaused { planNext() } else { start() }
    }

    private func start() {
        let now = Timestamp.now()
        do throws(OperationError) {
            worker = try Self.start(run, check, now)
            deadline = Deadline(milliseconds: check.timeoutInEffect / 1_000_000 + Self.grace)
        } catch {
            note(HealthProbe(start: now, end: .now(), exitCode: -1, output: error.description))
        }
    }

    private static func start(
        _ run: ContainerRun, _ check: HealthCheck, _ now: Timestamp
    ) throws(OperationError) -> Worker {
        var ends = try Descriptor.socketPair()
        let supervisor = getpid()
        switch try Fork.fork() {
        case .parent(let worker):
            ends.closeWrite()
            guard let end = ends.takeRead() else { throw OperationError("create socket", errno: EBADF) }
            return Worker(process: worker, end: end, start: now)
        case .child:
            Fork.die(with: supervisor)
            if let end = ends.takeWrite() { perform(check, in: run, end) }
            _exit(0)
        }
    }

    private static func perform(_ check: HealthCheck, in run: ContainerRun, _ end: borrowing Descriptor) {
        // Neither the container's lock nor its ports are held by more than the supervisor.
        InheritedDescriptors.close(except: [end.number])
        setsid()
        ProcessTitle.set("mydocker: health check of \(run.definition.id.short)")
        guard let probe = run.probe(check) else { return }
        _ = LocalSocket.send(Array(probe.json.compact.utf8), to: end.number)
    }

    /// - Parameter isLate: the worker has been held up, by whomever.
    private func finish(isLate: Bool) {
        guard let worker = worker.take() else { return }
        var probe = isLate ? nil : Self.probe(worker.end)
        if isLate {
            let text = ContainerRun.lateness(check, "")
            probe = HealthProbe(start: worker.start, end: .now(), exitCode: -1, output: text)
        }
        kill(worker)
        note(probe)
    }

    private func kill(_ worker: borrowing Worker) {
        Glibc.kill(worker.process, SIGKILL)
        reap(worker.process)
        run.killCheck()
    }

    /// Nil when the worker has nothing to say, or was killed.
    private static func probe(_ end: borrowing Descriptor) -> HealthProbe? {
        guard case .packet(let bytes, _) = LocalSocket.receive(end.number, limit: ControlMessage.longest),
            let json = try? JSON(parsing: bytes), let reader = try? RecordReader(json)
        else { return nil }
        return try? HealthProbe(reader)
    }

    private func note(_ probe: HealthProbe?) {
        if let probe {
            let former = health.status
            health.note(probe, check, started: started)
            run.record(health)
            if health.status != former { run.announce("health_status: \(health.status.rawValue)") }
        }
        planNext()
    }
}
