import Core

/// A stretch of a template: text, or what stands between `{{` and `}}`.
enum TemplateSegment {
    case text(String)
    case action([TemplateToken])

    /// In text, `\t` and `\n` stand for a tab and a newline, because shells make those hard to write.
    static func split(_ template: String) throws(OperationError) -> [TemplateSegment] {
        var segments: [TemplateSegment] = []
        var rest = template.unicodeScalars[...]
        var trimsNext = false
        while !rest.isEmpty {
            var text = takeText(&rest)
            if trimsNext { text = text.drop { $0.properties.isWhitespace } }
            guard !rest.isEmpty else {
                segments.append(.text(unescaped(text)))
                break
            }
            let (tokens, trimsBefore, trimsAfter) = try takeAction(&rest)
            while trimsBefore, text.last?.properties.isWhitespace ?? false { text.removeLast() }
            trimsNext = trimsAfter
            if !text.isEmpty { segments.append(.text(unescaped(text))) }
            if let tokens { segments.append(.action(tokens)) }
        }
        return segments
    }

    private typealias Scalars = Substring.UnicodeScalarView

    /// What stands before the next `{{`.
    private static func takeText(_ rest: inout Scalars) -> Scalars {
        var end = rest.startIndex
        while end < rest.endIndex, !rest[end...].starts(with: "{{".unicodeScalars) { end = rest.index(after: end) }
        let text = rest[..<end]
        rest = rest[end...]
        return text
    }

    /// The tokens are nil for a comment.
    private static func takeAction(
        _ rest: inout Scalars
    ) throws(OperationError) -> (tokens: [TemplateToken]?, trimsBefore: Bool, trimsAfter: Bool) {
        rest = rest.dropFirst(2)
        let trimsBefore = rest.first == "-" && (rest.dropFirst().first?.properties.isWhitespace ?? false)
        if trimsBefore { rest = rest.dropFirst() }
        var lexer = TemplateLexer(rest: rest)
        let tokens = lexer.skipComment() ? nil : try lexer.tokens()
        let trimsAfter = try lexer.takeEnd()
        rest = lexer.rest
        return (tokens, trimsBefore, trimsAfter)
    }

    private static func unescaped(_ text: Scalars) -> String {
        var result = String.UnicodeScalarView()
        var rest = text
        while let scalar = rest.popFirst() {
            switch (scalar, rest.first) {
            case ("\\", "t"): result.append("\t")
            case ("\\", "n"): result.append("\n")
            default:
                result.append(scalar)
                continue
            }
            rest.removeFirst()
        }
        return String(result)
    }
}

struct TemplateToken: Equatable {
    enum Kind: Equatable {
        case word(String)
        case dot
        case field(String)
        case variable(String)
        case literal(JSON)
        case symbol(String)
    }
    let kind: Kind
    /// No space before it: `.A.B` is one operand, `.A .B` are two.
    let isAttached: Bool
}

/// Reads the inside of an action.
struct TemplateLexer {
    private(set) var rest: Substring.UnicodeScalarView

    init(rest: Substring.UnicodeScalarView) { self.rest = rest }

    mutating func skipComment() -> Bool {
        let inside = rest.drop { $0.properties.isWhitespace }
        guard inside.starts(with: "/*".unicodeScalars) else { return false }
        rest = inside.dropFirst(2)
        while !rest.isEmpty, !rest.starts(with: "*/".unicodeScalars) { rest.removeFirst() }
        rest = rest.dropFirst(2)
        return true
    }

    /// - Returns: whether the space behind the action goes.
    mutating func takeEnd() throws(OperationError) -> Bool {
        rest = rest.drop { $0.properties.isWhitespace }
        let trims = rest.first == "-"
        if trims { rest.removeFirst() }
        guard rest.starts(with: "}}".unicodeScalars) else { throw .template("unclosed action") }
        rest = rest.dropFirst(2)
        return trims
    }

    mutating func tokens() throws(OperationError) -> [TemplateToken] {
        var tokens: [TemplateToken] = []
        while true {
            let hadSpace = rest.first?.properties.isWhitespace ?? false
            rest = rest.drop { $0.properties.isWhitespace }
            if rest.starts(with: "}}".unicodeScalars) || rest.starts(with: "-}}".unicodeScalars) { return tokens }
            guard let first = rest.first else { throw .template("unclosed action") }
            tokens.append(TemplateToken(kind: try token(first), isAttached: !hadSpace && !tokens.isEmpty))
        }
    }

    private mutating func token(_ first: Unicode.Scalar) throws(OperationError) -> TemplateToken.Kind {
        switch first {
        case ".": return field()
        case "$":
            rest.removeFirst()
            return .variable(takeName())
        case "\"": return .literal(.string(try quoted()))
        case "`": return .literal(.string(try raw()))
        case "(", ")", "|", ",", "=": return .symbol(String(rest.removeFirst()))
        case ":" where rest.dropFirst().first == "=":
            rest = rest.dropFirst(2)
            return .symbol(":=")
        case "0"..."9", "-", "+": return .literal(try number())
        default:
            let name = takeName()
            guard !name.isEmpty else { throw .template("unexpected \(JSON.quoted(String(first))) in command") }
            return .word(name)
        }
    }

    private mutating func field() -> TemplateToken.Kind {
        rest.removeFirst()
        let name = takeName()
        return name.isEmpty ? .dot : .field(name)
    }

    private mutating func takeName() -> String {
        let name = rest.prefix { $0 == "_" || $0.properties.isAlphabetic || ("0"..."9").contains($0) }
        rest = rest.dropFirst(name.count)
        return String(name)
    }

    private mutating func number() throws(OperationError) -> JSON {
        let digits = rest.prefix { $0 == "." || $0 == "-" || $0 == "+" || ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        if let integer = Int64(String(digits)) { return .int(integer) }
        guard let number = Double(String(digits)) else {
            throw .template("bad number syntax: \(JSON.quoted(String(digits)))")
        }
        return .double(number)
    }

    private mutating func raw() throws(OperationError) -> String {
        let text = rest.dropFirst().prefix { $0 != "`" }
        rest = rest.dropFirst(text.count + 1)
        guard rest.popFirst() == "`" else { throw .template("unterminated raw quoted string") }
        return String(text)
    }

    private mutating func quoted() throws(OperationError) -> String {
        var text = String.UnicodeScalarView()
        rest.removeFirst()
        while let scalar = rest.popFirst() {
            if scalar == "\"" { return String(text) }
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "\"": text.append("\"")
            case "\\": text.append("\\")
            default: throw .template("invalid escape in a quoted string")
            }
        }
        throw .template("unterminated quoted string")
    }
}
