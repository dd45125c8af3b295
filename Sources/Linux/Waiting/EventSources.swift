import Core
import Glibc

/// The signals of this process.
package final class SignalSource: EventSource {
    /// Nil once it is closed: they stay blocked then.
    private var signals: SignalDescriptor?
    /// Called for each one that has arrived.
    package var onSignal: (Int32) -> Void = { _ in }
    /// Whether one has arrived that asks a command to end.
    package private(set) var isToEnd = false

    /// Blocks `signals` in the calling thread.
    package init(_ signals: [Int32]) throws(OperationError) { self.signals = try SignalDescriptor(signals) }

    package func close() { signals = nil }

    package func watch(_ requests: inout [pollfd]) {
        requests.append(pollfd(fd: number, events: Int16(POLLIN), revents: 0))
    }

    private var number: Int32 {
        switch signals {
        case .some(let signals): signals.descriptor.number
        case .none: -1
        }
    }

    package func advance(_ events: ArraySlice<pollfd>) { drain() }

    /// Deals with those that have arrived by now.
    package func drain() {
        while let signal = signals?.next() {
            isToEnd = isToEnd || Interruption.isOne(signal)
            onSignal(signal)
        }
    }
}

/// Calls when its time has come.
package final class Alarm: EventSource {
    package private(set) var deadline: Deadline?
    package var onTime: () -> Void = {}

    package init() {}

    /// - Parameter milliseconds: nil for no alarm any more.
    package func set(milliseconds: Int64?) { deadline = milliseconds.map { Deadline(milliseconds: $0) } }

    package func set(_ deadline: Deadline?) { self.deadline = deadline }

    package func watch(_ requests: inout [pollfd]) {}

    package func advance(_ events: ArraySlice<pollfd>) {
        deadline = nil
        onTime()
    }
}
