import Containers
import Core
import Glibc
import Linux

/// A command that shows its caller a container, from the first byte to the end, or until the caller leaves.
package final class AttachedCaller {
    package enum End {
        case container(Attachment.End)
        /// By the detach keys.
        case detached
        /// This asked the command to end.
        case signal(Int32)
        /// What came could not be written.
        case unheard(LostOutput)
    }

    private let attachment: Attachment
    private let caller: CallerStreams
    private let signals: SignalSource
    private let relay = StreamRelay()
    private var ending: Int32?
    /// Whether a signal reaches the program. One that asks for the end and does not is for the command alone.
    private let reaches: (Int32) -> Bool

    package init(
        _ attachment: Attachment, _ caller: CallerStreams, _ signals: SignalSource, reaches: @escaping (Int32) -> Bool
    ) {
        self.reaches = reaches
        self.attachment = attachment
        self.caller = caller
        self.signals = signals
    }

    package func run(
        readsInput: Bool, isTerminal: Bool, passesSignals: Bool, _ detachKeys: DetachKeys
    ) -> End {
        if let output = attachment.takeOutput() { relay.addOutput(from: output, to: caller.output, as: .stdout) }
        if let error = attachment.takeError() { relay.addOutput(from: error, to: caller.error, as: .stderr) }
        var raw: RawTerminal?
        var guardian: Guardian?
        if readsInput, let input = attachment.takeInput() {
            if isTerminal { raw = RawTerminal(caller.input) }
            if let restore = raw?.restoration { guardian = try? Guardian(undo: restore) }
            relay.setInput(
                from: caller.input, to: input, isTerminal: false, meter: attachment.takeInputMeter(),
                detachKeys: raw == nil ? nil : detachKeys)
        }
        signals.onSignal = { [unowned self] in receive($0, passesSignals: passesSignals, isTerminal: isTerminal) }
        let end = carry()
        relay.settleInput()
        if raw != nil { raw = nil }
        guardian?.dismiss()
        return end
    }

    private func receive(_ signal: Int32, passesSignals: Bool, isTerminal: Bool) {
        if signal == SIGWINCH, isTerminal {
            if let size = caller.terminalSize { attachment.resize(to: size) }
        } else if passesSignals, attachment.end == nil, !Interruption.isOne(signal) || reaches(signal) {
            attachment.pass(signal)
        } else if Interruption.isOne(signal) {
            ending = signal
        }
    }

    private func carry() -> End {
        let loop = EventLoop([signals, attachment, relay], givingMemoryBack: true)
        while true {
            if relay.isDetached { return .detached }
            if let ending { return .signal(ending) }
            if let lost = relay.lostOutput { return .unheard(lost) }
            if let end = attachment.end {
                relay.stopInput()
                // What is in the pipes still, and however slowly that is read.
                if relay.isAtEnd { return .container(end) }
            }
            loop.turn()
        }
    }
}
