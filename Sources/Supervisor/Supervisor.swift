import Containers
import Core
import Glibc
import Lifecycle
import Linux

/// What a supervisor does while the container's program runs: it carries the streams and the signals.
package final class Supervisor {
    private let relay: StreamRelay
    private let run: ContainerRun
    private let restarts: Restarts
    private let forwarder: SignalForwarder
    private let ending: ContainerEnding
    private let isForeground: Bool
    private let passesSignals: Bool
    /// The container was ended because nobody read its output.
    package private(set) var wasUnheard = false

    package init(
        _ relay: StreamRelay, _ run: ContainerRun, _ restarts: Restarts, of pid: Int32, isForeground: Bool,
        passesSignals: Bool
    ) {
        self.relay = relay
        self.run = run
        self.restarts = restarts
        self.isForeground = isForeground
        self.passesSignals = passesSignals
        forwarder = SignalForwarder(to: pid)
        ending = ContainerEnding(pid, run)
    }

    /// Returns when the container has ended, and how.
    package func watch(_ container: consuming StartedContainer, _ streams: RunStreams) -> ChildEnd {
        var raw: RawTerminal?
        if let master = container.terminal.take() { raw = connect(master) }
        if let output = streams.takeOutput() { addOutput(output, to: 1, .stdout) }
        if let error = streams.takeError() { addOutput(error, to: 2, .stderr) }
        let heldInput = isForeground ? nil : streams.takeInput()
        if let input = streams.takeInput() {
            relay.setInput(from: 0, to: input, isTerminal: false, meter: streams.takeInputMeter())
        }
        relay.onSignal = { [unowned self] in receive($0) }
        // In a plain pipeline it would be ended by SIGPIPE at once.
        relay.onUnheard = { [unowned self] in relay.setAlarm(milliseconds: 1000) }
        relay.onAlarm = { [unowned self] in
            if relay.lostOutput?.isUnheard == true { wasUnheard = true }
            end()
        }
        relay.run(until: container.child.process)
        if raw != nil { raw = nil }
        _ = heldInput.number
        container.child.disown()
        return reap(container.child.pid)
    }

    private func addOutput(_ source: consuming Descriptor, to sink: Int32, _ stream: LogStream) {
        relay.addOutput(from: source, to: isForeground ? sink : -1) { [run] in run.record(stream, $0) }
    }

    private func receive(_ signal: Int32) {
        guard passesSignals || signal == SIGWINCH else { return }
        restarts.note(signal)
        if ending.isLost(signal) { return end() }
        forwarder.forward(signal)
        if Interruption.isOne(signal) || signal == run.definition.stopSignal { run.letAct() }
    }

    private func end() {
        restarts.note(SIGTERM)
        relay.setAlarm(milliseconds: ending.advance())
    }

    /// Joins the caller's terminal, if it has one, to the container's.
    private func connect(_ master: consuming Descriptor) -> RawTerminal? {
        var raw: RawTerminal?
        if isForeground, run.readsInput, let copy = try? master.duplicate() {
            raw = RawTerminal(0)
            relay.setInput(from: 0, to: copy, isTerminal: true)
        }
        forwarder.resizes = try? master.duplicate()
        addOutput(master, to: 1, .stdout)
        return raw
    }
}
