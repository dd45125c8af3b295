import Core

extension UInt8 {
    static let newline = UInt8(ascii: "\n")
    static let hash = UInt8(ascii: "#")
    static let equals = UInt8(ascii: "=")
    static let backslash = UInt8(ascii: "\\")
    static let slash = UInt8(ascii: "/")
    static let dollar = UInt8(ascii: "$")
    static let singleQuote = UInt8(ascii: "'")
    static let doubleQuote = UInt8(ascii: "\"")

    /// White space of ASCII: what separates words.
    var isBlank: Bool { self == 0x20 || (0x09...0x0d).contains(self) }
    var isQuote: Bool { self == .singleQuote || self == .doubleQuote }
    var isNameByte: Bool { isDigit || isASCIILetter || self == UInt8(ascii: "_") }
}

extension Collection<UInt8> {
    var text: String { String(kernel: self) }
}

extension BidirectionalCollection<UInt8> where SubSequence: BidirectionalCollection<UInt8> {
    var trimmed: SubSequence {
        var rest = drop(while: \.isBlank)
        while rest.last?.isBlank == true { rest = rest.dropLast() }
        return rest
    }
}
