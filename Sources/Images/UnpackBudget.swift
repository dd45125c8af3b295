import CArchive
import Core

/// How much may be unpacked of what came from elsewhere: a small archive can hold more than any disk does. All threads that
/// unpack parts of the same share one.
package final class UnpackBudget: @unchecked Sendable {
    /// Of one image, or one archive of images.
    package static let standardSize: Int64 = 64 << 30
    static let standardEntries: Int64 = 10_000_000

    private let size: Int64
    private let entries: Int64
    /// Counted down by atomic operations alone.
    let left: UnsafeMutablePointer<carchive_budget>

    /// - Parameters:
    ///   - size: bytes, of archives as they are read and of the tar streams in them.
    ///   - entries: files, directories and the like.
    package init(size: Int64, entries: Int64 = standardEntries) {
        self.size = size
        self.entries = entries
        left = .allocate(capacity: 1)
        left.initialize(to: carchive_budget(limit: size, bytes: size, entries: entries))
    }

    deinit { left.deallocate() }

    /// As much again, for another part.
    func renewed() -> UnpackBudget { UnpackBudget(size: size, entries: entries) }

    /// - Parameter parts: bytes that are going to be read, none of them negative.
    func check(_ parts: [Int64], of name: String) throws(OperationError) {
        var rest = size
        for part in parts {
            guard part <= rest else { throw excess(of: name) }
            rest -= part
        }
    }

    /// Nil when it was enough. Nobody is at it any more.
    func refusal(of name: String) -> OperationError? {
        if left.pointee.entries < 0 {
            return OperationError("unpack", name, reason: "it has more than \(entries) entries", kind: .exhausted)
        }
        return left.pointee.bytes < 0 ? excess(of: name) : nil
    }

    package func excess(of name: String) -> OperationError {
        OperationError(
            "unpack", name, reason: "it is larger than \(ByteCount.text(size))",
            remedy: "allow more by --max-size, or for all commands by max-image-size in /etc/mydocker/config.json",
            kind: .exhausted)
    }
}
