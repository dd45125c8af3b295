import Core

/// The conditions that `--filter KEY=VALUE` sets. One of the values of a key must hold, for all keys;
/// labels must all hold.
package struct Filter {
    private var conditions: [(key: String, value: String)] = []

    package init() {}

    package var keys: [String] { conditions.map(\.key) }
    /// As they were written, more or less.
    package var texts: [String] { conditions.map { "\($0.key)=\($0.value)" } }

    /// An empty text adds none.
    package mutating func add(_ text: String) throws(OperationError) {
        if text.isEmpty { return }
        guard text.contains("=") else { throw OperationError("bad format of filter (expected name=value)") }
        let (key, value) = EnvironmentValue.halves(text)
        conditions.append((key.lowercased(), value))
    }

    /// - Throws: when there is a key that this list knows nothing about.
    package func check(knownKeys: [String]) throws(OperationError) {
        for key in keys where !knownKeys.contains(key) {
            throw OperationError("invalid filter '\(key)'", remedy: "Use \(knownKeys.joined(separator: ", "))")
        }
    }

    package func values(of key: String) -> [String] { conditions.filter { $0.key == key }.map(\.value) }

    /// Nil for what is neither.
    package static func truth(_ text: String) -> Bool? {
        switch text {
        case "1", "true": true
        case "0", "false": false
        default: nil
        }
    }

    /// - Throws: when one of the values of `key` is neither true nor false.
    package func checkTruth(of key: String) throws(OperationError) {
        for text in values(of: key) where Self.truth(text) == nil {
            throw OperationError("invalid filter '\(key)=\(text)'", remedy: "Use true or false", kind: .invalid)
        }
    }

    /// Whether `key` was not asked for, or one of its values meets `condition`.
    package func allows(_ key: String, _ condition: (String) -> Bool) -> Bool {
        let values = values(of: key)
        return values.isEmpty || values.contains(where: condition)
    }

    package func allows(labels: [String: String]) -> Bool {
        values(of: "label").allSatisfy { Self.has($0, labels) }
    }

    /// `label` as above; `label!` takes away what has that label.
    package func allows(labelsOrNot labels: [String: String]) -> Bool {
        allows(labels: labels) && !values(of: "label!").contains { Self.has($0, labels) }
    }

    /// - Parameter wanted: `KEY` or `KEY=VALUE`.
    private static func has(_ wanted: String, _ labels: [String: String]) -> Bool {
        let (key, value) = EnvironmentValue.halves(wanted)
        return wanted.contains("=") ? labels[key] == value : labels[key] != nil
    }

    /// Docker matches names by regular expression. Of that, `^` and `$` are understood, with a part of
    /// the name between them; the leading `/` of Docker's names is ignored.
    package static func name(_ name: String, matches pattern: String) -> Bool {
        var part = pattern[...]
        let isStart = part.hasPrefix("^")
        if isStart { part = part.dropFirst() }
        let isEnd = part.hasSuffix("$")
        if isEnd { part = part.dropLast() }
        if part.hasPrefix("/") { part = part.dropFirst() }
        switch (isStart, isEnd) {
        case (true, true): return name == part
        case (true, false): return name.hasPrefix(part)
        case (false, true): return name.hasSuffix(part)
        case (false, false): return contains(name.utf8, part.utf8)
        }
    }

    private static func contains(_ text: String.UTF8View, _ part: Substring.UTF8View) -> Bool {
        if part.isEmpty { return true }
        return text.indices.contains { text[$0...].starts(with: part) }
    }
}
