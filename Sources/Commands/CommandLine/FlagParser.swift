/// Why a command line cannot be read.
package enum FlagError: Error, Equatable {
    case unknownLong(written: String, name: String)
    case unknownLetter(Character, word: String)
    case missingValue(String)
}

/// What a command line says, before any value is looked at.
package struct ParsedWords: Equatable {
    package struct Occurrence: Equatable {
        /// Place in the table of flags.
        package let flag: Int
        package let value: String
    }
    package var occurrences: [Occurrence] = []
    package var operands: [String] = []
    package var asksForHelp = false
    package var asksForJSON = false
}

/// Tells flags from operands.
///
/// `--name VALUE` and `--name=VALUE` are read as everywhere. A word with one dash is, in this order: a long
/// name (`-net`, `-name=x`), a letter, a bundle of letters of which the last may have a value (`-itd`,
/// `-p80:80`, `-dp 80:80`).
package struct FlagParser {
    private let flags: [FlagSpecification]
    /// The first operand ends the flags, because what follows is another program's command line.
    private let stopsAtOperand: Bool
    private var rest: ArraySlice<String>
    private var parsed = ParsedWords()

    /// - Parameter parsed: what was read, also when it goes no further.
    package static func parse(
        _ words: ArraySlice<String>, flags: [FlagSpecification], stopsAtOperand: Bool, into parsed: inout ParsedWords
    ) throws(FlagError) {
        var parser = FlagParser(flags: flags, stopsAtOperand: stopsAtOperand, rest: words)
        defer { parsed = parser.parsed }
        while let word = parser.rest.popFirst() {
            if word == "--" {
                parser.takeOperands()
            } else if word.utf8.count < 2 || !word.hasPrefix("-") {
                parser.parsed.operands.append(word)
                if stopsAtOperand { parser.takeOperands() }
            } else {
                try parser.flag(word)
            }
            if parser.parsed.asksForHelp { break }
        }
    }

    private init(flags: [FlagSpecification], stopsAtOperand: Bool, rest: ArraySlice<String>) {
        self.flags = flags
        self.stopsAtOperand = stopsAtOperand
        self.rest = rest
    }

    private mutating func takeOperands() {
        parsed.operands += rest
        rest = []
    }

    private mutating func flag(_ word: String) throws(FlagError) {
        let hasTwoDashes = word.hasPrefix("--")
        let body = word.dropFirst(hasTwoDashes ? 2 : 1)
        let equals = body.utf8.firstIndex(of: UInt8(ascii: "="))
        let name = String(body[..<(equals ?? body.endIndex)])
        let value = equals.map { String(body[body.utf8.index(after: $0)...]) }
        if hasTwoDashes || name.utf8.count > 1, let index = flags.firstIndex(where: { $0.isNamed(name) }) {
            try long(index, written: hasTwoDashes ? "--\(name)" : "-\(name)", value: value)
        } else if name == "help" {
            parsed.asksForHelp = true
        } else if name == "json", let isOn = Boolean.read(value ?? "true") {
            parsed.asksForJSON = isOn
        } else if hasTwoDashes {
            throw .unknownLong(written: "--\(name)", name: name)
        } else {
            try letters(body, of: word)
        }
    }

    private mutating func long(_ index: Int, written: String, value: String?) throws(FlagError) {
        guard flags[index].takesValue else { return note(index, value ?? "true") }
        guard let value = value ?? rest.popFirst() else { throw .missingValue(written) }
        note(index, value)
    }

    private mutating func letters(_ body: Substring, of word: String) throws(FlagError) {
        var body = body
        while let letter = body.popFirst() {
            guard let index = flags.firstIndex(where: { $0.letter == letter }) else {
                parsed.asksForHelp = letter == "h"
                if parsed.asksForHelp { return }
                throw .unknownLetter(letter, word: word)
            }
            let hasEquals = body.first == "="
            if flags[index].takesValue || hasEquals {
                let attached = String(hasEquals ? body.dropFirst() : body)
                guard let value = hasEquals || !attached.isEmpty ? attached : rest.popFirst() else {
                    throw .missingValue("'\(letter)' in \(word)")
                }
                return note(index, value)
            }
            note(index, "true")
        }
    }

    private mutating func note(_ flag: Int, _ value: String) {
        parsed.occurrences.append(ParsedWords.Occurrence(flag: flag, value: value))
    }
}
