/// A SHA-256 digest, as OCI writes it: what an image's id, a blob and a layer are named by.
package struct Digest: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// 64 lower-case hex digits: a safe path component.
    package let hex: String

    /// Nil unless `text` is `sha256:` and 64 lower-case hex digits.
    package init?(_ text: String) {
        guard text.hasPrefix("sha256:") else { return nil }
        self.init(hex: String(text.dropFirst(7)))
    }

    package init?(hex: String) {
        guard hex.utf8.count == 64, hex.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        self.hex = hex
    }

    package init(bytes: [UInt8]) {
        let digits = Array("0123456789abcdef".utf8)
        hex = String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    /// The first 12 digits: Docker's short form.
    package var short: String { String(hex.prefix(12)) }
    package var description: String { "sha256:" + hex }
    package static func < (left: Digest, right: Digest) -> Bool { left.hex < right.hex }
}
