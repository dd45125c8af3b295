import CArchive
import Core

/// The digest of bytes that come piece by piece.
struct DigestStream {
    private var hash = carchive_hash()

    init() throws(OperationError) {
        var failure = carchive_failure()
        guard carchive_hash_begin(&hash, &failure) == 0 else { throw Archive.error(failure, archive: "") }
    }

    mutating func add(_ bytes: [UInt8]) { carchive_hash_add(&hash, bytes, bytes.count) }

    /// Of all that came; nothing may come afterwards.
    mutating func finish() -> Digest {
        var digest = [UInt8](repeating: 0, count: Int(CARCHIVE_DIGEST_SIZE))
        carchive_hash_end(&hash, &digest)
        return Digest(bytes: digest)
    }
}
