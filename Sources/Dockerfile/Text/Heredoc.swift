import Core

/// A document that stands behind its instruction: `<<NAME`, up to a line with that name.
package struct Heredoc: Equatable, Sendable {
    package let name: String
    /// `<<-`: tabs at the beginning of its lines, and of the one that ends it, do not count.
    package let dropsTabs: Bool
    /// Its name is not in quotes: variables in it have their values.
    package let expands: Bool
    /// As it was written.
    package var written = ""

    package var content: String {
        guard dropsTabs else { return written }
        var isLineStart = true
        return written.kernelBytes.filter { byte in
            let isDropped = isLineStart && byte == UInt8(ascii: "\t")
            isLineStart = byte == .newline || isDropped
            return !isDropped
        }.text
    }

    /// Nil when a word is none.
    init?(word: ArraySlice<UInt8>, escape: UInt8) {
        var rest = word.drop { $0.isDigit }
        let marker = [UInt8](repeating: UInt8(ascii: "<"), count: 2)
        guard rest.starts(with: marker) else { return nil }
        rest = rest.dropFirst(2)
        dropsTabs = rest.first == UInt8(ascii: "-")
        if dropsTabs { rest = rest.dropFirst() }
        guard !rest.isEmpty, !rest.contains(UInt8(ascii: "<")), !rest.contains(where: \.isBlank),
            let name = try? Expander(escape: escape, keepsUnset: true, { _ in nil }).word(rest.text), !name.isEmpty
        else { return nil }
        self.name = name
        expands = name == rest.text
    }

    /// Those of a line, in its order.
    static func all(in line: ArraySlice<UInt8>, escape: UInt8) -> [Heredoc] {
        Words.split(line, escape: escape).compactMap { Heredoc(word: $0[...], escape: escape) }
    }
}
