import Core
import Glibc
import Linux
import Records

/// The lock of a container that is there and is about to begin: whoever has it becomes its supervisor.
package final class ContainerClaim {
    private var lock: Descriptor?

    /// - Parameter name: what it was called by.
    /// - Throws: `notFound` when the container is being removed, `conflict` when somebody else has it, for whatever.
    package init(_ host: Host, _ id: ContainerID, named name: String) throws(OperationError) {
        let missing = OperationError.noContainer(name)
        // A removal has this directory for itself until the container is gone, and looks whether it has begun before.
        guard let directory = try? FileLock.shareDirectory(host.layout.container(id)) else {
            throw missing
        }
        try host.recordLoss(of: id)
        lock = try Self.takeLock(host.containerStore, id)
        withExtendedLifetime(directory) {}
        guard Files.exists(host.layout.definition(id)) else {
            try host.containerStore.removeRuntime(id)
            throw missing
        }
        // Of another run, whose remains are to be cleared away first.
        guard !Files.exists(host.layout.containerState(id)) else { throw Self.taken(id) }
        // A removal takes a container without a state for one whose supervisor is clearing up.
        var state = ContainerState(status: .creating, supervisor: getpid(), cgroups: [])
        state.supervise()
        try host.containerStore.write(state, of: id)
    }

    /// Of one that runs.
    init(holding lock: consuming Descriptor) { self.lock = Optional(lock) }

    private static func takeLock(_ store: ContainerStore, _ id: ContainerID) throws(OperationError) -> Descriptor {
        do throws(OperationError) {
            return try store.takeLock(of: id, within: 100)
        } catch {
            throw error.kind == .timedOut ? taken(id) : error
        }
    }

    private static func taken(_ id: ContainerID) -> OperationError {
        OperationError("start container", id.short, reason: "another command is at work on it", kind: .conflict)
    }

    /// For the process that becomes the supervisor.
    func takeLock() -> Descriptor? { lock.take() }

    /// For one that does not: a copy of it does.
    package func letGo() { lock = nil }
}
