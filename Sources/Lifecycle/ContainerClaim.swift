import Core
import Glibc
import Linux
import Records

/// The lock of a container that is there and is about to begin: whoever has it becomes its supervisor.
package final class ContainerClaim {
    private var lock: Descriptor?

    /// - Throws: `notFound` when the container is being removed, `conflict` when somebody else has it, for whatever.
    package init(_ host: Host, _ id: ContainerID) throws(OperationError) {
        let missing = OperationError.noContainer(id.short)
        // A removal has this directory for itself until the container is gone, and looks whether it has begun before.
        guard let directory = try? Descriptor.open(host.layout.container(id), O_RDONLY | O_DIRECTORY),
            directory.tryLock(exclusive: false) == 0
        else { throw missing }
        try host.recordLoss(of: id)
        lock = try Self.takeLock(host.layout, id)
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
        try RecordFile.write(state, to: host.layout.containerState(id))
    }

    private static func takeLock(_ layout: Layout, _ id: ContainerID) throws(OperationError) -> Descriptor {
        while true {
            try Files.makeDirectory(layout.containerRuntime(id))
            do throws(OperationError) {
                let deadline = Deadline(milliseconds: 100)
                let lock = try FileLock.tryAcquire(layout.containerLock(id), creating: true, until: deadline)
                guard let lock else { throw taken(id) }
                return lock.intoDescriptor()
            } catch {
                // Somebody who clears away took the directory for that of a dead one.
                guard error.errno == ENOENT else { throw error }
            }
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
