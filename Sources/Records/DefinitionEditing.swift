import Core
import Glibc
import Linux

/// A container's definition while nobody else changes it.
package struct DefinitionEditor: ~Copyable {
    package private(set) var definition: ContainerDefinition
    private let store: ContainerStore
    private let directory: Descriptor
    private let lock: FileLock

    /// Waits for whoever is at it. Nobody removes the container meanwhile.
    /// - Throws: also when there is no such container any more.
    package init(_ id: ContainerID, in store: ContainerStore, named name: String) throws(OperationError) {
        let missing = OperationError.noContainer(name)
        let directory = try Self.found(missing) { () throws(OperationError) in
            try Self.lockDirectory(store.layout.container(id))
        }
        let lock = try Self.found(missing) { () throws(OperationError) in
            try FileLock.acquire(store.layout.definitionLock(id))
        }
        try Self.removeUnfinished(in: store.layout.container(id))
        guard let definition = try store.definition(id) else { throw missing }
        self.definition = definition
        self.store = store
        self.directory = directory
        self.lock = lock
    }

    /// Definitions that killed commands were writing: whoever writes one has the lock.
    private static func removeUnfinished(in directory: String) throws(OperationError) {
        for name in try Files.names(in: directory) where name.hasPrefix("record.json.") && name.hasSuffix(".tmp") {
            try Files.remove("\(directory)/\(name)")
        }
    }

    /// `remove` has it alone.
    private static func lockDirectory(_ path: String) throws(OperationError) -> Descriptor {
        let directory = try Descriptor.open(path, O_RDONLY | O_DIRECTORY)
        let failure = directory.lock(exclusive: false, until: Deadline(seconds: 60))
        if failure == EINTR { try Interruption.check("lock", path) }
        guard failure == 0 else { throw OperationError("lock", path, errno: failure) }
        return directory
    }

    private static func found<Result: ~Copyable>(
        _ missing: OperationError, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        do throws(OperationError) { return try body() } catch { throw error.errno == ENOENT ? missing : error }
    }

    package mutating func write(_ definition: ContainerDefinition) throws(OperationError) {
        try RecordFile.write(definition, to: store.layout.definition(definition.id))
        self.definition = definition
    }
}
