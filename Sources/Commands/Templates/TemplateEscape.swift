import Core

/// Go's html, js and urlquery.
enum TemplateEscape {
    static func html(_ text: String) -> String {
        replacing(text) { scalar in
            switch scalar {
            case "\0": "\u{fffd}"
            case "\"": "&#34;"
            case "'": "&#39;"
            case "&": "&amp;"
            case "<": "&lt;"
            case ">": "&gt;"
            default: nil
            }
        }
    }

    static func js(_ text: String) -> String {
        replacing(text) { scalar in
            switch scalar {
            case "\\": return "\\\\"
            case "'": return "\\'"
            case "\"": return "\\\""
            case "<", ">", "&", "=": return code(scalar)
            default: return TerminalText.isUnsafe(scalar) ? code(scalar) : nil
            }
        }
    }

    /// Go's QueryEscape: everything but letters, digits and `-_.~`, a space as `+`.
    static func urlQuery(_ text: String) -> String {
        var escaped = ""
        for byte in text.utf8 {
            if byte.isDigit || byte.isASCIILetter || "-_.~".utf8.contains(byte) {
                escaped.unicodeScalars.append(Unicode.Scalar(byte))
            } else if byte == UInt8(ascii: " ") {
                escaped += "+"
            } else {
                escaped += "%" + hex(UInt32(byte), 2)
            }
        }
        return escaped
    }

    private static func code(_ scalar: Unicode.Scalar) -> String { "\\u" + hex(scalar.value, 4) }

    private static func hex(_ value: UInt32, _ count: Int) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        return String(repeating: "0", count: max(0, count - digits.utf8.count)) + digits
    }

    private static func replacing(_ text: String, _ replacement: (Unicode.Scalar) -> String?) -> String {
        var result = ""
        for scalar in text.unicodeScalars {
            if let other = replacement(scalar) { result += other } else { result.unicodeScalars.append(scalar) }
        }
        return result
    }
}
