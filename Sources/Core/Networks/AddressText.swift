/// IPv4 addresses as text.
enum IPv4Text {
    static func parse(_ text: Substring) -> UInt32? {
        let parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard let number = Decimal.parse(Substring(part), in: 0...255) else { return nil }
            value = value << 8 | UInt32(number)
        }
        return value
    }

    static func text(_ number: UInt32) -> String {
        "\(number >> 24).\(number >> 16 & 0xff).\(number >> 8 & 0xff).\(number & 0xff)"
    }
}

/// IPv6 addresses as text: eight groups of 16 bits.
enum IPv6Text {
    private typealias Part = Substring.UTF8View

    /// `::` stands for one or more groups of zeros, once; the last two groups may be an IPv4 address.
    static func parse(_ text: String) -> UInt128? {
        var parts = text.utf8.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)[...]
        // One more than the groups are; two at either end when "::" is there.
        guard (3...9).contains(parts.count), trimGap(&parts) else { return nil }
        guard let gap = parts.firstIndex(where: { $0.isEmpty }) else {
            guard let groups = groups(parts), groups.count == 8 else { return nil }
            return number(groups)
        }
        guard let head = groups(parts[..<gap], isEnd: false), let tail = groups(parts[(gap + 1)...]),
            head.count + tail.count < 8
        else { return nil }
        return number(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// Where "::" is the first or the last, it leaves two empty parts there: one of them goes.
    private static func trimGap(_ parts: inout ArraySlice<Part>) -> Bool {
        if parts[parts.startIndex].isEmpty {
            guard parts[parts.startIndex + 1].isEmpty else { return false }
            parts.removeFirst()
        }
        if parts[parts.endIndex - 1].isEmpty {
            guard parts[parts.endIndex - 2].isEmpty else { return false }
            parts.removeLast()
        }
        return true
    }

    /// - Parameter isEnd: whether an IPv4 address may be the last part.
    private static func groups(_ parts: ArraySlice<Part>, isEnd: Bool = true) -> [UInt16]? {
        var groups: [UInt16] = []
        for (index, part) in zip(parts.indices, parts) {
            if isEnd, index == parts.endIndex - 1, part.contains(UInt8(ascii: ".")) {
                guard let number = IPv4Text.parse(Substring(part)) else { return nil }
                groups += [UInt16(number >> 16), UInt16(number & 0xffff)]
            } else {
                guard (1...4).contains(part.count), part.allSatisfy(\.isHexDigit),
                    let group = UInt16(Substring(part), radix: 16)
                else { return nil }
                groups.append(group)
            }
        }
        return groups
    }

    private static func number(_ groups: [UInt16]) -> UInt128 { groups.reduce(0) { $0 << 16 | UInt128($1) } }

    /// Lower case, without leading zeros, `::` for the longest run of two or more zeros, the first of equal ones; an IPv4
    /// address that is mapped looks like one.
    static func text(_ number: UInt128) -> String {
        if number >> 32 == 0xffff { return "::ffff:" + IPv4Text.text(UInt32(truncatingIfNeeded: number)) }
        let groups = (0..<8).map { UInt16(truncatingIfNeeded: number >> (112 - 16 * $0)) }
        guard let gap = longestZeros(groups) else { return text(groups[...]) }
        return text(groups[..<gap.lowerBound]) + "::" + text(groups[gap.upperBound...])
    }

    private static func text(_ groups: ArraySlice<UInt16>) -> String {
        groups.map { String($0, radix: 16) }.joined(separator: ":")
    }

    private static func longestZeros(_ groups: [UInt16]) -> Range<Int>? {
        var longest: Range<Int>?
        var start = 0
        for (index, group) in groups.enumerated() {
            if group != 0 {
                start = index + 1
            } else if index - start + 1 > max(1, longest?.count ?? 0) {
                longest = start..<index + 1
            }
        }
        return longest
    }
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
