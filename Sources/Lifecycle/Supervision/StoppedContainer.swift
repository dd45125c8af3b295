import Core
import Linux
import Records

/// A container that does not run, and neither begins nor goes as long as this is held. Nothing else says so: when its holder is
/// killed, the next command that needs the container clears the lock's file away.
package struct StoppedContainer: ~Copyable {
    private let host: Host
    private let id: ContainerID
    private let lock: Descriptor

    /// - Returns: nil when somebody else has it.
    init?(_ host: Host, _ id: ContainerID, named name: String) throws(OperationError) {
        let missing = OperationError.noContainer(name)
        // As in a claim: a removal has this directory for itself.
        guard let directory = try? FileLock.shareDirectory(host.layout.container(id)) else { throw missing }
        try host.recordLoss(of: id)
        guard let lock = try Self.takeLock(host.containerStore, id) else { return nil }
        withExtendedLifetime(directory) {}
        guard Files.exists(host.layout.definition(id)) else {
            try host.containerStore.removeRuntime(id)
            throw missing
        }
        // Of a run whose remains are to be cleared away first.
        if Files.exists(host.layout.containerState(id)) { return nil }
        self.host = host
        self.id = id
        self.lock = lock
    }

    private static func takeLock(_ store: ContainerStore, _ id: ContainerID) throws(OperationError) -> Descriptor? {
        do throws(OperationError) {
            return try store.takeLock(of: id, within: 100)
        } catch {
            guard error.kind == .timedOut else { throw error }
            return nil
        }
    }

    deinit {
        do throws(OperationError) {
            try host.clearOverlayMark(of: id)
            try host.containerStore.removeRuntime(id)
        } catch {
            host.warn(error.description)
        }
    }
}
