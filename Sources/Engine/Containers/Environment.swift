/// `KEY=VALUE` entries, each key once, in the order in which they first came.
struct Environment {
    static let defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
    private(set) var entries: [String] = []
    /// Of each key among them: an image may have thousands.
    private var places: [[UInt8]: Int] = [:]

    /// - Parameter entries: a later one replaces an earlier one of its key.
    init(_ entries: [String] = []) { for entry in entries { set(entry) } }

    mutating func set(_ entry: String) {
        let key = Array(Self.key(entry))
        if let place = places[key] {
            entries[place] = entry
        } else {
            places[key] = entries.count
            entries.append(entry)
        }
    }

    mutating func setDefault(_ key: String, _ value: String) {
        if places[Array(key.utf8)] == nil { set("\(key)=\(value)") }
    }

    static func value(_ key: String, in entries: [String]) -> String? {
        entries.last { self.key($0).elementsEqual(key.utf8) }.map {
            // An image may have words without a `=`.
            String($0.utf8.dropFirst(key.utf8.count + 1)) ?? ""
        }
    }

    /// By bytes: what is behind the `=` may be an accent.
    private static func key(_ entry: String) -> Substring.UTF8View { entry.utf8.prefix { $0 != UInt8(ascii: "=") } }
}
