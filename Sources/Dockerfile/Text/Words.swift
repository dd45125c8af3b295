import Core

/// Words with spaces between them, as instructions have them. Quotes keep spaces together.
enum Words {
    /// The words as they were written, quotes and all.
    static func split(_ bytes: ArraySlice<UInt8>, escape: UInt8) -> [[UInt8]] {
        var words: [[UInt8]] = []
        var word: [UInt8] = []
        var quote: UInt8?
        var index = bytes.startIndex
        while index < bytes.endIndex {
            let byte = bytes[index]
            index += 1
            if quote == nil, byte.isBlank {
                if !word.isEmpty { words.append(word) }
                word = []
                continue
            }
            if byte == escape, quote != .singleQuote {
                // One at the very end means nothing.
                guard index < bytes.endIndex else { break }
                word += [byte, bytes[index]]
                index += 1
                continue
            }
            if byte == quote { quote = nil } else if quote == nil, byte.isQuote { quote = byte }
            word.append(byte)
        }
        return word.isEmpty ? words : words + [word]
    }

    /// What is between spaces, whatever quotes are there.
    static func plain(_ bytes: ArraySlice<UInt8>) -> [String] { bytes.split(whereSeparator: \.isBlank).map(\.text) }

    /// Takes the flags in front, `--name=value`, without their quotes. A `--` alone ends them.
    static func takeFlags(_ bytes: inout ArraySlice<UInt8>) -> [String] {
        var flags: [String] = []
        while true {
            var rest = bytes.drop(while: \.isBlank)
            guard rest.starts(with: "--".utf8) else { break }
            let flag = takeUnquoted(&rest)
            bytes = rest
            if flag == "--" { break }
            flags.append(flag)
        }
        bytes = bytes.drop(while: \.isBlank)
        return flags
    }

    private static func takeUnquoted(_ rest: inout ArraySlice<UInt8>) -> String {
        var word: [UInt8] = []
        var quote: UInt8?
        while let byte = rest.first, quote != nil || !byte.isBlank {
            rest = rest.dropFirst()
            if byte == quote {
                quote = nil
            } else if quote == nil, byte.isQuote {
                quote = byte
            } else if byte == .backslash, let next = rest.first {
                word.append(next)
                rest = rest.dropFirst()
            } else {
                word.append(byte)
            }
        }
        return word.text
    }
}
