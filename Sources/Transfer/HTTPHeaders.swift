import Core

/// The lines of a request's or an answer's head; names count in whatever letters they are written.
package struct HTTPHeaders: Equatable, Sendable {
    package private(set) var fields: [(name: String, value: String)] = []

    package init(_ fields: [(name: String, value: String)] = []) { self.fields = fields }

    package static func == (left: HTTPHeaders, right: HTTPHeaders) -> Bool {
        left.fields.count == right.fields.count
            && zip(left.fields, right.fields).allSatisfy { $0.name == $1.name && $0.value == $1.value }
    }

    package subscript(name: String) -> String? { values(of: name).first }

    package func values(of name: String) -> [String] {
        let wanted = name.lowercased()
        return fields.filter { $0.name.lowercased() == wanted }.map(\.value)
    }

    /// In place of those of that name.
    package mutating func set(_ name: String, _ value: String?) {
        let wanted = name.lowercased()
        fields.removeAll { $0.name.lowercased() == wanted }
        if let value { fields.append((name, value)) }
    }

    /// A value with a line end in it would be a header more.
    package static func isValue(_ text: String) -> Bool { text.utf8.allSatisfy { $0 >= 0x20 && $0 != 0x7f || $0 == 9 } }

    /// More, or longer ones, are nobody's: what comes after them is not kept.
    private static let maximumCount = 256
    private static let maximumLength = 16 << 10

    /// Takes a line of an answer; what is no header is left out.
    mutating func take(line bytes: UnsafeRawBufferPointer) {
        guard fields.count < Self.maximumCount, bytes.count <= Self.maximumLength else { return }
        let text = String(decoding: bytes, as: UTF8.self)
        guard let colon = text.firstIndex(of: ":") else { return }
        fields.append((String(text[..<colon]), Self.trimmed(text[text.index(after: colon)...])))
    }

    package static func trimmed(_ text: Substring) -> String {
        var text = text.drop(while: \.isWhitespace)
        while let last = text.last, last.isWhitespace { text = text.dropLast() }
        return String(text)
    }
}
