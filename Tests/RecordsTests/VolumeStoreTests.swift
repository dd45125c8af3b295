import Core
import Glibc
import Linux
import Testing

@testable import Records

@Suite struct VolumeStoreTests {
    private let scratch: Scratch
    private let store: VolumeStore

    init() throws {
        scratch = try Scratch()
        try scratch.layout.prepare()
        store = VolumeStore(scratch.layout)
    }

    private func volume(_ name: String) throws -> VolumeDefinition {
        VolumeDefinition(
            name: try #require(Name(name)), created: Timestamp(nanoseconds: 7), labels: ["k": "v"], options: [:])
    }

    private func create(_ name: String) throws -> VolumeDefinition {
        let volume = try volume(name)
        try store.holding { () throws(OperationError) in try store.create(volume) }
        return volume
    }

    @Test func whatIsMadeIsFoundUntilItIsRemoved() throws {
        let second = try create("two")
        let first = try create("one")
        #expect(try store.definition(first.name) == first)
        #expect(try store.all().definitions == [first, second])
        #expect(Files.status(scratch.layout.volumeData(first.name))?.st_mode == S_IFDIR | 0o755)
        try Files.create(scratch.layout.volumeData(first.name) + "/file", [1])
        try store.holding { () throws(OperationError) in try store.remove(first.name) }
        #expect(try store.all().definitions == [second])
        #expect(try Files.names(in: scratch.layout.volumes) == ["two"])
    }

    @Test func aDamagedOneKeepsNoOtherFromBeingListed() throws {
        let whole = try create("whole")
        let other = try create("other")
        try Files.replace(scratch.layout.volumeRecord(other.name), Array("{".utf8))
        let found = try store.all()
        #expect(found.definitions == [whole])
        #expect(found.failures.map(\.kind) == [.damaged])
        try Files.replace(scratch.layout.volumeRecord(other.name), Array(whole.json.compact.utf8))
        #expect(throws: OperationError.self) { try store.definition(other.name) }
    }

    @Test func aNewerOneIsRefused() throws {
        let volume = try create("later")
        let text = volume.json.versioned(2).compact
        try Files.replace(scratch.layout.volumeRecord(volume.name), Array(text.utf8))
        let error = #expect(throws: OperationError.self) { try store.definition(volume.name) }
        #expect(error?.kind == .newerVersion)
    }

    /// Killed before the record, and killed after the volume has lost its name.
    @Test func whatKillsLeaveIsTold() throws {
        let layout = scratch.layout
        try Files.makeDirectories(layout.volumes + "/early/_data")
        try Files.makeDirectories(layout.volumes + "/.gone/_data/x")
        try Files.makeDirectories(layout.volumes + "/strange/_data/x")
        let whole = try create("whole")
        #expect(try store.unfinished() == [layout.volumes + "/.gone", layout.volumes + "/early"])
        #expect(try store.unexplained() == [layout.volumes + "/strange"])
        try store.holding { () throws(OperationError) in try store.removeUnfinished() }
        #expect(try Files.names(in: layout.volumes).sorted() == ["strange", "whole"])
        #expect(try store.all().definitions == [whole])
    }
}
