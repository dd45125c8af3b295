import Glibc

/// Text that the kernel takes and gives as bytes: arguments, environment, paths, fields of passwd. A `String` holds
/// Unicode only, so what enters this program is mapped, and mapped back where it leaves.
///
/// A byte that is no part of valid UTF-8 becomes one scalar of a private range, 0x10FE00 + byte. Input that spells such a
/// scalar counts as invalid itself, so that different bytes never become the same text.
package enum KernelText {
    /// 0x10FE80...0x10FEFF. Their UTF-8 begins with F4 8F and then BA or BB.
    private static let base: UInt32 = 0x10FE00

    /// The byte that a scalar stands for; nil when it stands for itself.
    fileprivate static func byte(of scalar: Unicode.Scalar) -> UInt8? {
        scalar.value >= base + 0x80 && scalar.value <= base + 0xff ? UInt8(truncatingIfNeeded: scalar.value) : nil
    }

    fileprivate static func scalar(for byte: UInt8) -> Unicode.Scalar { Unicode.Scalar(base + UInt32(byte)) ?? "?" }

    /// Whether some scalar of UTF-8 text stands for a byte. Hardly any text has as much as the first byte of one.
    fileprivate static func isMapped(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
        guard let start = text.baseAddress, memchr(start, 0xf4, text.count) != nil else { return false }
        return text.indices.contains { index in
            text[index] == 0xf4 && index + 2 < text.count && text[index + 1] == 0x8f && text[index + 2] & 0xfe == 0xba
        }
    }

    fileprivate static func map(_ bytes: UnsafeBufferPointer<UInt8>) -> String {
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            // As many as the first byte says, when it may be a first one at all.
            let length = max(1, (~first).leadingZeroBitCount)
            let scalar = String(validating: rest.prefix(length), as: UTF8.self)?.unicodeScalars.first
            if let scalar, byte(of: scalar) == nil {
                text.append(scalar)
                rest = rest.dropFirst(length)
            } else {
                text.append(self.scalar(for: first))
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }
}

extension String {
    /// Text for `bytes`, none of which is lost.
    package init(kernel bytes: some Sequence<UInt8>) {
        let text = bytes.withContiguousStorageIfAvailable { String(kernel: $0) }
        self = text ?? Array(bytes).withUnsafeBufferPointer { String(kernel: $0) }
    }

    package init(kernel bytes: UnsafeBufferPointer<UInt8>) {
        if !KernelText.isMapped(bytes), let text = String(validating: bytes, as: UTF8.self) {
            self = text
        } else {
            self = KernelText.map(bytes)
        }
    }

    /// Text for a C string.
    package init(kernel characters: UnsafePointer<CChar>) {
        let count = strlen(characters)
        self = characters.withMemoryRebound(to: UInt8.self, capacity: count) {
            String(kernel: UnsafeBufferPointer(start: $0, count: count))
        }
    }

    /// Whether it holds bytes that are not UTF-8.
    package var hasForeignBytes: Bool {
        utf8.withContiguousStorageIfAvailable { KernelText.isMapped($0) } ?? false
    }

    /// The bytes that it was made from.
    package var kernelBytes: [UInt8] {
        guard hasForeignBytes else { return Array(utf8) }
        return unicodeScalars.flatMap { scalar in KernelText.byte(of: scalar).map { [$0] } ?? Array(String(scalar).utf8)
        }
    }

    /// Calls `body` with these bytes and a zero behind them, as system calls take them.
    package func withKernelString<Result>(_ body: (UnsafePointer<CChar>) -> Result) -> Result {
        guard hasForeignBytes else { return withCString(body) }
        return body(kernelBytes.map(CChar.init(bitPattern:)) + [0])
    }

    /// What stands between slashes, by bytes: a name may begin with an accent, which a slash would be one character with.
    package var pathComponents: [String] { utf8.split(separator: UInt8(ascii: "/")).map { String(Substring($0)) } }

    /// By bytes likewise.
    package var isAbsolutePath: Bool { utf8.first == UInt8(ascii: "/") }

    /// For people: `\xe9`.
    package var escapingForeignBytes: String { replacingForeignBytes { "\\x" + String($0, radix: 16) } }

    /// Unicode only.
    package func replacingForeignBytes(_ replacement: (UInt8) -> String) -> String {
        guard hasForeignBytes else { return self }
        return unicodeScalars.map { scalar in KernelText.byte(of: scalar).map(replacement) ?? String(scalar) }.joined()
    }
}
