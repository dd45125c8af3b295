/// A command of another program that a person could type: the program and its arguments, each of them one word.
package struct ShellCommand: Hashable, Sendable {
    package let words: [String]

    package init(_ words: [String]) { self.words = words }
    /// - Parameter line: words with spaces between them, and behind it some that may have spaces in them.
    package init(_ line: String, _ further: String...) {
        words = line.split(separator: " ").map(String.init) + further
    }
}

extension ShellCommand: CustomStringConvertible {
    /// A line for sh(1): words with anything in them that it might take for something else are in quotes.
    package var description: String { words.map(Self.quoted).joined(separator: " ") }

    private static func quoted(_ word: String) -> String {
        let isPlain = word.utf8.allSatisfy { $0.isDigit || $0.isASCIILetter || "_@%+=:,./-".utf8.contains($0) }
        // As a word of its own behind the first one `!` has no meaning, to sh(1) or to history.
        if isPlain && !word.isEmpty || word == "!" { return word }
        let pieces = word.split(separator: "'", omittingEmptySubsequences: false).map(String.init)
        return "'" + pieces.joined(separator: "'\\''") + "'"
    }
}
