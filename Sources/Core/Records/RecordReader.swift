/// Why a record of ours cannot be used. Whoever read the file adds its name.
package struct RecordError: Error, Equatable, CustomStringConvertible {
    package let description: String
    package init(_ description: String) { self.description = description }
}

/// Reads the members of one JSON object of a record, each with the type that it must have.
package struct RecordReader {
    private let json: JSON
    private let path: String

    package init(_ json: JSON, path: String = "") throws(RecordError) {
        guard json.members != nil else {
            // What its members stand behind ends in a dot.
            throw RecordError("\(path.isEmpty ? "record" : String(path.dropLast())) is not an object")
        }
        self.json = json
        self.path = path
    }

    package func value<Value>(_ key: String, _ convert: (JSON) -> Value?) throws(RecordError) -> Value {
        guard let member = json[key] else { throw RecordError("\(path)\(key) is missing") }
        guard let value = convert(member) else { throw RecordError("\(path)\(key) is not valid") }
        return value
    }

    /// Nil when the member is missing or null; an error when it has another type.
    package func optional<Value>(_ key: String, _ convert: (JSON) -> Value?) throws(RecordError) -> Value? {
        guard let member = json[key], !member.isNull else { return nil }
        guard let value = convert(member) else { throw RecordError("\(path)\(key) is not valid") }
        return value
    }

    /// What a person writes, as text: of a wrong value the error says what would be right.
    /// - Parameter rule: that, behind "use".
    package func setting<Value>(
        _ key: String, _ rule: String, _ convert: (String) -> Value?
    ) throws(RecordError) -> Value? {
        guard let member = json[key], !member.isNull else { return nil }
        guard let value = member.string.flatMap(convert) else {
            throw RecordError("\(path)\(key) is not valid: use \(rule)")
        }
        return value
    }

    package func string(_ key: String) throws(RecordError) -> String { try value(key, \.string) }
    package func strings(_ key: String) throws(RecordError) -> [String] { try value(key, \.strings) }
    package func bool(_ key: String) throws(RecordError) -> Bool { try value(key, \.bool) }
    package func int(_ key: String) throws(RecordError) -> Int64 { try value(key, \.int) }
    package func int(_ key: String, in range: ClosedRange<Int64>) throws(RecordError) -> Int64 {
        try value(key) { $0.int.flatMap { range.contains($0) ? $0 : nil } }
    }
    package func optionalInt(_ key: String, in range: ClosedRange<Int64>) throws(RecordError) -> Int64? {
        try optional(key) { $0.int.flatMap { range.contains($0) ? $0 : nil } }
    }

    /// A member that is written as text and read back by a failable initialiser.
    package func text<Value>(_ key: String, _ convert: (String) -> Value?) throws(RecordError) -> Value {
        try value(key) { $0.string.flatMap(convert) }
    }
    package func optionalText<Value>(_ key: String, _ convert: (String) -> Value?) throws(RecordError) -> Value? {
        try optional(key) { $0.string.flatMap(convert) }
    }

    /// None where there is no such member.
    package func optionalTexts<Value>(_ key: String, _ convert: (String) -> Value?) throws(RecordError) -> [Value] {
        try optional(key) { json in
            json.strings.flatMap { texts in
                let values = texts.compactMap(convert)
                return values.count == texts.count ? values : nil
            }
        } ?? []
    }

    package func object<Value>(
        _ key: String, _ convert: (RecordReader) throws(RecordError) -> Value
    ) throws(RecordError) -> Value {
        guard let member = json[key] else { throw RecordError("\(path)\(key) is missing") }
        return try convert(RecordReader(member, path: "\(path)\(key)."))
    }

    package func optionalObject<Value>(
        _ key: String, _ convert: (RecordReader) throws(RecordError) -> Value
    ) throws(RecordError) -> Value? {
        guard let member = json[key], !member.isNull else { return nil }
        return try convert(RecordReader(member, path: "\(path)\(key)."))
    }

    /// None when the member is missing.
    package func optionalObjects<Value>(
        _ key: String, _ convert: (RecordReader) throws(RecordError) -> Value
    ) throws(RecordError) -> [Value] {
        try optional(key, \.array) == nil ? [] : objects(key, convert)
    }

    package func objects<Value>(
        _ key: String, _ convert: (RecordReader) throws(RecordError) -> Value
    ) throws(RecordError) -> [Value] {
        var values: [Value] = []
        for (index, element) in try value(key, \.array).enumerated() {
            values.append(try convert(RecordReader(element, path: "\(path)\(key)[\(index)].")))
        }
        return values
    }
}

/// A value that is kept as a JSON object in a file of its own, or inside one.
package protocol Record {
    /// Of the form in which it is written, where that has a file of its own.
    static var version: Int64 { get }
    init(_ reader: RecordReader) throws(RecordError)
    var json: JSON { get }
}

extension Record {
    package static var version: Int64 { 1 }
}
