import Core
import Linux
import Testing

@testable import Records

/// What commands were writing when they were killed.
@Suite struct UnfinishedRecordTests {
    private let scratch: Scratch
    private let store: ContainerStore
    private let id = ContainerID.random()
    private var directory: String { scratch.layout.container(id) }

    init() throws {
        scratch = try Scratch()
        try scratch.layout.prepare()
        store = ContainerStore(scratch.layout)
        try Files.makeDirectory(directory)
        for name in ["record.json", "record.json.7.tmp", "exit.json.8.tmp"] {
            try Files.create("\(directory)/\(name)", [])
        }
    }

    @Test func itGoes() throws {
        try store.removeUnfinished(of: id)
        #expect(try Files.names(in: directory) == ["record.json"])
    }

    @Test func itGoesWithAFreeLockToo() throws {
        try FileLock.acquire(scratch.layout.definitionLock(id)).release()
        try store.removeUnfinished(of: id)
        #expect(try Files.names(in: directory).sorted() == ["record.json", "record.lock"])
    }

    @Test func aDefinitionThatIsBeingChangedIsLeftAlone() throws {
        let lock = try FileLock.acquire(scratch.layout.definitionLock(id))
        try store.removeUnfinished(of: id)
        #expect(try Files.names(in: directory).sorted() == ["record.json", "record.json.7.tmp", "record.lock"])
        lock.release()
    }
}
