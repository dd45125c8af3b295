import Core
import Linux

/// Manifests and configurations, as they are in the store.
extension ImageStore {
    func readBlob<Value>(
        _ digest: Digest, _ convert: (JSON) throws(RecordError) -> Value
    ) throws(OperationError) -> Value {
        try ImageStore.parse(layout.blob(digest), convert)
    }

    static func parse<Value>(
        _ path: String, _ convert: (JSON) throws(RecordError) -> Value
    ) throws(OperationError) -> Value {
        try parse(Files.read(path), named: path, convert)
    }

    static func parse<Value>(
        _ bytes: [UInt8], named name: String, _ convert: (JSON) throws(RecordError) -> Value
    ) throws(OperationError) -> Value {
        do {
            return try convert(JSON(parsing: bytes))
        } catch {
            throw OperationError("read image", name, reason: "it is damaged: \(error)")
        }
    }
}
