/// Fields with commas between them, as Go's encoding/csv reads a line and so Docker's flags: one that has a comma stands in
/// double quotes, and two of these are one in there.
package struct CommaFields {
    private var rest: ArraySlice<UInt8>

    private static let comma = UInt8(ascii: ",")
    private static let quote = UInt8(ascii: "\"")

    private init(_ text: String) { rest = Array(text.utf8)[...] }

    package static func split(_ text: String) throws(OperationError) -> [String] {
        var reader = CommaFields(text)
        var fields = [try reader.field()]
        // What ends a field is a comma.
        while reader.rest.popFirst() != nil { fields.append(try reader.field()) }
        return fields
    }

    private mutating func field() throws(OperationError) -> String {
        rest.first == Self.quote ? try quotedField() : try plainField()
    }

    private mutating func plainField() throws(OperationError) -> String {
        let field = rest.prefix { $0 != Self.comma }
        if let place = field.firstIndex(of: Self.quote) {
            throw Self.error(at: place, "bare \" in non-quoted field")
        }
        rest = rest[field.endIndex...]
        return String(decoding: field, as: UTF8.self)
    }

    private mutating func quotedField() throws(OperationError) -> String {
        rest = rest.dropFirst()
        var field: [UInt8] = []
        while let end = rest.firstIndex(of: Self.quote) {
            field += rest[..<end]
            rest = rest[(end + 1)...]
            guard let next = rest.first, next != Self.comma else { return String(decoding: field, as: UTF8.self) }
            guard next == Self.quote else { throw Self.error(at: end, "extraneous or missing \" in quoted-field") }
            field.append(next)
            rest = rest.dropFirst()
        }
        throw Self.error(at: rest.endIndex, "extraneous or missing \" in quoted-field")
    }

    /// Go's words.
    private static func error(at place: Int, _ words: String) -> OperationError {
        OperationError("parse error on line 1, column \(place + 1): \(words)", kind: .invalid)
    }
}
