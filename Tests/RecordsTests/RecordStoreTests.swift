import Core
import Foundation
import Linux
import Testing

@testable import Records

/// A record that counts.
private struct Counter: Record, Equatable {
    var count: Int64
    init(_ count: Int64) { self.count = count }
    init(_ reader: RecordReader) throws(RecordError) { count = try reader.int("count") }
    var json: JSON { ["count": .int(count)] }
}

/// What every store of records does, by that of files.
@Suite struct RecordStoreTests {
    private let scratch: Scratch
    private let store: any RecordStore
    private let key = RecordKey("things/one")

    init() throws {
        scratch = try Scratch()
        try Files.makeDirectories(scratch.path + "/things")
        store = FileRecords(scratch.path)
    }

    private func count() throws -> Int64? {
        let counter: Counter? = try store.read(key)
        return counter?.count
    }

    private func expectConflict(_ condition: RecordCondition, _ subject: String) {
        let error = #expect(throws: OperationError.self) {
            try store.write(Counter(99), at: key, if: condition)
        }
        #expect(error?.kind == .conflict && error?.subject == subject && error?.remedy != nil)
    }

    @Test func aWriteWithAnOldRevisionChangesNothing() throws {
        let first = try store.write(Counter(1), at: key)
        let second = try store.write(Counter(2), at: key, if: .revision(first))
        expectConflict(.revision(first), store.subject(of: key))
        #expect(try count() == 2)
        #expect(try Files.names(in: scratch.path + "/things") == ["one.json"])
        let read: StoredRecord<Counter>? = try store.stored(key)
        #expect(read?.revision == second && first != second)
    }

    /// The file's inode and its times may be the old ones again.
    @Test func aWriteInPlaceIsSeen() throws {
        let first = try store.write(Counter(1), at: key)
        let path = store.subject(of: key)
        let changed = try #require(Files.text(path)).replacingOccurrences(of: "1}", with: "2}")
        try Files.set(path, to: changed)
        #expect(try count() == 2)
        expectConflict(.revision(first), path)
        #expect(try count() == 2)
    }

    @Test func whatIsAbsentIsWrittenOnce() throws {
        try store.write(Counter(1), at: key, if: .absent)
        expectConflict(.absent, store.subject(of: key))
        #expect(try count() == 1)
        let revision: StoredRecord<Counter>? = try store.stored(key)
        try store.remove(key)
        #expect(try count() == nil)
        expectConflict(.revision(try #require(revision).revision), store.subject(of: key))
        #expect(try count() == nil)
        try store.write(Counter(3), at: key, if: .absent, durable: true)
        #expect(try count() == 3)
        try store.remove(key)
        try store.remove(key)
    }

    @Test func ofTwoWritersOneWins() throws {
        let first = try store.write(Counter(0), at: key)
        let revisions = (0..<2).map { writer in
            Result { try store.write(Counter(writer + 1), at: key, if: .revision(first)) }
        }
        #expect(throws: Never.self) { try revisions[0].get() }
        #expect((revisions[1].failure as? OperationError)?.kind == .conflict)
        #expect(try count() == 1)
    }

    /// Each reads without the lock and writes with it: no count is lost, whoever comes in between.
    @Test func noWriteOfManyIsLost() throws {
        try store.write(Counter(0), at: key)
        let lock = scratch.path + "/lock"
        let (store, key) = (store, key)
        DispatchQueue.concurrentPerform(iterations: 4) { _ in
            do {
                for _ in 0..<50 { while try !Self.countsUp(store, key, lock) {} }
            } catch {
                Issue.record(error)
            }
        }
        #expect(try count() == 200)
    }

    /// - Returns: false when somebody else was faster.
    private static func countsUp(_ store: any RecordStore, _ key: RecordKey, _ lock: String) throws -> Bool {
        let read: StoredRecord<Counter>? = try store.stored(key)
        let stored = try #require(read)
        do throws(OperationError) {
            try FileLock.holding(lock) { () throws(OperationError) in
                _ = try store.write(Counter(stored.value.count + 1), at: key, if: .revision(stored.revision))
            }
            return true
        } catch {
            guard error.kind == .conflict else { throw error }
            return false
        }
    }

    @Test func keysAreThoseOfRecordsRightBelow() throws {
        try Files.makeDirectories(scratch.path + "/things/deep.json/x")
        for name in ["b", "a.b", "a"] { try store.write(Counter(1), at: RecordKey("things/\(name)")) }
        try Files.create(scratch.path + "/things/c.json.7.tmp", [])
        try Files.create(scratch.path + "/things/lock", [])
        let keys = try store.keys(below: RecordKey("things"))
        #expect(keys.map(\.path) == ["things/a", "things/a.b", "things/b", "things/deep"])
        #expect(keys.map(\.name) == ["a", "a.b", "b", "deep"])
        #expect(try store.keys(below: RecordKey("nothing")) == [])
    }

    @Test func whatKilledWritersLeftGoes() throws {
        for name in ["one.json", "one.json.7.tmp", "a.b.json.8.tmp", "two.json.9.tmp"] {
            try Files.create("\(scratch.path)/things/\(name)", [])
        }
        var asked: [String] = []
        try store.removeUnfinished(below: RecordKey("things")) { key in
            asked.append(key.path)
            return key != RecordKey("things/two")
        }
        #expect(asked.sorted() == ["things/a.b", "things/one", "things/two"])
        #expect(try Files.names(in: scratch.path + "/things").sorted() == ["one.json", "two.json.9.tmp"])
    }
}

/// A definition that somebody has written past its lock is not written over.
@Suite struct DefinitionEditorTests {
    @Test func aDefinitionThatAnotherHasWrittenStays() throws {
        let scratch = try Scratch()
        try scratch.layout.prepare()
        let store = ContainerStore(scratch.layout)
        let original = try definition("web")
        try store.create(original)
        var editor = try DefinitionEditor(original.id, in: store, named: "web")
        var changed = editor.definition
        changed.hostname = "first"
        try editor.write(changed)
        changed.hostname = "second"
        try editor.write(changed)
        #expect(try store.definition(original.id)?.hostname == "second")

        let path = scratch.layout.definition(original.id)
        let byHand = try #require(Files.text(path)).replacingOccurrences(of: "second", with: "by hand")
        try Files.replace(path, Array(byHand.utf8))
        changed.hostname = "third"
        var kind: ErrorKind?
        do throws(OperationError) { try editor.write(changed) } catch { kind = error.kind }
        #expect(kind == .conflict)
        #expect(editor.definition.hostname == "second")
        #expect(Files.text(path) == byHand)
    }
}

extension Result {
    fileprivate var failure: Failure? {
        if case .failure(let failure) = self { failure } else { nil }
    }
}
