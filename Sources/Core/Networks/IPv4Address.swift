/// An IPv4 address as a number in host byte order.
package struct IPv4Address: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UInt32

    package init(rawValue: UInt32) { self.rawValue = rawValue }

    /// Strict dotted quad: four decimal numbers of 0 to 255 without leading zeros (RFC 6943 3.1.1).
    package init?(_ text: String) {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let number = Decimal.parse(part, in: 0...255) else { return nil }
            value = value << 8 | UInt32(number)
        }
        rawValue = value
    }

    package static let any = IPv4Address(rawValue: 0)
    package static let loopback = IPv4Address(rawValue: 0x7f00_0001)

    package var isLoopback: Bool { rawValue >> 24 == 127 }

    /// 10/8, 172.16/12, 192.168/16 (RFC 1918), 100.64/10 (RFC 6598), 127/8 and 169.254/16.
    package var isPrivate: Bool {
        rawValue >> 24 == 10 || rawValue >> 20 == 0xac1 || rawValue >> 16 == 0xc0a8
            || rawValue >> 22 == 0x191 || isLoopback || rawValue >> 16 == 0xa9fe
    }

    package var description: String {
        "\(rawValue >> 24).\(rawValue >> 16 & 0xff).\(rawValue >> 8 & 0xff).\(rawValue & 0xff)"
    }
    package static func < (left: IPv4Address, right: IPv4Address) -> Bool { left.rawValue < right.rawValue }
}

/// Decimal numbers as users write them: digits only, no sign, no leading zero.
package enum Decimal {
    package static func parse(_ text: some StringProtocol, in range: ClosedRange<Int>) -> Int? {
        let bytes = text.utf8
        guard let first = bytes.first, bytes.count <= 18, bytes.allSatisfy(\.isDigit),
            bytes.count == 1 || first != UInt8(ascii: "0"), let number = Int(text)
        else { return nil }
        return range.contains(number) ? number : nil
    }
}
