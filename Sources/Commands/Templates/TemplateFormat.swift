import Core
import Forms
import Glibc

/// Go's fmt.Sprintf over the values of a document.
struct TemplateFormat {
    /// More columns than Go's own limit allows are none.
    private static let greatest = 1_000_000

    private var rest: Substring.UnicodeScalarView
    private let all: ArraySlice<TemplateValue>
    private var values: ArraySlice<TemplateValue>
    /// Values were taken out of their order, so none counts as left over.
    private var isIndexed = false
    private var result = ""

    static func text(_ format: String, _ values: ArraySlice<TemplateValue>) -> String {
        var formatting = TemplateFormat(rest: format.unicodeScalars[...], values: values)
        formatting.run()
        return formatting.result
    }

    private init(rest: Substring.UnicodeScalarView, values: ArraySlice<TemplateValue>) {
        self.rest = rest
        all = values
        self.values = values
    }

    private mutating func run() {
        while let scalar = rest.popFirst() {
            if scalar == "%" { directive() } else { result.unicodeScalars.append(scalar) }
        }
        guard !values.isEmpty, !isIndexed else { return }
        let extra = values.map { "\($0.typeName)=\($0.printed)" }.joined(separator: ", ")
        result += "%!(EXTRA \(extra))"
    }

    private mutating func directive() {
        var verb = TemplateVerb()
        while let flag = rest.first, verb.take(flag: flag) { rest.removeFirst() }
        takeIndex()
        if let width = rest.first == "*" ? takeValue("WIDTH", from: -Self.greatest) : takeDigits() {
            verb.isLeft = verb.isLeft || width < 0
            verb.width = abs(width)
        }
        if rest.first == "." {
            rest.removeFirst()
            takeIndex()
            verb.precision = rest.first == "*" ? takeValue("PREC", from: 0) : takeDigits() ?? 0
        }
        takeIndex()
        guard let letter = rest.popFirst() else {
            result += "%!(NOVERB)"
            return
        }
        verb.letter = letter
        if letter == "%" {
            result += "%"
        } else if let value = values.popFirst() {
            result += verb.text(of: value)
        } else {
            result += "%!\(letter)(MISSING)"
        }
    }

    /// `[2]`: the second value is the next one. One that there is not leaves none.
    private mutating func takeIndex() {
        guard rest.first == "[", let end = rest.firstIndex(of: "]") else { return }
        let digits = String(rest[rest.index(after: rest.startIndex)..<end])
        rest = rest[rest.index(after: end)...]
        isIndexed = true
        let index = Decimal.parse(digits, in: 1...max(1, all.count)) ?? all.count + 1
        values = all.dropFirst(index - 1)
    }

    /// A width or precision that the next value gives.
    private mutating func takeValue(_ name: String, from least: Int) -> Int? {
        rest.removeFirst()
        if let number = values.popFirst()?.json.int, (least...Self.greatest).contains(Int(number)) {
            return Int(number)
        }
        result += "%!(BAD\(name))"
        return nil
    }

    /// As Go does it, one that is too great takes the rest of the format with it.
    private mutating func takeDigits() -> Int? {
        let digits = rest.prefix { ("0"..."9").contains($0) }
        rest = rest.dropFirst(digits.count)
        if digits.isEmpty { return nil }
        let significant = digits.drop { $0 == "0" }
        if significant.isEmpty { return 0 }
        let number = Decimal.parse(String(significant), in: 1...Self.greatest)
        if number == nil { rest = rest[rest.endIndex...] }
        return number
    }
}

/// `%-10.3s`, without its value.
private struct TemplateVerb {
    var letter: Unicode.Scalar = "v"
    var isLeft = false
    private var hasSign = false
    private var hasZeros = false
    private var hasSpace = false
    private var isAlternate = false
    var width = 0
    var precision: Int?

    mutating func take(flag: Unicode.Scalar) -> Bool {
        switch flag {
        case "-": isLeft = true
        case "+": hasSign = true
        case "0": hasZeros = true
        case " ": hasSpace = true
        case "#": isAlternate = true
        default: return false
        }
        return true
    }

    func text(of value: TemplateValue) -> String {
        if letter == "T" { return padded(value.typeName) }
        switch value.json {
        case .bool where letter == "t" || letter == "v": return padded(value.printed)
        case .int(let number): return text(of: number) ?? wrong(value)
        case .double(let number): return text(of: number) ?? wrong(value)
        case .string(let string): return text(of: string) ?? wrong(value)
        case .array(let elements):
            return "[" + elements.map { text(of: TemplateValue($0)) }.joined(separator: " ") + "]"
        case .object(let members):
            let parts = members.sorted { $0.key < $1.key }.map { key, value in
                "\(text(of: .text(key))):\(text(of: TemplateValue(value, absent: DockerTypes.absent(key))))"
            }
            return "map[" + parts.joined(separator: " ") + "]"
        case .null where letter == "v" || !(value.isNilPointer || value.isNone):
            return value.printed.isEmpty ? text(of: "") ?? "" : padded(value.printed)
        default: return wrong(value)
        }
    }

    private func wrong(_ value: TemplateValue) -> String {
        if value.json.isNull { return "%!\(letter)(<nil>)" }
        return "%!\(letter)(\(value.typeName)=\(value.printed))"
    }

    private func text(of number: Int64) -> String? {
        let digits: String
        switch letter {
        case "d", "v": digits = String(number.magnitude)
        case "b": digits = String(number.magnitude, radix: 2)
        case "o": digits = (isAlternate ? "0" : "") + String(number.magnitude, radix: 8)
        case "x": digits = (isAlternate ? "0x" : "") + String(number.magnitude, radix: 16)
        case "X": digits = (isAlternate ? "0X" : "") + String(number.magnitude, radix: 16, uppercase: true)
        case "c", "q":
            let scalar = UInt32(exactly: number).flatMap(Unicode.Scalar.init) ?? "\u{fffd}"
            return padded(letter == "c" ? String(Character(scalar)) : "'\(Character(scalar))'")
        default: return nil
        }
        return signed(digits, isNegative: number < 0, least: precision ?? 0, zeros: hasZeros && precision == nil)
    }

    private func text(of number: Double) -> String? {
        if letter == "v" { return padded(String(number)) }
        guard "eEfFgG".unicodeScalars.contains(letter) else { return nil }
        var buffer = [CChar](repeating: 0, count: 512)
        // No more digits than the longest number and this precision need.
        let digits = min(precision ?? 6, 100)
        let format = precision == nil && (letter == "g" || letter == "G") ? "%\(letter)" : "%.\(digits)\(letter)"
        _ = withVaList([number.magnitude]) { vsnprintf(&buffer, buffer.count, format, $0) }
        let text = String(decoding: buffer.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return signed(text, isNegative: number < 0, least: 0, zeros: hasZeros)
    }

    private func signed(_ digits: String, isNegative: Bool, least: Int, zeros: Bool) -> String {
        let sign = isNegative ? "-" : hasSign ? "+" : hasSpace ? " " : ""
        let wanted = zeros && !isLeft ? max(least, width - sign.utf8.count) : least
        return padded(sign + String(repeating: "0", count: max(0, wanted - digits.utf8.count)) + digits)
    }

    private func text(of string: String) -> String? {
        let scalars = String(string.unicodeScalars.prefix(precision ?? .max))
        switch letter {
        case "s": return padded(scalars)
        case "v": return padded(isAlternate ? HumanText.quoted(scalars) : scalars)
        case "q": return padded(isAlternate && !string.contains("`") ? "`\(scalars)`" : HumanText.quoted(scalars))
        case "x", "X": return padded(hex(string.utf8.prefix(precision ?? .max)))
        default: return nil
        }
    }

    private func hex(_ bytes: Substring.UTF8View) -> String {
        let pairs = bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16, uppercase: letter == "X") }
        let prefix = isAlternate && !pairs.isEmpty ? "0\(letter)" : ""
        return prefix + pairs.joined(separator: hasSpace ? " " : "")
    }

    private func padded(_ text: String) -> String {
        let spaces = String(repeating: " ", count: max(0, width - text.unicodeScalars.count))
        return isLeft ? text + spaces : spaces + text
    }
}
