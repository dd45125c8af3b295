import Core

/// Gives words of instructions the values of variables, as BuildKit does: quotes and escapes go, `$NAME` and `${NAME…}` become
/// values.
struct Expander {
    /// No more bytes come of one word: `ENV A=$A$A` in a row would fill the memory.
    static let longest = 10 << 20

    let escape: UInt8
    /// What has no value stays as it was written.
    var keepsUnset = false
    let value: (String) -> String?

    init(escape: UInt8, keepsUnset: Bool = false, _ value: @escaping (String) -> String?) {
        self.escape = escape
        self.keepsUnset = keepsUnset
        self.value = value
    }

    /// As one word, spaces and all.
    func word(_ text: String) throws(DockerfileError) -> String {
        var scanner = ExpansionScanner(self, text.kernelBytes)
        return try scanner.take(until: nil, depth: 0).bytes.text
    }

    /// As words: spaces separate them, in values, too, but not in quotes.
    func words(_ text: String) throws(DockerfileError) -> [String] {
        var scanner = ExpansionScanner(self, text.kernelBytes)
        return try scanner.take(until: nil, depth: 0).words
    }

    /// Of a document: quotes stay as they are.
    func document(_ text: String) throws(DockerfileError) -> String {
        var scanner = ExpansionScanner(self, text.kernelBytes, keepsQuotes: true)
        return try scanner.take(until: nil, depth: 0).bytes.text
    }
}

/// What a word has become so far.
struct ExpandedText {
    private(set) var bytes: [UInt8] = []
    /// Where unquoted spaces are in it.
    private var spaces: [Int] = []
    /// Where an empty word is all the same: quotes with nothing between them.
    private var quotes: Set<Int> = []

    mutating func append(_ more: some Collection<UInt8>, isQuoted: Bool) throws(DockerfileError) {
        guard bytes.count + more.count <= Expander.longest else { throw DockerfileError("a value is too long") }
        if !isQuoted {
            for (offset, byte) in more.enumerated() where byte.isBlank { spaces.append(bytes.count + offset) }
        }
        bytes += more
    }

    mutating func markQuotes() { quotes.insert(bytes.count) }

    var words: [String] {
        var words: [String] = []
        var start = 0
        for end in spaces + [bytes.count] {
            let word = bytes[start..<end]
            if !word.isEmpty || quotes.contains(start) { words.append(word.text) }
            start = end + 1
        }
        return words
    }
}
