/// Text on its way to a person's terminal.
package enum TerminalText {
    /// One line in which nothing can steer a terminal, forge a second line or turn the direction of what follows:
    /// control characters are shown as `\x1b`, others as `\u202e`.
    ///
    /// Text of ours stays as it is, as there are none of these characters in it.
    package static func escaped(_ text: String) -> String { escaped(text, where: isUnsafe) }

    /// Several lines, with columns.
    package static func escapedLines(_ text: String) -> String {
        escaped(text) { $0 != "\n" && $0 != "\t" && isUnsafe($0) }
    }

    private static func escaped(_ text: String, where isUnsafe: (Unicode.Scalar) -> Bool) -> String {
        guard text.unicodeScalars.contains(where: isUnsafe) else { return text }
        var safe = ""
        for scalar in text.unicodeScalars {
            if isUnsafe(scalar) { safe += escape(scalar) } else { safe.unicodeScalars.append(scalar) }
        }
        return safe
    }

    /// C0, DEL and C1, the ends of lines and paragraphs, and the characters of bidirectional text (UAX #9).
    package static func isUnsafe(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0...0x1f, 0x7f...0x9f, 0x061c, 0x200e...0x200f, 0x2028...0x202e, 0x2066...0x2069: true
        default: false
        }
    }

    /// As Go and C write it: `\n`, `\x1b`, `\u009b`.
    package static func escape(_ scalar: Unicode.Scalar) -> String {
        switch scalar {
        case "\n": "\\n"
        case "\r": "\\r"
        case "\t": "\\t"
        default:
            scalar.value < 0x80
                ? "\\x" + digits(scalar.value, 2)
                : scalar.value < 0x1_0000 ? "\\u" + digits(scalar.value, 4) : "\\U" + digits(scalar.value, 8)
        }
    }

    private static func digits(_ value: UInt32, _ count: Int) -> String {
        let text = String(value, radix: 16)
        return String(repeating: "0", count: max(0, count - text.utf8.count)) + text
    }
}
