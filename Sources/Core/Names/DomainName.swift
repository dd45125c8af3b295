/// A name of the domain name system (RFC 1035 3.1), as bytes: labels of 1 to 63 of them, the whole at most 255.
package struct DomainName: Equatable, Sendable {
    /// As in a message, not shortened: each label with its length before it, and the empty one at the end.
    let bytes: [UInt8]

    /// Reads `www.example.com`, with or without a dot at its end. Nil when no such name can be.
    package init?(_ text: String) {
        let whole = text.hasSuffix(".") ? text.dropLast() : text[...]
        var bytes: [UInt8] = []
        for label in whole.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false) {
            guard (1...63).contains(label.count) else { return nil }
            bytes.append(UInt8(label.count))
            bytes += label
        }
        guard bytes.count < 255 else { return nil }
        self.bytes = bytes + [0]
    }

    /// Reads a name of a message that is not shortened, as in a question. `place` is behind it afterwards.
    init?(_ message: [UInt8], at place: inout Int) {
        let start = place
        while place < message.count, place - start < 255 {
            let length = Int(message[place])
            place += 1
            if length == 0 {
                bytes = Array(message[start..<place])
                return
            }
            guard length <= 63, place + length < message.count else { return nil }
            place += length
        }
        return nil
    }

    /// Without a dot at the end. A dot in a label looks like one between two, which no name of ours has.
    package var text: String {
        var text = Array(bytes.dropFirst().dropLast())
        // Of the length before the next label.
        var place = Int(bytes[0])
        while place < text.count {
            let length = Int(text[place])
            text[place] = UInt8(ascii: ".")
            place += length + 1
        }
        return String(decoding: text, as: UTF8.self)
    }

    /// The address that is asked about: `4.3.2.10.in-addr.arpa` (RFC 1035 3.5), or 32 digits in `ip6.arpa` (RFC 3596 2.5). Nil of
    /// any other name.
    package var reversed: IPAddress? {
        let words = text.lowercased().split(separator: ".")
        if words.count == 34, words[32] == "ip6", words[33] == "arpa" { return Self.address6(words[..<32]) }
        guard words.count == 6, words[4] == "in-addr", words[5] == "arpa" else { return nil }
        return IPAddress(words[..<4].reversed().joined(separator: "."))
    }

    private static func address6(_ digits: ArraySlice<Substring>) -> IPAddress? {
        var number: UInt128 = 0
        for digit in digits.reversed() {
            guard digit.utf8.count == 1, let value = digit.first?.hexDigitValue else { return nil }
            number = number << 4 | UInt128(value)
        }
        return IPAddress(ipv6: number)
    }
}
