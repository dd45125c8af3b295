import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// Calls `body` for each event, in the order in which they were written, and for further ones as they come.
    /// - Parameters:
    ///   - since: without it, and without `until`, only what comes from now on.
    ///   - until: when to stop; nil never.
    ///   - body: returns whether to go on.
    ///   - output: the descriptor that `body` writes to: when nobody reads that any more, this returns.
    package func events(
        since: Timestamp?, until: Timestamp?, output: Int32, _ body: (Event) throws(OperationError) -> Bool
    ) throws(OperationError) {
        try host.prepare()
        // Before the first look, so that nothing comes between the two.
        let watch = EventWatch(layout, output: output)
        var reader = EventReader(EventLog(layout.events), isNewOnly: since == nil && until == nil)
        while true {
            let isLast = until.map { Timestamp.now() >= $0 } ?? false
            for event in reader.next() {
                guard since.map({ event.time >= $0 }) ?? true, until.map({ event.time <= $0 }) ?? true else { continue }
                guard try body(event) else { return }
            }
            guard !isLast, watch.wait(until: until) else { return }
        }
    }
}
