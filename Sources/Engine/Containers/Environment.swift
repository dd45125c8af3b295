/// `KEY=VALUE` entries, each key once, in the order in which they first came.
struct Environment {
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    private(set) var entries: [String] = []

    mutating func set(_ entry: String) {
        if let index = entries.firstIndex(where: { Self.key($0).elementsEqual(Self.key(entry)) }) {
            entries[index] = entry
        } else {
            entries.append(entry)
        }
    }

    mutating func setDefault(_ key: String, _ value: String) {
        if Self.value(key, in: entries) == nil { entries.append("\(key)=\(value)") }
    }

    static func value(_ key: String, in entries: [String]) -> String? {
        entries.last { self.key($0).elementsEqual(key.utf8) }.map {
            String($0[$0.utf8.index($0.startIndex, offsetBy: key.utf8.count + 1)...])
        }
    }

    /// By bytes: what is behind the `=` may be an accent.
    private static func key(_ entry: String) -> Substring.UTF8View { entry.utf8.prefix { $0 != UInt8(ascii: "=") } }
}
