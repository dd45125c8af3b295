import Core

/// The flags of one instruction, each asked for by its name.
struct Flags {
    private var given: [(name: String, value: String?)] = []
    private var known: [String] = []

    init(_ words: [String]) throws(DockerfileError) {
        for word in words {
            let parts = word.dropFirst(2).split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            given.append((String(parts[0]), parts.count > 1 ? String(parts[1]) : nil))
        }
    }

    mutating func isGiven(_ name: String) throws(DockerfileError) -> Bool {
        known.append(name)
        return given.contains { $0.name == name }
    }

    /// Nil when it is not there.
    mutating func value(_ name: String) throws(DockerfileError) -> String? {
        let values = try values(name)
        guard values.count < 2 else { throw DockerfileError("duplicate flag specified: \(name)") }
        return values.first
    }

    mutating func values(_ name: String) throws(DockerfileError) -> [String] {
        known.append(name)
        var values: [String] = []
        for flag in given where flag.name == name {
            guard let value = flag.value else { throw DockerfileError("missing a value on flag: \(name)") }
            values.append(value)
        }
        return values
    }

    mutating func isOn(_ name: String) throws(DockerfileError) -> Bool {
        known.append(name)
        let found = given.filter { $0.name == name }
        guard found.count < 2 else { throw DockerfileError("duplicate flag specified: \(name)") }
        guard let flag = found.first else { return false }
        return try Self.bool(flag.value ?? "", name, whenMissing: true)
    }

    /// - Throws: when there is one that nobody has asked for.
    func finish() throws(DockerfileError) {
        if let flag = given.first(where: { !known.contains($0.name) }) {
            throw DockerfileError("unknown flag: --\(flag.name)")
        }
    }

    static func bool(_ text: String, _ name: String, whenMissing usual: Bool) throws(DockerfileError) -> Bool {
        switch text.lowercased() {
        case "": return usual
        case "true", "1", "t": return true
        case "false", "0", "f": return false
        default: throw DockerfileError("expecting boolean value for flag \(name), not: \(text)")
        }
    }
}
