/// Whether a container begins again when its program has ended, and after which pause. What happens to it are events, in the
/// order in which its supervisor hears of them: the last one that says something counts.
package struct FurtherRounds: Equatable, Sendable {
    package enum Event: CaseIterable, Sendable {
        /// Somebody ends the container for good: `stop`, `kill`, `rm -f`, a signal to its supervisor.
        case endIsWanted
        /// Somebody wants it to begin again as soon as it has ended, whatever its policy says: `restart`.
        case beginningIsWanted
        /// What was wanted is about to happen.
        case roundBegins
    }

    package enum Next: Equatable, Sendable {
        case none
        case after(milliseconds: Int32)
    }

    package private(set) var areEnded = false
    package private(set) var isAsked = false
    private var delay = RestartDelay()

    package init() {}

    package mutating func note(_ event: Event) {
        switch event {
        case .endIsWanted: areEnded = true
        case .beginningIsWanted: (areEnded, isAsked) = (false, true)
        case .roundBegins: isAsked = false
        }
    }

    /// - Parameter policy: as it is by now.
    package mutating func next(after exit: ContainerExit, by policy: RestartPolicy) -> Next {
        if areEnded { return .none }
        if isAsked { return .after(milliseconds: 0) }
        guard policy.restarts(after: exit.exitCode, restartCount: exit.restartCount) else { return .none }
        let started = exit.started ?? exit.finished
        let duration = exit.finished.nanoseconds - started.nanoseconds
        return .after(milliseconds: delay.next(afterRunningFor: duration))
    }
}

extension FurtherRounds: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        areEnded = try reader.bool("areEnded")
        isAsked = try reader.bool("isAsked")
        delay = try reader.object("delay", RestartDelay.init)
    }
    package var json: JSON { ["areEnded": .bool(areEnded), "isAsked": .bool(isAsked), "delay": delay.json] }
}
