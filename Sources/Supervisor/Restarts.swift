import Core
import Glibc
import Lifecycle
import Linux

/// Hears for a supervisor whether there is a further round: from signals, and from its other parts.
package final class Restarts: EventSource {
    /// Whoever ends a supervisor by one of these does not want its container back either.
    private static let ending: [Int32] = [Host.endOfRestarts, SIGHUP, SIGINT, SIGQUIT, SIGTERM]

    private var ends: SignalDescriptor
    /// Whether all of these signals end it, or one alone that nobody sends by accident.
    private var isListening: Bool
    private var rounds = FurtherRounds()
    /// Milliseconds until the next round.
    private(set) var pause: Int32 = 0

    package init(_ definition: ContainerDefinition) throws(OperationError) {
        isListening = definition.restart.name != .never
        ends = try SignalDescriptor(isListening ? Self.ending : [Host.endOfRestarts])
    }

    /// Goes on as another beginning of this process has left off.
    init(_ reader: RecordReader) throws(RecordError) {
        isListening = try reader.bool("isListening")
        rounds = try reader.object("rounds", FurtherRounds.init)
        // Descriptors have just been closed.
        guard let ends = try? SignalDescriptor(isListening ? Self.ending : [Host.endOfRestarts]) else {
            throw RecordError("signals cannot be watched")
        }
        self.ends = ends
    }

    var json: JSON { ["isListening": .bool(isListening), "rounds": rounds.json] }

    /// Whether somebody has ended it for good.
    package var areEnded: Bool {
        hear()
        return rounds.areEnded
    }

    /// Somebody wants it to begin again.
    var isAsked: Bool { rounds.isAsked }

    private func hear() {
        if ends.next() != nil { rounds.note(.endIsWanted) }
    }

    /// The supervisor got a signal, which it passes on.
    package func note(_ signal: Int32) {
        if Self.ending.contains(signal) { end() }
    }

    /// There is no further round.
    func end() { rounds.note(.endIsWanted) }

    /// Somebody wants it to begin again as soon as it has ended.
    package func again() {
        // An end that was wanted before this does not count any more.
        hear()
        rounds.note(.beginningIsWanted)
    }

    /// - Parameter policy: as it is by now.
    /// - Returns: whether there is another round after `exit`.
    package func follow(_ exit: ContainerExit, by policy: RestartPolicy) -> Bool {
        hear()
        guard case .after(let milliseconds) = rounds.next(after: exit, by: policy) else { return false }
        if policy.name != .never, !isListening, let all = try? SignalDescriptor(Self.ending) {
            ends = all
            isListening = true
        }
        pause = milliseconds
        return true
    }

    /// What was asked for is about to happen.
    func takeAsked() -> Bool {
        defer { rounds.note(.roundBegins) }
        return isAsked
    }

    package func watch(_ requests: inout [pollfd]) {
        requests.append(pollfd(fd: ends.descriptor.number, events: Int16(POLLIN), revents: 0))
    }

    package func advance(_ events: ArraySlice<pollfd>) { hear() }
}
