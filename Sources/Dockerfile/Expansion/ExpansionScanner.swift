import Core

/// Reads one word from its beginning to its end.
struct ExpansionScanner {
    /// `${a:-${b:-…}}`: nobody writes more levels than that.
    private static let deepest = 64

    let expander: Expander
    private let bytes: [UInt8]
    private let keepsQuotes: Bool
    private var position = 0

    init(_ expander: Expander, _ bytes: [UInt8], keepsQuotes: Bool = false) {
        self.expander = expander
        self.bytes = bytes
        self.keepsQuotes = keepsQuotes
    }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func advance() -> UInt8? {
        guard let byte = next else { return nil }
        position += 1
        return byte
    }

    /// - Parameters:
    ///   - stop: ends it and is taken, too; nil is the end of the text.
    ///   - keepsEscapes: for a pattern, which has escapes of its own.
    mutating func take(
        until stop: UInt8?, depth: Int, keepsEscapes: Bool = false
    ) throws(DockerfileError) -> ExpandedText {
        guard depth <= Self.deepest else { throw DockerfileError("syntax error: variables are nested too deeply") }
        var text = ExpandedText()
        while let byte = advance() {
            if byte == stop { return text }
            switch byte {
            case .singleQuote where !keepsQuotes: try takeSingleQuoted(into: &text)
            case .doubleQuote where !keepsQuotes: try takeDoubleQuoted(into: &text, depth)
            case .dollar: try text.append(takeVariable(depth), isQuoted: false)
            case expander.escape: try takeEscaped(into: &text, keepsEscapes)
            default: try text.append(CollectionOfOne(byte), isQuoted: false)
            }
        }
        if let stop {
            throw DockerfileError("syntax error: missing '\(Character(Unicode.Scalar(stop)))'")
        }
        return text
    }

    private mutating func takeEscaped(into text: inout ExpandedText, _ keepsEscapes: Bool) throws(DockerfileError) {
        guard let byte = advance() else { return }
        // In a document only a variable can be escaped, and the escape itself.
        let isPlain = keepsQuotes && byte != .dollar && byte != expander.escape
        if keepsEscapes || isPlain { try text.append(CollectionOfOne(expander.escape), isQuoted: true) }
        try text.append(CollectionOfOne(byte), isQuoted: true)
    }

    private mutating func takeSingleQuoted(into text: inout ExpandedText) throws(DockerfileError) {
        guard let end = bytes[position...].firstIndex(of: .singleQuote) else {
            throw DockerfileError("unexpected end of statement while looking for matching single-quote")
        }
        text.markQuotes()
        try text.append(bytes[position..<end], isQuoted: true)
        position = end + 1
    }

    private mutating func takeDoubleQuoted(into text: inout ExpandedText, _ depth: Int) throws(DockerfileError) {
        text.markQuotes()
        while let byte = advance() {
            switch byte {
            case .doubleQuote: return
            case .dollar: try text.append(takeVariable(depth), isQuoted: true)
            case expander.escape:
                guard let escaped = advance() else { break }
                let isSpecial = escaped == .doubleQuote || escaped == .dollar || escaped == expander.escape
                try text.append(isSpecial ? [escaped] : [byte, escaped], isQuoted: true)
            default: try text.append(CollectionOfOne(byte), isQuoted: true)
            }
        }
        throw DockerfileError("unexpected end of statement while looking for matching double-quote")
    }
}

// MARK: - Variables

extension ExpansionScanner {
    /// What stands behind a dollar sign, as its value.
    private mutating func takeVariable(_ depth: Int) throws(DockerfileError) -> [UInt8] {
        let start = position - 1
        guard next == UInt8(ascii: "{") else {
            guard let name = takeName() else { return [.dollar] }
            return expander.value(name)?.kernelBytes ?? (expander.keepsUnset ? Array(bytes[start..<position]) : [])
        }
        position += 1
        guard next != nil else { throw DockerfileError("syntax error: missing '}'") }
        guard let name = takeName(), let operation = advance() else {
            throw DockerfileError(next == nil ? "syntax error: missing '}'" : "syntax error: bad substitution")
        }
        let value = expander.value(name)?.kernelBytes
        if operation == UInt8(ascii: "}") {
            return value ?? (expander.keepsUnset ? Array(bytes[start..<position]) : [])
        }
        return try substitute(name, value, operation, depth) ?? Array(bytes[start..<position])
    }

    /// A name; or a digit or a sign, which have no values here.
    private mutating func takeName() -> String? {
        guard let first = next else { return nil }
        if first.isDigit || "@*#?-$!".utf8.contains(first) {
            let end = first.isDigit ? bytes[position...].firstIndex { !$0.isDigit } ?? bytes.count : position + 1
            defer { position = end }
            return bytes[position..<end].text
        }
        let end = bytes[position...].firstIndex { !$0.isNameByte } ?? bytes.count
        defer { position = end }
        return end > position ? bytes[position..<end].text : nil
    }

    /// - Returns: nil when it stays as it was written.
    private mutating func substitute(
        _ name: String, _ value: [UInt8]?, _ operation: UInt8, _ depth: Int
    ) throws(DockerfileError) -> [UInt8]? {
        switch operation {
        case UInt8(ascii: ":"):
            guard let modifier = advance() else { throw DockerfileError("syntax error: missing '}'") }
            return try settle(name, value, modifier, countsEmpty: true, depth)
        case UInt8(ascii: "-"), UInt8(ascii: "+"), UInt8(ascii: "?"):
            return try settle(name, value, operation, countsEmpty: false, depth)
        case UInt8(ascii: "#"), UInt8(ascii: "%"): return try cut(value, operation, depth)
        case UInt8(ascii: "/"): return try replace(value, depth)
        default: throw unsupported(operation)
        }
    }

    private func unsupported(_ modifier: UInt8) -> DockerfileError {
        DockerfileError("unsupported modifier (\(CollectionOfOne(modifier).text)) in substitution")
    }

    /// `-`, `+` and `?`, with a colon in front or without.
    private mutating func settle(
        _ name: String, _ value: [UInt8]?, _ modifier: UInt8, countsEmpty: Bool, _ depth: Int
    ) throws(DockerfileError) -> [UInt8]? {
        guard "-+?".utf8.contains(modifier) else { throw unsupported(modifier) }
        let word = try take(until: UInt8(ascii: "}"), depth: depth + 1).bytes
        let isSet = value.map { !$0.isEmpty || !countsEmpty } ?? false
        switch modifier {
        case UInt8(ascii: "-"): return isSet ? value : expander.keepsUnset && value == nil ? nil : word
        case UInt8(ascii: "+"): return isSet ? word : []
        default:
            if let value, isSet { return value }
            let usual = "not allowed to be \(value == nil ? "unset" : "empty")"
            throw DockerfileError("\(name): \(word.isEmpty ? usual : word.text)")
        }
    }

    /// `#`, `##`, `%` and `%%`: what the pattern matches at the beginning or the end goes.
    private mutating func cut(_ value: [UInt8]?, _ operation: UInt8, _ depth: Int) throws(DockerfileError) -> [UInt8]? {
        let takesLongest = next == operation
        if takesLongest { position += 1 }
        let pattern = try take(until: UInt8(ascii: "}"), depth: depth + 1, keepsEscapes: true).bytes
        guard let value else { return expander.keepsUnset ? nil : [] }
        let glob = try ShellPattern(pattern, escape: expander.escape)
        let scalars = Array(value.text.unicodeScalars)
        if operation == UInt8(ascii: "#") {
            let length = glob.prefix(of: scalars[...], longest: takesLongest) ?? 0
            return String(scalars[length...]).kernelBytes
        }
        let length = glob.reversed.prefix(of: scalars.reversed()[...], longest: takesLongest) ?? 0
        return String(scalars[..<(scalars.count - length)]).kernelBytes
    }

    /// `/PATTERN/WORD` for the first one that the pattern matches, `//PATTERN/WORD` for all.
    private mutating func replace(_ value: [UInt8]?, _ depth: Int) throws(DockerfileError) -> [UInt8]? {
        let replacesAll = next == .slash
        if replacesAll { position += 1 }
        let pattern = try take(until: .slash, depth: depth + 1, keepsEscapes: true).bytes
        let replacement = try take(until: UInt8(ascii: "}"), depth: depth + 1).bytes
        guard let value else { return expander.keepsUnset ? nil : [] }
        let glob = try ShellPattern(pattern, escape: expander.escape)
        return try glob.replacing(
            in: Array(value.text.unicodeScalars), with: Array(replacement.text.unicodeScalars), all: replacesAll
        ).kernelBytes
    }
}

extension String {
    init(_ scalars: some Sequence<Unicode.Scalar>) {
        var view = String.UnicodeScalarView()
        view.append(contentsOf: scalars)
        self.init(view)
    }
}
