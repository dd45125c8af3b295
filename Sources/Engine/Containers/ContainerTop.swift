import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// The processes of a container that runs, by their pids.
    package func processes(of name: String) throws(OperationError) -> [ProcessStatus] {
        let id = try containerStore.find(name)
        guard let running = try host.running(id) else { throw try host.refusal(of: .exec, id, name) }
        let processes = host.processes(of: running.state).compactMap { ProcessStatus(reading: $0) }
        if running.process.waitForEnd(milliseconds: 0) { throw host.notRunning(id) }
        host.announce("top", of: id)
        return processes
    }
}
