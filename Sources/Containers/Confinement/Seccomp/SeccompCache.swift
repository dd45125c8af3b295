import Core
import Glibc
import Linux

/// One kept filter. The file holds the identity whole, not just a hash of it: a filter made for anything
/// else can never be taken for this one.
struct SeccompCache {
    let path: String
    private let directory: String
    private let identity: [UInt8]

    private static let magic: UInt64 = 0x3150_4d4f_4343_4553  // "SECCOMP1"
    /// magic, checksum of all that follows, bytes of the identity
    private static let headerSize = 24
    /// The kernel takes no more (BPF_MAXINSNS).
    static let largestFilter = 4096 * 8

    init(directory: String, identity: [UInt8]) {
        self.directory = directory
        self.identity = identity
        let name = identity.withUnsafeBytes { SeccompCache.checksum($0) }
        path = "\(directory)/\(String(name, radix: 16)).bpf"
    }

    /// What was kept; nil when there is nothing, or nothing whole.
    func filter() -> [UInt8]? {
        guard let bytes = contents(limit: Self.headerSize + identity.count + Self.largestFilter) else { return nil }
        let start = Self.headerSize + identity.count
        guard bytes.count > start, (bytes.count - start).isMultiple(of: 8) else { return nil }
        let isWhole = bytes.withUnsafeBytes { bytes in
            bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self) == Self.magic
                && bytes.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
                    == Self.checksum(UnsafeRawBufferPointer(rebasing: bytes[16...]))
                && bytes.loadUnaligned(fromByteOffset: 16, as: UInt64.self) == UInt64(identity.count)
                && bytes[Self.headerSize..<start].elementsEqual(identity)
        }
        return isWhole ? Array(bytes[start...]) : nil
    }

    /// Keeps `filter` for the next time. It does without when it cannot: a full disk stops no container.
    func keep(_ filter: [UInt8]) {
        let body = Self.bytes(of: UInt64(identity.count)) + identity + filter
        let checksum = body.withUnsafeBytes { Self.checksum($0) }
        try? Files.makeDirectories(directory)
        try? Files.replace(path, Self.bytes(of: Self.magic) + Self.bytes(of: checksum) + body)
    }

    /// The file in one read(2); nil when it is longer than `limit`.
    private func contents(limit: Int) -> [UInt8]? {
        guard let file = try? Descriptor.open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK) else { return nil }
        let bytes = [UInt8](unsafeUninitializedCapacity: limit + 1) { buffer, count in
            count = max(0, read(file.number, buffer.baseAddress, buffer.count))
        }
        return bytes.count <= limit ? bytes : nil
    }

    private static func bytes(of value: UInt64) -> [UInt8] { withUnsafeBytes(of: value) { Array($0) } }

    /// FNV-1a on words of eight bytes, with the length. It finds damage; it is no defence against forgery.
    private static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt64 {
        var sum: UInt64 = 0xcbf2_9ce4_8422_2325
        func add(_ word: UInt64) {
            sum = (sum ^ word) &* 0x0000_0100_0000_01b3
            // Multiplying moves bits up only.
            sum ^= sum >> 32
        }
        let words = bytes.count / 8
        for index in 0..<words { add(bytes.loadUnaligned(fromByteOffset: index * 8, as: UInt64.self)) }
        for index in words * 8..<bytes.count { add(UInt64(bytes[index])) }
        add(UInt64(bytes.count))
        return sum
    }
}
