import Core
import Glibc
import Linux

/// Records in files below one directory, each replaced whole by rename.
///
/// A condition is looked at before the rename: whoever writes with one has the lock that guards the record. The revision is
/// what was read: inodes are used again, and two writes may fall into one tick of the clock that files have.
package struct FileRecords: RecordStore {
    private let root: String

    package init(_ root: String) { self.root = root }

    /// Bytes: a file that is longer is none of ours.
    private static let limit = 16 << 20

    package var remedy: String { "repair the file, or move it away" }

    package func subject(of key: RecordKey) -> String { "\(directory(key)).json" }

    private func directory(_ prefix: RecordKey) -> String { "\(root)/\(prefix.path)" }

    package func bytes(at key: RecordKey) throws(OperationError) -> StoredRecord<[UInt8]>? {
        let path = subject(of: key)
        do throws(OperationError) {
            let bytes = try Files.readRecord(path, limit: Self.limit)
            return StoredRecord(value: bytes, revision: RecordRevision(bytes))
        } catch {
            if error.errno == ENOENT { return nil }
            throw OperationError("read", path, errno: error.errno ?? EIO, remedy: remedy)
        }
    }

    package func keys(below prefix: RecordKey) throws(OperationError) -> [RecordKey] {
        try Files.names(in: directory(prefix)).filter { $0.hasSuffix(".json") }
            .map { RecordKey("\(prefix.path)/\($0.dropLast(5))") }.sorted()
    }

    package func write(
        _ bytes: [UInt8], at key: RecordKey, if condition: RecordCondition, durable: Bool
    ) throws(OperationError) -> RecordRevision {
        let path = subject(of: key)
        guard try holds(condition, at: key) else {
            throw OperationError(
                "write", path, reason: "somebody else has changed it meanwhile", remedy: "try again", kind: .conflict)
        }
        try Files.replace(path, bytes, durable: durable)
        return RecordRevision(bytes)
    }

    private func holds(_ condition: RecordCondition, at key: RecordKey) throws(OperationError) -> Bool {
        switch condition {
        case .any: true
        case .absent: !Files.exists(subject(of: key))
        case .revision(let revision): try bytes(at: key)?.revision == revision
        }
    }

    package func remove(_ key: RecordKey) throws(OperationError) { try Files.remove(subject(of: key)) }

    package func removeUnfinished(
        below prefix: RecordKey, where isAbandoned: (RecordKey) -> Bool
    ) throws(OperationError) {
        for name in try Files.names(in: directory(prefix)) where name.hasSuffix(".tmp") {
            // `<record>.json.<pid>.tmp`, as `Files.replace` writes it.
            let record = name.split(separator: ".").dropLast(3).joined(separator: ".")
            if isAbandoned(RecordKey("\(prefix.path)/\(record)")) { try Files.remove("\(directory(prefix))/\(name)") }
        }
    }
}
