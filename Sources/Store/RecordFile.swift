import Core
import Glibc
import Linux

/// One record in one file, replaced whole.
package enum RecordFile {
    /// Nil when there is no such file. A file that cannot be used is an error that names it; it is never overwritten.
    package static func read<Value: Record>(_ path: String) throws(OperationError) -> Value? {
        let bytes: [UInt8]
        do throws(OperationError) {
            bytes = try Files.read(path, limit: 16 << 20)
        } catch {
            if error.errno == ENOENT { return nil }
            throw error
        }
        do {
            return try Value(RecordReader(JSON(parsing: bytes)))
        } catch {
            throw OperationError(
                "read", path, reason: "damaged record: \(error)", remedy: "repair the file, or move it away")
        }
    }

    package static func write(_ record: some Record, to path: String, durable: Bool = false) throws(OperationError) {
        try Files.replace(path, Array((record.json.compact + "\n").utf8), durable: durable)
    }

    /// A record that must not exist yet.
    package static func create(_ record: some Record, at path: String) throws(OperationError) {
        try Files.create(path, Array((record.json.compact + "\n").utf8))
    }
}
