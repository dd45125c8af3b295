import Glibc

/// A part of an event loop: it says what it waits for, and is called when that has come. It never blocks.
package protocol EventSource: AnyObject {
    /// Appends what it waits for now. One without a descriptor (-1) waits for nothing.
    func watch(_ requests: inout [pollfd])
    /// When it is called though nothing has come; nil never.
    var deadline: Deadline? { get }
    /// - Parameter events: its requests, in their order, with what has come.
    func advance(_ events: ArraySlice<pollfd>)
}

extension EventSource {
    package var deadline: Deadline? { nil }
}

/// Waits for all of its parts at once, with poll(2), and calls them one after the other in the order in which they are given.
package final class EventLoop {
    private let sources: [any EventSource]
    private let givesMemoryBack: Bool
    private var requests: [pollfd] = []

    /// - Parameter givingMemoryBack: for a process that stays in the background for long.
    package init(_ sources: [any EventSource], givingMemoryBack: Bool = false) {
        self.sources = sources
        givesMemoryBack = givingMemoryBack
    }

    package func run(while condition: () -> Bool) {
        while condition() { turn() }
    }

    /// Waits until something has come, and has the parts deal with it.
    /// - Parameter milliseconds: at most so long; negative waits for ever.
    /// - Returns: whether something has come for one of the descriptors.
    @discardableResult package func turn(within milliseconds: Int32 = -1) -> Bool {
        requests.removeAll(keepingCapacity: true)
        var ends: [Int] = []
        ends.reserveCapacity(sources.count)
        var limit = milliseconds
        for source in sources {
            source.watch(&requests)
            ends.append(requests.count)
            guard let left = source.deadline?.millisecondsLeft else { continue }
            limit = limit < 0 ? left : min(limit, left)
        }
        Polling.wait(for: &requests, milliseconds: limit, givingMemoryBack: givesMemoryBack)
        var start = 0
        var hasCome = false
        for (source, end) in zip(sources, ends) {
            let events = requests[start..<end]
            start = end
            let isReady = events.contains { $0.revents != 0 }
            hasCome = hasCome || isReady
            if isReady || source.deadline?.millisecondsLeft == 0 { source.advance(events) }
        }
        return hasCome
    }
}
