import Containers
import Core
import Lifecycle
import Records

/// Which lines of a container's output `logs` shows.
package struct LogRequest: Sendable {
    package var container: String
    package var follow = false
    /// Only the last so many lines; nil shows all.
    package var tail: Int?
    package var timestamps = false
    package var since: Timestamp?
    package var until: Timestamp?

    package init(container: String) { self.container = container }
}

extension Engine {
    /// Writes a container's output to standard output and standard error, as the container did.
    package func logs(_ request: LogRequest) throws(OperationError) {
        let id = try containerStore.find(request.container)
        // The output is there to be read also when the record is damaged.
        if let definition = try? containerStore.definition(id), !definition.log.isKept {
            throw OperationError("configured logging driver does not support reading")
        }
        try LogReader.print(
            path: layout.log(id), tail: request.tail, timestamps: request.timestamps, since: request.since,
            until: request.until, follow: request.follow, isRunning: { containerStore.isHeld(id) })
    }

    /// In their order.
    package func publishedPorts(of name: String) throws(OperationError) -> [PublishedPort] {
        let id = try containerStore.find(name)
        switch host.liveness(of: id) {
        case .supervised(let state), .ending(let state): return state.endpoints.publishedPorts
        case .damaged(let failure): throw failure
        case .gone, .changing, .orphaned: return []
        }
    }
}
