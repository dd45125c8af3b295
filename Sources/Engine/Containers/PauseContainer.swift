import Containers
import Core
import Lifecycle
import Linux

extension Engine {
    /// Holds all processes of a container still. The sentences are Docker's.
    package func pause(_ name: String) throws(OperationError) {
        let id = try containerStore.find(name)
        guard let running = try host.running(id) else { throw try host.refusal(of: .pause, id, name) }
        guard let freezer = Freezer(running.state.cgroups) else {
            throw OperationError(
                "pause container", name, reason: "this host has neither cgroup version 2 nor a freezer controller",
                remedy: "mount cgroup2 at \(CgroupHost.root), and run the container anew", kind: .unsupported)
        }
        let isNew: Bool
        do throws(OperationError) {
            isNew = try freezer.freeze()
        } catch {
            throw running.process.waitForEnd(milliseconds: 0) ? host.notRunning(id) : error
        }
        if running.process.waitForEnd(milliseconds: 0) { throw host.notRunning(id) }
        guard isNew else { throw try host.refusal(of: .pause, id, name) }
        host.announce("pause", of: id)
    }

    /// Lets a paused container go on.
    package func unpause(_ name: String) throws(OperationError) {
        let id = try containerStore.find(name)
        let wasPaused: Bool
        if let running = try host.running(id), let freezer = Freezer(running.state.cgroups) {
            wasPaused = try freezer.thaw()
        } else {
            wasPaused = false
        }
        guard wasPaused else { throw try host.refusal(of: .unpause, id, name) }
        host.announce("unpause", of: id)
    }
}
