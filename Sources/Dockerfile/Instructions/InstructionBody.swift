import Core

/// What stands behind an instruction's word.
struct InstructionBody {
    let flags: [String]
    let rest: ArraySlice<UInt8>
    let heredocs: [Heredoc]
    let escape: UInt8

    init(_ bytes: ArraySlice<UInt8>, _ heredocs: [Heredoc], escape: UInt8) {
        var rest = bytes
        flags = Words.takeFlags(&rest)
        self.rest = rest.trimmed
        self.heredocs = heredocs
        self.escape = escape
    }

    var text: String { rest.text }
    /// With their quotes.
    var rawWords: [String] { Words.split(rest, escape: escape).map(\.text) }
    var plainWords: [String] { Words.plain(rest) }

    /// An array of JSON, all of whose elements are text; nil when it is none.
    var jsonWords: [String]? {
        guard rest.first == UInt8(ascii: "["), let json = try? JSON(parsing: Array(rest)) else { return nil }
        return json.strings
    }

    func invocation() throws(DockerfileError) -> Invocation {
        if let words = try jsonArray() { return .words(words) }
        return .line(text)
    }

    /// An array with something else than text in it is a mistake, not a line for the shell.
    private func jsonArray() throws(DockerfileError) -> [String]? {
        guard rest.first == UInt8(ascii: "["), let json = try? JSON(parsing: Array(rest)) else { return nil }
        guard let words = json.strings else {
            throw DockerfileError("when using JSON array syntax, arrays must be comprised of strings only")
        }
        return words
    }

    /// `NAME=VALUE …`, or the old form `NAME VALUE`, whose value is the rest of the line. Values keep their quotes.
    func settings(_ keyword: String) throws(DockerfileError) -> [Setting] {
        let words = rawWords
        guard let first = words.first else { throw DockerfileError("\(keyword) requires at least one argument") }
        guard first.contains("=") else {
            let value = rest.drop { !$0.isBlank }.drop(while: \.isBlank)
            guard !value.isEmpty else { throw DockerfileError("\(keyword) must have two arguments") }
            return [Setting(name: first, value: value.text)]
        }
        var settings: [Setting] = []
        for word in words {
            guard let equals = word.utf8.firstIndex(of: .equals) else {
                throw DockerfileError(
                    "Syntax error - can't find = in \"\(word)\". Must be of the form: name=value")
            }
            let name = String(word[..<equals])
            guard !name.isEmpty else { throw DockerfileError("\(keyword) names can not be blank") }
            settings.append(Setting(name: name, value: String(word[equals...].utf8.dropFirst()) ?? ""))
        }
        return settings
    }

    func one(_ keyword: String) throws(DockerfileError) -> String {
        guard !rest.isEmpty else { throw DockerfileError("\(keyword) requires exactly one argument") }
        return text
    }

    func withoutFlags() throws(DockerfileError) -> InstructionBody {
        try Flags(flags).finish()
        return self
    }
}
