import Core

/// The parser directives at the beginning of a Dockerfile, `# key=value`.
package struct Directives: Equatable, Sendable {
    /// What continues a line and takes the meaning of the next character.
    package var escape = UInt8(ascii: "\\")
    /// The frontend that the file was written for. There is one here, which reads all of the language.
    package var syntax: String?
    /// Settings of checks.
    package var check: String?

    package init() {}

    /// - Returns: false when the line is no directive, which ends the search for them.
    mutating func take(_ line: ArraySlice<UInt8>) throws(DockerfileError) -> Bool {
        let line = line.trimmed
        guard line.first == .hash, let equals = line.firstIndex(of: .equals) else { return false }
        let value = line[(equals + 1)...].trimmed.text
        guard !value.isEmpty else { return false }
        switch line[(line.startIndex + 1)..<equals].trimmed.text.lowercased() {
        case "escape" where isGiven.insert("escape").inserted: try takeEscape(value)
        case "syntax" where isGiven.insert("syntax").inserted: syntax = value
        case "check" where isGiven.insert("check").inserted: check = value
        case let key where isGiven.contains(key):
            throw DockerfileError("only one \(key) parser directive can be used")
        default: return false
        }
        return true
    }

    private var isGiven: Set<String> = []

    private mutating func takeEscape(_ value: String) throws(DockerfileError) {
        guard value == "\\" || value == "`", let escape = value.utf8.first else {
            throw DockerfileError("invalid escape token '\(value)' does not match ` or \\")
        }
        self.escape = escape
    }
}
