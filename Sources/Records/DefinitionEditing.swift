import Core
import Glibc
import Linux

/// A container's definition while nobody else changes it.
package struct DefinitionEditor: ~Copyable {
    package private(set) var definition: ContainerDefinition
    private var revision: RecordRevision
    private let store: ContainerStore
    private let directory: FileLock
    private let lock: FileLock

    /// Waits for whoever is at it. Nobody removes the container meanwhile.
    /// - Throws: also when there is no such container any more.
    package init(_ id: ContainerID, in store: ContainerStore, named name: String) throws(OperationError) {
        let missing = OperationError.noContainer(name)
        // `remove` has it alone.
        let directory = try Self.found(missing) { () throws(OperationError) in
            try FileLock.acquireDirectory(store.layout.container(id), exclusive: false)
        }
        let lock = try Self.found(missing) { () throws(OperationError) in
            try FileLock.acquire(store.layout.definitionLock(id))
        }
        try store.records.removeUnfinished(below: .container(id)) { $0 == .definition(id) }
        guard let stored = try store.storedDefinition(id) else { throw missing }
        definition = stored.value
        revision = stored.revision
        self.store = store
        self.directory = directory
        self.lock = lock
    }

    private static func found<Result: ~Copyable>(
        _ missing: OperationError, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        do throws(OperationError) { return try body() } catch { throw error.errno == ENOENT ? missing : error }
    }

    package mutating func write(_ definition: ContainerDefinition) throws(OperationError) {
        let key = RecordKey.definition(definition.id)
        revision = try store.records.write(definition, at: key, if: .revision(revision))
        self.definition = definition
    }
}
