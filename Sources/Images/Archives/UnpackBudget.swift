import CArchive
import Core
import Synchronization

/// How much may be unpacked of what came from elsewhere: a small archive can hold more than any disk does. All threads that
/// unpack parts of the same share one.
package final class UnpackBudget: @unchecked Sendable {
    /// Of one image, or one archive of images.
    package static let standardSize: Int64 = 64 << 30
    static let standardEntries: Int64 = 10_000_000

    private let size: Int64
    private let entries: Int64
    /// What there was at first.
    private let given: carchive_budget
    /// Counted down by atomic operations alone.
    let left: UnsafeMutablePointer<carchive_budget>

    /// - Parameters:
    ///   - size: bytes, of archives as they are read and of the tar streams in them.
    ///   - entries: files, directories and the like.
    package convenience init(size: Int64, entries: Int64 = standardEntries) {
        self.init(size, entries, given: carchive_budget(limit: size, bytes: size, entries: entries))
    }

    private init(_ size: Int64, _ entries: Int64, given: carchive_budget) {
        self.size = size
        self.entries = entries
        self.given = given
        left = .allocate(capacity: 1)
        left.initialize(to: given)
    }

    deinit { left.deallocate() }

    /// As much again, for another part.
    func renewed() -> UnpackBudget { UnpackBudget(size: size, entries: entries) }

    /// What is left now, for work that may come to nothing: until `spend` it counts there alone. Others may be at this one.
    func apart() -> UnpackBudget {
        let bytes = Self.subtract(0, from: &left.pointee.bytes)
        let entries = Self.subtract(0, from: &left.pointee.entries)
        return UnpackBudget(
            size, self.entries, given: carchive_budget(limit: size, bytes: max(0, bytes), entries: max(0, entries)))
    }

    /// Counts what was spent of one that stood apart, and that nobody is at any more.
    func spend(_ part: UnpackBudget, of name: String) throws(OperationError) {
        let bytes = Self.subtract(part.given.bytes - part.left.pointee.bytes, from: &left.pointee.bytes)
        let entries = Self.subtract(part.given.entries - part.left.pointee.entries, from: &left.pointee.entries)
        if min(bytes, entries) < 0, let refusal = refusal(of: name) { throw refusal }
    }

    /// As CArchive does it.
    /// - Returns: what is left.
    private static func subtract(_ count: Int64, from place: UnsafeMutablePointer<Int64>) -> Int64 {
        UnsafeMutableRawPointer(place).assumingMemoryBound(to: Atomic<Int64>.self).pointee
            .wrappingSubtract(count, ordering: .relaxed).newValue
    }

    /// - Parameter parts: bytes that are going to be read, none of them negative.
    func check(_ parts: [Int64], of name: String) throws(OperationError) {
        var rest = size
        for part in parts {
            guard part <= rest else { throw excess(of: name) }
            rest -= part
        }
    }

    /// Nil when it was enough.
    func refusal(of name: String) -> OperationError? {
        if left.pointee.entries < 0 {
            return OperationError("unpack", name, reason: "it has more than \(entries) entries", kind: .exhausted)
        }
        return left.pointee.bytes < 0 ? excess(of: name) : nil
    }

    package func excess(of name: String) -> OperationError {
        OperationError(
            "unpack", name, reason: "it is larger than \(ByteCount.text(size))",
            remedy:
                "allow more by max-image-size in /etc/mydocker/config.json; pull, load and import take --max-size, too",
            kind: .exhausted)
    }
}
