import Core
import Glibc
import Lifecycle
import Linux

/// Networks that a container joins and leaves while its supervisor lives. A lock that is needed for that may be a stranger's, for a
/// minute: so a copy of the supervisor, the worker, makes the change, one after the other, and the supervisor goes on with streams
/// and signals. What the worker has done is in the container's records, from where the supervisor takes it, however the worker ended;
/// of one that was killed the next one mends what is half done.
final class NetworkChanges: EventSource {
    typealias Change = (ContainerRun) throws(OperationError) -> Void

    private struct Worker: ~Copyable {
        let process: pid_t
        /// Where its answer comes.
        let end: Descriptor
        let request: PendingRequest
    }

    private let run: ContainerRun
    private var worker: Worker?
    private var waiting: [(request: PendingRequest, change: Change)] = []
    /// How often in a row half a change was to be mended.
    private var mendings = 0
    /// When the worker is woken, should somebody have stopped it.
    private(set) var deadline: Deadline?

    init(_ run: ContainerRun) { self.run = run }

    /// - Returns: to be answered once the change is made.
    func add(_ change: @escaping Change) -> ControlOutcome {
        let request = PendingRequest()
        waiting.append((request, change))
        note()
        return .later(request)
    }

    var isIdle: Bool { worker == nil && waiting.isEmpty && mendings == 0 }

    /// Nothing is changed any more when this returns: whoever writes the container's records now is alone. Waits of the worker end at
    /// once, and what it had begun is undone.
    func settle() {
        finishWorker(within: 5000)
    }

    /// The container has ended. Whoever still waits here may look for what is left of it.
    func end() {
        settle()
        for (request, _) in waiting { request.answer(.failure(run.hasEnded)) }
        waiting = []
    }

    // MARK: Part of an event loop

    func watch(_ requests: inout [pollfd]) {
        if worker == nil { begin() }
        let gaveWay = run.networksChange
        note()
        // What has given way to a change that does not begin comes back with the next turn.
        if gaveWay, !run.networksChange { deadline = Deadline(milliseconds: 0) }
        // Nothing but the end of it (POLLHUP): all that it says is there then.
        if let end = worker?.end.number { requests.append(pollfd(fd: end, events: 0, revents: 0)) }
    }

    func advance(_ events: ArraySlice<pollfd>) {
        guard events.allSatisfy({ $0.revents == 0 }) else { return finishWorker(within: 0) }
        if let process = worker?.process { kill(process, SIGCONT) }
        deadline = worker == nil ? nil : Deadline(milliseconds: 200)
    }

    /// Whoever gives way to a change does so before it begins (`Supervisor.loop`).
    private func note() { run.networksChange = worker != nil || !waiting.isEmpty }

    private func begin() {
        while worker == nil, let (request, change) = waiting.first {
            waiting.removeFirst()
            if request.isGone { continue }
            do throws(OperationError) {
                worker = try Self.start(run, request, change)
                deadline = Deadline(milliseconds: 200)
            } catch {
                request.answer(.failure(error))
            }
        }
    }

    private static func start(
        _ run: ContainerRun, _ request: PendingRequest, _ change: Change
    ) throws(OperationError) -> Worker {
        var ends = try Descriptor.socketPair()
        let supervisor = getpid()
        switch try Fork.fork() {
        case .parent(let worker):
            ends.closeWrite()
            guard let end = ends.takeRead() else { throw OperationError("create socket", errno: EBADF) }
            return Worker(process: worker, end: end, request: request)
        case .child:
            Fork.die(with: supervisor)
            if let end = ends.takeWrite() { perform(change, on: run, end) }
            _exit(0)
        }
    }

    /// Sends the sockets of ports that are reserved only now, and then the answer.
    private static func perform(_ change: Change, on run: ContainerRun, _ end: borrowing Descriptor) {
        // Whoever waits for the end of a pipe does not wait for this process.
        InheritedDescriptors.close(except: [end.number] + run.descriptorsOfNetworks)
        run.renewRequests()
        // Not for the keys of the caller's terminal.
        setsid()
        ProcessTitle.set("mydocker: network change of \(run.definition.id.short)")
        // Until now they were the program's.
        Interruption.areHeeded = true
        let (former, known) = (run.endpoints, run.definition)
        let before = run.portSockets
        var reply = ControlReply.result([:])
        do throws(OperationError) {
            try change(run)
        } catch {
            reply = .failure(error)
        }
        if let ports = run.portSockets, ports !== before, !ports.sendAll(by: end) { return }
        _ = LocalSocket.send(reply.packet, to: end.number)
        // That file is the container's, which may have put one there that nobody ever answers for.
        Fork.die(after: 2)
        run.followInHosts(since: former, of: known)
    }

    /// Takes what the worker has done. One that is at it still is asked to end, and killed when it does not.
    private func finishWorker(within milliseconds: Int32) {
        guard let worker = worker.take() else { return }
        deadline = nil
        let isInterrupted = !Polling.wait(for: worker.end, 0, milliseconds: 0)
        if isInterrupted {
            for signal in [SIGTERM, SIGCONT] { kill(worker.process, signal) }
            if !Polling.wait(for: worker.end, 0, milliseconds: milliseconds) { kill(worker.process, SIGKILL) }
        }
        let sockets = DescriptorSet()
        let reply = Self.reply(worker.end, sockets)
        // Whoever has closed that end has no more to say, and may have been stopped right behind it.
        kill(worker.process, SIGKILL)
        reap(worker.process)
        adopt(reply, sockets)
        note()
        switch reply {
        case .result(let result): worker.request.answer(.result(result))
        case _ where isInterrupted: worker.request.answer(.failure(run.hasEnded))
        case .failure(let error): worker.request.answer(.failure(error))
        case nil: worker.request.answer(.failure(Self.killed))
        }
    }

    private func adopt(_ reply: ControlReply?, _ sockets: DescriptorSet) {
        let former = run.endpoints
        run.adoptNetworks(isComplete: reply != nil, sockets)
        if case .result = reply {
            mendings = 0
        } else if reply == nil || !run.hasItsNetworks, mendings < 3 {
            mendings += 1
            let start = reply == nil ? former : run.endpoints
            waiting.insert((PendingRequest(), Self.mending(since: start)), at: 0)
        }
    }

    private static func mending(since former: [Endpoint]) -> Change {
        return { run throws(OperationError) in
            // What undoes what a point has killed is not killed there.
            FaultPoint.disarm()
            try run.mendNetworks(since: former)
        }
    }

    private static let killed = OperationError("change networks", reason: "the process that was at it was killed")

    /// Nil when the worker was killed.
    private static func reply(_ end: borrowing Descriptor, _ sockets: DescriptorSet) -> ControlReply? {
        while case .packet(let bytes, let passed) = LocalSocket.receive(end.number, limit: ControlMessage.longest) {
            if passed.count == 0 { return try? ControlReply(parsing: bytes) }
            sockets.insert(passed)
        }
        return nil
    }
}
