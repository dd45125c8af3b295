import Core
import Linux
import Testing

@testable import Records

@Suite struct RecordVersionTests {
    let scratch: Scratch
    let store: ContainerStore
    let exit = ContainerExit(exitCode: 3, started: nil, finished: Timestamp(nanoseconds: 1))
    let id = ContainerID.random()

    init() throws {
        scratch = try Scratch()
        try scratch.layout.prepare()
        store = ContainerStore(scratch.layout)
        try Files.makeDirectory(scratch.layout.container(id))
    }

    @Test func whatIsWrittenHasTheVersion() throws {
        try store.write(exit, of: id)
        let text = try #require(Files.text(scratch.layout.exit(id)))
        #expect(try JSON(parsing: text)["version"] == 1)
        #expect(try store.exit(id) == exit)
    }

    @Test func recordsOfBeforeThereWereVersionsAreRead() throws {
        try Files.create(scratch.layout.exit(id), Array(exit.json.compact.utf8))
        #expect(try store.exit(id) == exit)
    }

    @Test(arguments: ["0", "-1", "2", "9223372036854775807", "1.5", "\"2\"", "null"]) func newerOnesAreRefused(
        version: String
    )
        throws
    {
        let text = "{\"version\":\(version)," + exit.json.compact.dropFirst()
        try Files.create(scratch.layout.exit(id), Array(text.utf8))
        let error = #expect(throws: OperationError.self) { _ = try store.exit(id) }
        #expect(error?.subject == scratch.layout.exit(id))
        #expect(error?.description.contains("written by a newer mydocker") == true)
        #expect(error?.remedy?.contains("upgrade") == true)
    }

    @Test func aRecordOfAnotherContainerIsDamage() throws {
        let other = try definition("other")
        try Files.create(scratch.layout.definition(id), Array(other.json.compact.utf8))
        let error = #expect(throws: OperationError.self) { _ = try store.definition(id) }
        #expect(error?.subject == scratch.layout.definition(id))
        #expect(error?.description.contains(other.id.short) == true)
    }
}
