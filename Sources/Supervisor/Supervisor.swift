import Containers
import Core
import Glibc
import Lifecycle
import Linux

/// The process that stays with a container from its first round to its last. It waits in one event loop, during the rounds and
/// between them; what it does besides is a part of that loop.
final class Supervisor {
    let host: Host
    let run: ContainerRun
    let signals: SignalSource
    let restarts: Restarts
    let control = ControlServer()
    let audience = Audience()
    private let changes: NetworkChanges
    private let names: NameServer
    private let ports: PortServer
    /// Nil when it has no check.
    let health: HealthMonitor?
    /// The next round is one that somebody has asked for.
    private var wasAsked = false
    /// Nil in the background.
    private(set) var caller: CallerStreams?
    /// Signals go to the program; otherwise they have no effect.
    let passesSignals: Bool
    /// Nothing of the first round's output is read, and its end is not told, before there is a client: it is to miss nothing.
    let awaitsClient: Bool
    /// This process has begun anew.
    let isRenewed: Bool

    /// Makes the container's first traces on this host.
    convenience init(
        _ host: Host, _ plan: ContainerPlan, _ offer: NetworkNamespaceOffer?, for caller: CallerStreams?,
        _ signals: SignalSource,
        passesSignals: Bool = true, awaitsClient: Bool = false
    ) throws(OperationError) {
        let restarts = try Restarts(plan.definition)
        self.init(
            host, try ContainerRun(host, plan, offer), restarts, for: caller, signals, passesSignals: passesSignals,
            awaitsClient: awaitsClient)
        if caller != nil { run.note("attach") }
    }

    init(
        _ host: Host, _ run: ContainerRun, _ restarts: Restarts, for caller: CallerStreams?, _ signals: SignalSource,
        passesSignals: Bool, awaitsClient: Bool, isRenewed: Bool = false
    ) {
        self.host = host
        self.isRenewed = isRenewed
        self.awaitsClient = awaitsClient
        self.caller = caller
        self.signals = signals
        self.passesSignals = passesSignals
        self.restarts = restarts
        self.run = run
        changes = NetworkChanges(run)
        names = NameServer(run)
        ports = PortServer(run)
        health = HealthMonitor(run)
        // What can be asked of it.
        control.on("attach") { [audience] request, passed throws(OperationError) in
            try audience.attach(request, passed)
        }
        answerAboutNetworks()
        control.on("again") { _, _ throws(OperationError) in
            // Whoever asks ends the program next.
            try run.checkRoom()
            restarts.again()
            return .done([:])
        }
    }

    private func answerAboutNetworks() {
        control.on("connect") { [changes] request, _ throws(OperationError) in
            let wish: EndpointWish = try request.value("wish") { try? EndpointWish(RecordReader($0)) }
            return changes.add { run throws(OperationError) in try run.connect(wish) }
        }
        control.on("disconnect") { [changes] request, _ throws(OperationError) in
            let name: Name = try request.value("network") { $0.string.flatMap(Name.init) }
            return changes.add { run throws(OperationError) in try run.disconnect(name) }
        }
    }

    /// The parts that are there all the time, beside those of the moment. Before networks change, some ports are given up.
    func loop(_ parts: [any EventSource]) -> EventLoop {
        EventLoop(
            parts + [control, ports, changes, audience, names] + (health.map { [$0] } ?? [])
                + (run.forwarder.map { [$0] } ?? []),
            givingMemoryBack: caller == nil)
    }

    /// What this process would have to know if it began anew; nil while somebody wants something of it.
    func handover(
        of container: borrowing LaunchedChild, terminal: Int32?, _ sources: [(stream: LogStream, number: Int32)],
        limit: Deadline?
    ) -> SupervisorHandover? {
        let check = health?.handover.map(SupervisorHandover.Check.init)
        guard control.isIdle, control.number >= 0, audience.isEmpty, changes.isIdle, names.isIdle, ports.isIdle,
            check != nil || health == nil, let run = run.handover
        else { return nil }
        func source(_ stream: LogStream) -> Int32? {
            terminal == nil ? sources.first { $0.stream == stream }?.number : nil
        }
        let input = terminal == nil && audience.inputNumber >= 0 ? audience.inputNumber : nil
        return SupervisorHandover(
            run: run, restarts: restarts.json, check: check, pid: container.pid,
            process: container.process.descriptor.number, control: control.number, terminal: terminal,
            output: source(.stdout), error: source(.stderr), input: input, passesSignals: passesSignals,
            limit: limit)
    }

    // MARK: Rounds

    /// Lets the container's program begin, and looks after it until it has ended.
    func round(hasBegun: () -> Void = {}) throws(OperationError) -> FinishedRound {
        let container: StartedContainer
        do throws(OperationError) {
            container = try begin()
        } catch {
            // It may be one descriptor too many that has failed.
            signals.close()
            control.close()
            run.abandon(error)
            throw error
        }
        Interruption.areHeeded = false
        hasBegun()
        health?.begin()
        // Whoever ends it from now on finds the process on record; who did so before may not have.
        if run.isRepeated || run.definition.restart.name != .never, restarts.areEnded {
            try? container.child.process.send(SIGKILL)
        }
        return watch(
            Round(self, of: container.child.pid, until: run.definition.timeLimit.map { Deadline(seconds: $0) }),
            container)
    }

    func watch(_ round: Round, _ container: consuming StartedContainer) -> FinishedRound {
        let end = round.watch(container)
        return FinishedRound(exit: run.end(end, isLate: round.isLate), relay: round.relay, wasUnheard: round.wasUnheard)
    }

    /// In the background: what comes behind the first round.
    func lookAfter(_ round: FinishedRound) {
        if follows(round.exit) { return repeatRounds(after: round.exit) }
        finish(after: round.exit)
        deliverToAudience()
    }

    /// Of what fails, all descriptors are closed when this returns.
    private func begin() throws(OperationError) -> StartedContainer {
        let definition = run.definition
        let streams = try RunStreams(
            terminal: definition.terminal, input: definition.openStdin, caller: caller, owner: run.user)
        return try run.start(streams) { () throws(OperationError) in
            try control.listen(at: host.layout.containerControl(definition.id))
        }
    }

    /// Goes on with a container that is to begin again after `exit`, until its policy or somebody ends it.
    /// - Parameter hasRested: called when it is on record that this process is its supervisor.
    func repeatRounds(after exit: ContainerExit, hasRested: () -> Void = {}) {
        var exit = exit
        rest(after: exit)
        hasRested()
        while pause() {
            do throws(OperationError) {
                exit = try round().exit
            } catch {
                return deliverToAudience()
            }
            guard follows(exit) else { break }
            rest(after: exit)
        }
        finish(after: exit)
        deliverToAudience()
    }

    /// No copy of this process is at work on the container any more when this returns.
    func settle() {
        health?.end()
        changes.settle()
        names.close()
        ports.close()
    }

    /// Whether there is another round after `exit`.
    func follows(_ exit: ContainerExit) -> Bool { restarts.follow(exit, by: run.restart) }

    private func rest(after exit: ContainerExit) {
        wasAsked = restarts.takeAsked()
        run.rest(isAsked: wasAsked)
        audience.tell(exit.exitCode, patience: patience)
    }

    /// Waits until the next round is to begin.
    /// - Returns: false when somebody has ended it.
    private func pause() -> Bool {
        let alarm = Alarm()
        var isOver = false
        alarm.onTime = { isOver = true }
        alarm.set(milliseconds: Int64(restarts.pause))
        onlyNoteSignals()
        loop([signals, restarts, alarm]).run { !isOver && !restarts.areEnded && !restarts.isAsked }
        changes.settle()
        // It may have got another policy meanwhile.
        let isAsked = restarts.takeAsked()
        if isAsked { run.forgetRestarts() }
        let isWanted = isAsked || wasAsked || run.restart.name != .never
        return isWanted && !restarts.areEnded
    }

    /// Nothing is left of the container then but its records.
    /// - Returns: whether that is so.
    @discardableResult func finish(after exit: ContainerExit) -> Bool {
        Interruption.areHeeded = true
        changes.end()
        control.stopListening()
        let isDone = run.finish()
        run.letGo()
        audience.tell(exit.exitCode, patience: patience)
        return isDone
    }

    /// Milliseconds for each bit of what a client has not read when the program ends. A command that was started in the
    /// foreground is not to end much later for it.
    private var patience: Int64 { caller == nil ? 10_000 : 1000 }

    /// What is left of the output for clients, when nothing is left of the container.
    func deliverToAudience() {
        guard !audience.isEmpty else { return }
        let end = Alarm()
        var isOver = false
        end.onTime = { isOver = true }
        end.set(milliseconds: 3 * patience)
        loop([end]).run { !isOver && !audience.isEmpty }
    }

    /// There is no program to pass them on to.
    func onlyNoteSignals() { signals.onSignal = { [restarts] in restarts.note($0) } }

    /// Whether somebody has ended the container for good.
    var isEnded: Bool {
        signals.drain()
        return restarts.areEnded
    }

    // MARK: Processes

    /// This copy of the process supervises the container from now on, without a caller.
    func moveToBackground() throws(OperationError) {
        setsid()
        caller = nil
        try InheritedDescriptors.redirectStandardStreams()
        chdir("/")
    }

    /// Another copy of this process supervises the container from now on.
    func letGo() {
        control.close()
        audience.letGo()
        run.letGo()
    }
}
