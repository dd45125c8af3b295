import Core

/// Where a record is, whatever store it is in: words with `/` between them, of which none is `.` or `..`.
package struct RecordKey: Hashable, Comparable, Sendable {
    package let path: String

    package init(_ path: String) { self.path = path }

    /// The last word.
    package var name: Substring {
        let bytes = path.utf8
        return path[(bytes.lastIndex(of: UInt8(ascii: "/")).map(bytes.index(after:)) ?? path.startIndex)...]
    }

    package static func < (left: RecordKey, right: RecordKey) -> Bool { left.path < right.path }
}

/// Tells what is in a record now from what was in it before. Only the store that it comes from can say more of it.
package struct RecordRevision: Hashable, Sendable {
    private let mark: [UInt8]
    package init(_ mark: [UInt8]) { self.mark = mark }
}

/// What a record must be for somebody to write it.
package enum RecordCondition: Equatable, Sendable {
    /// The record has one owner, who writes it however it is.
    case any
    case absent
    /// It is what it was when it was read.
    case revision(RecordRevision)
}

/// A record as it was read.
package struct StoredRecord<Value> {
    package let value: Value
    package let revision: RecordRevision
}

extension StoredRecord: Sendable where Value: Sendable {}

/// Keeps records: each is read whole and written whole.
package protocol RecordStore: Sendable {
    /// What errors call a record: the path of its file, say.
    func subject(of key: RecordKey) -> String
    /// What there is to be done about a record that cannot be used.
    var remedy: String { get }

    /// Nil when there is none.
    func bytes(at key: RecordKey) throws(OperationError) -> StoredRecord<[UInt8]>?

    /// Those of the records right below `prefix`, in order, whatever is in them.
    func keys(below prefix: RecordKey) throws(OperationError) -> [RecordKey]

    /// - Parameter durable: it outlives a power cut from when this returns.
    /// - Returns: the revision of what was written.
    /// - Throws: `conflict` when `condition` does not hold; nothing has changed then.
    @discardableResult
    func write(
        _ bytes: [UInt8], at key: RecordKey, if condition: RecordCondition, durable: Bool
    ) throws(OperationError) -> RecordRevision

    /// Removing what is gone is success.
    func remove(_ key: RecordKey) throws(OperationError)

    /// Removes what writers of records right below `prefix` have left that were killed.
    /// - Parameter isAbandoned: nobody else can be writing that record now.
    func removeUnfinished(
        below prefix: RecordKey, where isAbandoned: (RecordKey) -> Bool
    ) throws(OperationError)
}

extension RecordStore {
    /// Nil when there is no such record. One that cannot be used is an error that names it; it is never overwritten.
    package func stored<Value: Record>(_ key: RecordKey) throws(OperationError) -> StoredRecord<Value>? {
        guard let stored = try bytes(at: key) else { return nil }
        return StoredRecord(value: try value(of: stored.value, key), revision: stored.revision)
    }

    package func read<Value: Record>(_ key: RecordKey) throws(OperationError) -> Value? { try stored(key)?.value }

    private func value<Value: Record>(of bytes: [UInt8], _ key: RecordKey) throws(OperationError) -> Value {
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw damage(key, "\(error)") }
        guard !RecordVersion.isNewer(json, than: Value.version) else {
            throw RecordVersion.refusal(of: subject(of: key))
        }
        do { return try Value(RecordReader(json)) } catch { throw damage(key, "\(error)") }
    }

    @discardableResult
    package func write<Value: Record>(
        _ record: Value, at key: RecordKey, if condition: RecordCondition = .any, durable: Bool = false
    ) throws(OperationError) -> RecordRevision {
        let text = record.json.versioned(Value.version).compact + "\n"
        return try write(Array(text.utf8), at: key, if: condition, durable: durable)
    }

    /// The error about a record that says something wrong.
    func damage(_ key: RecordKey, _ reason: String) -> OperationError {
        OperationError(
            "read", subject(of: key), reason: "damaged record: \(reason)", remedy: remedy, kind: .damaged)
    }
}
