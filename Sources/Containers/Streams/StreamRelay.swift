import Core
import Glibc
import Linux

/// Carries a program's output to its caller and to its log, and the caller's input to the program.
///
/// Nothing here blocks: a caller that reads slowly delays the program, but neither signals nor the end.
package final class StreamRelay: EventSource {
    private var outputs: [OutputChannel] = []
    private var input: InputChannel?
    private var isUnheard = false
    /// The caller's, while the program's terminal stands in for it: what the program wrote has its carriage returns, to
    /// which the caller's own settings would add theirs.
    private var rawTerminal: RawTerminal?
    /// Whether no output is to be read for the moment, as others who get it have enough to do.
    package var isHeld: () -> Bool = { false }

    /// Called once when nobody is there any more to read some output.
    package var onUnheard: () -> Void = {}

    /// The first write that failed. What is read from that stream since then is lost.
    package var lostOutput: LostOutput? { outputs.lazy.compactMap(\.lost).first }

    package init() {}

    /// - Parameters:
    ///   - source: the program's side. It is read without blocking and closed at its end.
    ///   - sink: a descriptor of the caller's, or -1.
    ///   - record: gets every chunk once, before the sink does.
    package func addOutput(
        from source: consuming Descriptor, to sink: Int32, as stream: LogStream,
        record: ((UnsafeRawBufferPointer) -> Void)? = nil
    ) {
        outputs.append(OutputChannel(source: source, sink: sink, stream: stream, record: record))
    }

    /// Copies what can be read from `source` into `target`, and tells the reader there of the input's end: by closing
    /// a pipe, and at a terminal by the character that means it.
    /// - Parameter meter: the other end of `target`, when the caller's offset is to end where the program has read to.
    package func setInput(
        from source: Int32, to target: consuming Descriptor, isTerminal: Bool, meter: consuming Descriptor? = nil,
        detachKeys: DetachKeys? = nil
    ) {
        input = InputChannel(
            source: source, target: target, isTerminal: isTerminal, meter: meter, detachKeys: detachKeys)
    }

    /// Joins the caller's terminal to the program's, until all output is delivered.
    package func joinTerminal(of source: Int32, to target: consuming Descriptor, detachKeys: DetachKeys? = nil) {
        rawTerminal = RawTerminal(source)
        setInput(
            from: source, to: target, isTerminal: true, detachKeys: rawTerminal == nil ? nil : detachKeys)
    }

    /// All that has been read is delivered, and nothing is to come of a caller.
    package var isIdle: Bool { input == nil && rawTerminal == nil && !isPending && lostOutput == nil }

    /// What output is read from, as far as it has not ended.
    package var sources: [(stream: LogStream, number: Int32)] { outputs.compactMap(\.place) }

    /// The caller has typed the detach keys.
    package var isDetached: Bool { input?.isDetached ?? false }

    // MARK: Part of an event loop

    package var deadline: Deadline? { input?.nextEnd }

    package func watch(_ requests: inout [pollfd]) {
        let isHeld = isHeld()
        for output in outputs { requests.append(output.request(isHeld: isHeld)) }
        if let input { requests.append(input.request) }
    }

    package func advance(_ events: ArraySlice<pollfd>) {
        for (output, event) in zip(outputs, events) where event.revents != 0 { output.advance() }
        input?.advance(isReady: events.count > outputs.count && events.last?.revents != 0)
        if !isUnheard, outputs.contains(where: { $0.lost?.isUnheard == true }) {
            isUnheard = true
            onUnheard()
        }
    }

    // MARK: The end

    /// The program has ended.
    package func stopInput() { input?.stop() }

    /// Reads all that the program wrote, once it has ended, and leaves to the caller what it did not read.
    package func collect() {
        for output in outputs { output.collect() }
        settleInput()
        // Else keys must be able to end a command whose output nobody reads.
        if !outputs.contains(where: { $0.isPending && $0.endsAtTerminal }) { rawTerminal = nil }
    }

    private var isPending: Bool { outputs.contains(where: \.isPending) }

    /// All output has ended and is delivered.
    package var isAtEnd: Bool { outputs.allSatisfy(\.isAtEnd) }

    /// Leaves to the caller what was not read of the input.
    package func settleInput() {
        input?.settle()
        input = nil
    }

    /// Lets go of the caller's streams, in a copy of the process that delivers: the caller's terminal is for that to restore.
    package func close() {
        outputs = []
        rawTerminal.take()?.disown()
    }

    /// Hands the caller what was still under way when the program ended, however slowly that is read. Whoever asks
    /// this command to end, or has done so, is not kept waiting by a reader who has stopped reading.
    /// - Parameter beside: other parts that go on meanwhile.
    package func deliver(until signals: SignalSource, beside others: [any EventSource] = []) {
        defer { rawTerminal = nil }
        let isToEnd = signals.isToEnd
        var isAsked = false
        signals.onSignal = { isAsked = isAsked || Interruption.isOne($0) }
        let loop = EventLoop([signals, self] + others)
        while isPending, !isAsked {
            // A second for each time that some of it is read.
            let hasCome = loop.turn(within: isToEnd ? 1000 : -1)
            if isToEnd, !hasCome { return }
        }
    }
}
