import Containers
import Core
import Glibc
import Lifecycle
import Linux

/// One round of a container, while its program runs: its streams, its signals, and its end where nobody listens any more.
final class Round: AttachableProgram {
    let relay = StreamRelay()
    private let supervisor: Supervisor
    private let forwarder: SignalForwarder
    private let ending: ContainerEnding
    private let alarm = Alarm()
    /// The end of its time.
    private let limit = Alarm()
    /// Until a first client has come, or has had the time for that.
    private var isPatient: Bool
    private let patience = Alarm()
    /// When the supervisor begins anew.
    private let renewal = Alarm()
    private var run: ContainerRun { supervisor.run }
    /// For others than the caller, who type there too.
    private var terminalInput: Descriptor?
    /// The container was ended because nobody read its output.
    private(set) var wasUnheard = false
    /// It was ended because its time was over.
    private(set) var isLate = false

    /// - Parameter end: of the time that the program has; nil is no limit.
    init(_ supervisor: Supervisor, of pid: Int32, until end: Deadline?) {
        self.supervisor = supervisor
        limit.set(end)
        isPatient = supervisor.awaitsClient && !supervisor.run.isRepeated
        forwarder = SignalForwarder(to: pid, caller: supervisor.caller)
        ending = ContainerEnding(pid, supervisor.run)
    }

    /// Returns when the program has ended, and how.
    func watch(_ container: consuming StartedContainer) -> ChildEnd {
        let streams = container.streams
        let caller = supervisor.caller
        if let master = container.terminal.take() { connect(master) }
        if let output = streams.takeOutput() { addOutput(output, .stdout) }
        if let error = streams.takeError() { addOutput(error, .stderr) }
        if let caller, let input = streams.takeInput() {
            relay.setInput(from: caller.input, to: input, isTerminal: false, meter: streams.takeInputMeter())
        }
        supervisor.audience.begin(self, input: terminalInput.take() ?? streams.takeInput())
        let process = ProcessWatch(container.child.process)
        if supervisor.mayBeginAnew { renewal.set(milliseconds: Renewal.age) }
        carry(container.child, until: process)
        supervisor.audience.endRound()
        container.child.disown()
        // Until it is reaped its number is nobody else's.
        supervisor.settle()
        return reap(container.child.pid)
    }

    private func carry(_ child: borrowing LaunchedChild, until process: ProcessWatch) {
        process.onEnd = { [unowned self] in
            relay.stopInput()
            alarm.set(milliseconds: nil)
            limit.set(milliseconds: nil)
        }
        supervisor.signals.onSignal = { [unowned self] in receive($0) }
        relay.isHeld = { [unowned self] in supervisor.audience.isFull || awaitsClient }
        if isPatient { patience.set(milliseconds: 5000) }
        patience.onTime = { [unowned self] in
            isPatient = false
            patience.set(milliseconds: nil)
        }
        // In a plain pipeline it would be ended by SIGPIPE at once.
        relay.onUnheard = { [unowned self] in alarm.set(milliseconds: 1000) }
        alarm.onTime = { [unowned self] in
            if relay.lostOutput?.isUnheard == true { wasUnheard = true }
            end()
        }
        limitTime()
        let loop = supervisor.loop([process, supervisor.signals, relay, alarm, limit, patience, renewal])
        var isToBeginAnew = false
        renewal.onTime = { isToBeginAnew = true }
        while !process.hasEnded || awaitsClient {
            loop.turn()
            if isToBeginAnew, !process.hasEnded { beginAnew(child) }
            isToBeginAnew = false
        }
        // What follows is delivered when this round is gone.
        relay.isHeld = { [audience = supervisor.audience] in audience.isFull }
        supervisor.run.endRest()
        relay.collect()
        supervisor.onlyNoteSignals()
        relay.onUnheard = {}
    }

    /// Not in the midst of something, which would be lost.
    private func beginAnew(_ child: borrowing LaunchedChild) {
        let isEnding = isLate || wasUnheard || ending.isAsked || alarm.deadline != nil
        // What the program has closed is open here still.
        let terminal = forwarder.resizes == nil ? nil : forwarder.resizes.number
        guard relay.isIdle, !isPatient, !isEnding,
            let handover = supervisor.handover(
                of: child, terminal: terminal, relay.sources, limit: limit.deadline)
        else { return renewal.set(milliseconds: Renewal.pause) }
        supervisor.beginAnew(handover)
    }

    private var awaitsClient: Bool { isPatient && !supervisor.audience.hasHadClient }

    private func limitTime() {
        limit.onTime = { [unowned self] in
            isLate = true
            forwarder.forward(SIGKILL)
            run.letAct()
        }
    }

    private func addOutput(_ source: consuming Descriptor, _ stream: LogStream) {
        let audience = supervisor.audience
        relay.addOutput(from: source, to: supervisor.caller?.sink(of: stream) ?? -1, as: stream) { [run] in
            run.record(stream, $0)
            audience.send(stream, $0)
        }
    }

    private func receive(_ signal: Int32) {
        guard supervisor.passesSignals || signal == SIGWINCH else { return }
        supervisor.restarts.note(signal)
        if ending.isLost(signal) { return end() }
        forwarder.forward(signal)
        if Interruption.isOne(signal) || signal == run.definition.stopSignal { run.letAct() }
    }

    /// A signal that somebody else has for the program.
    func pass(_ signal: Int32) {
        if signal == SIGKILL || signal == run.definition.stopSignal { supervisor.restarts.end() }
        forwarder.forward(signal)
    }

    func resize(_ size: TerminalSize) { forwarder.resize(to: size) }

    private func end() {
        supervisor.restarts.end()
        alarm.set(milliseconds: ending.advance())
    }

    /// Joins the caller's terminal, if it has one, to the container's.
    private func connect(_ master: consuming Descriptor) {
        if let caller = supervisor.caller, run.readsInput, let copy = try? master.duplicate() {
            relay.joinTerminal(of: caller.input, to: copy)
        }
        forwarder.resizes = try? master.duplicate()
        if run.readsInput { terminalInput = try? master.duplicate() }
        addOutput(master, .stdout)
    }
}

/// A round whose program has ended.
struct FinishedRound {
    let exit: ContainerExit
    /// Has what is still to be delivered of its output.
    let relay: StreamRelay
    /// It was ended because nobody read its output.
    let wasUnheard: Bool
}
