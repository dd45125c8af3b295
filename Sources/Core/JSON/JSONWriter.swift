extension JSON {
    /// On one line, without spaces.
    package var compact: String { written(indentation: nil) }
    /// The same for other programs: a byte that is no UTF-8 is U+FFFD, as Docker prints it.
    package var printed: String { Self.unicode(compact) }
    /// Likewise, with four spaces a level, as `docker inspect` prints it.
    package var pretty: String { Self.unicode(written(indentation: 4)) }

    private static func unicode(_ text: String) -> String { text.replacingForeignBytes { _ in "\u{fffd}" } }

    private func written(indentation: Int?) -> String {
        var writer = JSONWriter(indentation: indentation)
        writer.write(self, level: 0)
        return String(decoding: writer.bytes, as: UTF8.self)
    }

    /// `text` between quotes, with what RFC 8259 section 7 wants escaped.
    package static func quoted(_ text: String) -> String { JSON.string(text).compact }
}

private struct JSONWriter {
    let indentation: Int?
    var bytes: [UInt8] = []

    init(indentation: Int?) { self.indentation = indentation }

    mutating func write(_ json: JSON, level: Int) {
        switch json {
        case .null: put("null")
        case .bool(let value): put(value ? "true" : "false")
        case .int(let value): put(String(value))
        case .double(let value): put(value.isFinite ? String(value) : "null")
        case .string(let value): quote(value)
        case .array(let elements):
            list("[", "]", elements, level) { writer, element in writer.write(element, level: level + 1) }
        case .object(let members):
            list("{", "}", members, level) { writer, member in
                writer.quote(member.key)
                writer.put(writer.indentation == nil ? ":" : ": ")
                writer.write(member.value, level: level + 1)
            }
        }
    }

    private mutating func list<Element>(
        _ open: String, _ close: String, _ elements: [Element], _ level: Int,
        _ write: (inout JSONWriter, Element) -> Void
    ) {
        put(open)
        for (index, element) in elements.enumerated() {
            if index > 0 { put(",") }
            newLine(level + 1)
            write(&self, element)
        }
        if !elements.isEmpty { newLine(level) }
        put(close)
    }

    private mutating func newLine(_ level: Int) {
        guard let indentation else { return }
        put("\n")
        bytes.append(contentsOf: repeatElement(UInt8(ascii: " "), count: indentation * level))
    }

    private mutating func put(_ text: String) { bytes.append(contentsOf: text.utf8) }

    private mutating func quote(_ text: String) {
        put("\"")
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "\""): put("\\\"")
            case UInt8(ascii: "\\"): put("\\\\")
            case 0x0a: put("\\n")
            case 0x0d: put("\\r")
            case 0x09: put("\\t")
            case 0..<0x20:
                let digits = String(byte, radix: 16)
                put("\\u00" + (digits.utf8.count < 2 ? "0" : "") + digits)
            default: bytes.append(byte)
            }
        }
        put("\"")
    }
}
