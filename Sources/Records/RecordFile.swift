import Core
import Glibc
import Linux

/// One record in one file, replaced whole.
package enum RecordFile {
    /// Nil when there is no such file. A file that cannot be used is an error that names it; it is never overwritten.
    package static func read<Value: Record>(_ path: String) throws(OperationError) -> Value? {
        guard let bytes = try contents(path) else { return nil }
        let json: JSON
        do { json = try JSON(parsing: bytes) } catch { throw damage(path, "\(error)") }
        guard !RecordVersion.isNewer(json, than: Value.version) else { throw RecordVersion.refusal(of: path) }
        do { return try Value(RecordReader(json)) } catch { throw damage(path, "\(error)") }
    }

    private static func contents(_ path: String) throws(OperationError) -> [UInt8]? {
        do throws(OperationError) {
            return try Files.readRecord(path, limit: 16 << 20)
        } catch {
            if error.errno == ENOENT { return nil }
            throw OperationError("read", path, errno: error.errno ?? EIO, remedy: remedy)
        }
    }

    private static let remedy = "repair the file, or move it away"

    /// The error about a record that says something wrong.
    static func damage(_ path: String, _ reason: String) -> OperationError {
        OperationError("read", path, reason: "damaged record: \(reason)", remedy: remedy, kind: .damaged)
    }

    package static func write(_ record: some Record, to path: String, durable: Bool = false) throws(OperationError) {
        try Files.replace(path, bytes(of: record), durable: durable)
    }

    private static func bytes<Value: Record>(of record: Value) -> [UInt8] {
        Array((record.json.versioned(Value.version).compact + "\n").utf8)
    }
}
