import Core
import Glibc
import Linux

/// Carries a container's output to the caller and to its log, the caller's input to the container, and
/// signals, until the container's process has ended.
///
/// Nothing here blocks: a caller that reads slowly delays the container, but neither signals nor the end.
package final class StreamRelay {
    private var outputs: [OutputChannel] = []
    private var input: InputChannel?
    private let signals: SignalDescriptor
    private let givesMemoryBack: Bool
    private var alarm: Deadline?
    /// Somebody has asked this command to end.
    private var isToEnd = false

    /// Called for each signal that arrives; the relay itself does nothing with it.
    package var onSignal: (Int32) -> Void = { _ in }
    /// Called once when nobody is there any more to read some output.
    package var onUnheard: () -> Void = {}
    /// Called when the time of `setAlarm` has come, unless the process has ended by then.
    package var onAlarm: () -> Void = {}

    /// The first write that failed. What is read from that stream since then is lost.
    package var lostOutput: LostOutput? { outputs.lazy.compactMap(\.lost).first }

    /// - Parameter givesMemoryBack: for a relay that stays in the background for long.
    package init(signals: consuming SignalDescriptor, givesMemoryBack: Bool = false) {
        self.signals = signals
        self.givesMemoryBack = givesMemoryBack
    }

    /// - Parameters:
    ///   - source: the container's side. It is read without blocking and closed at its end.
    ///   - sink: a descriptor of the caller's, or -1.
    ///   - record: gets every chunk once, before the sink does.
    package func addOutput(
        from source: consuming Descriptor, to sink: Int32, record: ((UnsafeRawBufferPointer) -> Void)?
    ) {
        outputs.append(OutputChannel(source: source, sink: sink, record: record))
    }

    /// Copies what can be read from `source` into `target`, and tells the reader there of the input's end: by closing
    /// a pipe, and at a terminal by the character that means it.
    /// - Parameter meter: the other end of `target`, when the caller's offset is to end where the program has read to.
    package func setInput(
        from source: Int32, to target: consuming Descriptor, isTerminal: Bool, meter: consuming Descriptor? = nil
    ) {
        input = InputChannel(source: source, target: target, isTerminal: isTerminal, meter: meter)
    }

    /// Whether what a program does not read of `descriptor` can be left to whoever reads there next.
    package static func canLeaveRest(of descriptor: Int32) -> Bool { InputSource.canLeaveRest(of: descriptor) }

    /// - Parameter milliseconds: nil for no alarm any more.
    package func setAlarm(milliseconds: Int64?) { alarm = milliseconds.map { Deadline(milliseconds: $0) } }

    /// Returns when `process` has ended and all that it wrote is recorded.
    package func run(until process: borrowing ProcessDescriptor) {
        var hasEnded = false
        var requests: [pollfd] = []
        var isUnheard = false
        while !hasEnded {
            requests.removeAll(keepingCapacity: true)
            requests.append(pollfd(fd: process.descriptor.number, events: Int16(POLLIN), revents: 0))
            requests.append(pollfd(fd: signals.descriptor.number, events: Int16(POLLIN), revents: 0))
            let firstChannel = requests.count
            for output in outputs { requests.append(output.request) }
            if let input { requests.append(input.request) }
            wait(for: &requests)
            hasEnded = requests[0].revents != 0
            while let signal = signals.next() {
                isToEnd = isToEnd || Interruption.isOne(signal)
                onSignal(signal)
            }
            for (index, output) in outputs.enumerated() where requests[firstChannel + index].revents != 0 {
                output.advance()
            }
            // Not at the end: a terminal that is somebody else's by now would stop us (SIGTTIN).
            if !hasEnded, let input, let last = requests.last, last.revents != 0 { input.advance() }
            if !isUnheard, outputs.contains(where: { $0.lost?.isUnheard == true }) {
                isUnheard = true
                onUnheard()
            }
            if !hasEnded, alarm?.millisecondsLeft == 0 {
                alarm = nil
                onAlarm()
            }
        }
        for output in outputs { output.collect() }
        input?.settle()
        input = nil
    }

    private func wait(for requests: inout [pollfd]) {
        if let input, let pause = input.pauseBetweenEnds {
            if Polling.wait(for: &requests, milliseconds: pause) { input.typeEnd() }
        } else if let alarm {
            Polling.wait(for: &requests, milliseconds: alarm.millisecondsLeft)
        } else {
            Polling.wait(for: &requests, givingMemoryBack: givesMemoryBack)
        }
    }

    /// Lets go of the caller's streams.
    package func close() { outputs = [] }

    /// Hands the caller what was still under way when the program ended, however slowly that is read. Whoever asks
    /// this command to end, or has done so, is not kept waiting by a reader who has stopped reading.
    package func deliver() {
        while outputs.contains(where: \.isPending) {
            var requests = [pollfd(fd: signals.descriptor.number, events: Int16(POLLIN), revents: 0)]
            let pending = outputs.filter(\.isPending)
            requests += pending.map(\.request)
            // A second for each time that some of it is read.
            if Polling.wait(for: &requests, milliseconds: isToEnd ? 1000 : -1) { return }
            while let signal = signals.next() {
                if Interruption.isOne(signal) { return }
            }
            for (index, output) in pending.enumerated() where requests[1 + index].revents != 0 { output.advance() }
        }
    }
}
