import Core

/// Why a text is not TOML, or has more of it than is read here.
package struct TOMLError: Error, Equatable, CustomStringConvertible {
    package let line: Int
    package let reason: String
    package var description: String { "line \(line): \(reason)" }
}

/// The part of TOML 1.0 that `registries.conf` is written in, as JSON: tables, arrays of tables, strings of one line, numbers,
/// truth values, arrays. Everything else is an error: dates, dotted keys, inline tables, texts of several lines.
package enum TOMLReader {
    package static func parse(_ bytes: [UInt8]) throws(TOMLError) -> JSON {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw TOMLError(line: 1, reason: "it is not UTF-8")
        }
        var parser = TOMLParser(Array(text.utf8))
        return try parser.document()
    }
}

/// Tables while they grow: a JSON object cannot be changed in place.
private final class TOMLTable {
    var members: [(key: String, value: TOMLValue)] = []
    subscript(key: String) -> TOMLValue? { members.first { $0.key == key }?.value }

    var json: JSON { .object(members.map { ($0.key, $0.value.json) }) }
}

private enum TOMLValue {
    case plain(JSON)
    case table(TOMLTable)
    case tables(TOMLTableList)

    var json: JSON {
        switch self {
        case .plain(let json): json
        case .table(let table): table.json
        case .tables(let list): .array(list.elements.map(\.json))
        }
    }
}

private final class TOMLTableList {
    var elements: [TOMLTable] = []
}

private struct TOMLParser {
    private let bytes: [UInt8]
    private var index = 0
    private var line = 1
    private let root = TOMLTable()

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { index < bytes.count ? bytes[index] : nil }
    private func error(_ reason: String) -> TOMLError { TOMLError(line: line, reason: reason) }

    mutating func document() throws(TOMLError) -> JSON {
        var table = root
        while true {
            skipLines()
            guard let byte = next else { return root.json }
            if byte == UInt8(ascii: "[") {
                table = try header()
            } else {
                let key = try key()
                skipBlanks()
                guard take("=") else { throw error("expected = behind \(key)") }
                skipBlanks()
                guard table[key] == nil else { throw error("\(key) is there twice") }
                table.members.append((key, .plain(try value(depth: 0))))
            }
            try endLine()
        }
    }

    // MARK: tables

    private mutating func header() throws(TOMLError) -> TOMLTable {
        index += 1
        let isList = take("[")
        var path: [String] = []
        repeat {
            skipBlanks()
            path.append(try key())
            skipBlanks()
        } while take(".")
        guard take("]"), !isList || take("]") else { throw error("expected ]") }
        var table = root
        for name in path.dropLast() { table = try enter(name, of: table) }
        let last = path[path.count - 1]
        return isList ? try append(last, to: table) : try define(last, in: table)
    }

    private func enter(_ name: String, of table: TOMLTable) throws(TOMLError) -> TOMLTable {
        switch table[name] {
        case nil:
            let inner = TOMLTable()
            table.members.append((name, .table(inner)))
            return inner
        case .table(let inner): return inner
        case .tables(let list): return list.elements[list.elements.count - 1]
        case .plain: throw error("\(name) is no table")
        }
    }

    private func append(_ name: String, to table: TOMLTable) throws(TOMLError) -> TOMLTable {
        let element = TOMLTable()
        switch table[name] {
        case nil:
            let list = TOMLTableList()
            list.elements = [element]
            table.members.append((name, .tables(list)))
        case .tables(let list): list.elements.append(element)
        default: throw error("\(name) is no array of tables")
        }
        return element
    }

    private func define(_ name: String, in table: TOMLTable) throws(TOMLError) -> TOMLTable {
        guard table[name] == nil else { throw error("\(name) is there twice") }
        let inner = TOMLTable()
        table.members.append((name, .table(inner)))
        return inner
    }

    // MARK: blanks

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard next == UInt8(ascii: character) else { return false }
        index += 1
        return true
    }

    private mutating func skipBlanks() { while let byte = next, byte == 0x20 || byte == 0x09 { index += 1 } }

    /// Blanks, comments and line ends.
    private mutating func skipLines() {
        while let byte = next {
            switch byte {
            case 0x20, 0x09, 0x0d: index += 1
            case 0x0a:
                line += 1
                index += 1
            case UInt8(ascii: "#"): while let byte = next, byte != 0x0a { index += 1 }
            default: return
            }
        }
    }

    private mutating func endLine() throws(TOMLError) {
        skipBlanks()
        guard let byte = next else { return }
        guard byte == 0x0a || byte == 0x0d || byte == UInt8(ascii: "#") else {
            throw error("expected the end of the line")
        }
    }

    // MARK: keys and values

    private mutating func key() throws(TOMLError) -> String {
        if next == UInt8(ascii: "\"") || next == UInt8(ascii: "'") { return try string() }
        let start = index
        while let byte = next, byte.isDigit || byte.isASCIILetter || "-_".utf8.contains(byte) { index += 1 }
        guard index > start else { throw error("expected a key") }
        let name = String(decoding: bytes[start..<index], as: UTF8.self)
        return name
    }

    private mutating func value(depth: Int) throws(TOMLError) -> JSON {
        switch next {
        case UInt8(ascii: "\""), UInt8(ascii: "'"): return .string(try string())
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "{"): throw error("inline tables are not read here")
        default: return try word()
        }
    }

    private mutating func array(depth: Int) throws(TOMLError) -> JSON {
        guard depth < 8 else { throw error("nested too deeply") }
        index += 1
        var elements: [JSON] = []
        while true {
            skipLines()
            if take("]") { return .array(elements) }
            elements.append(try value(depth: depth + 1))
            skipLines()
            if take("]") { return .array(elements) }
            guard take(",") else { throw error("expected , or ]") }
        }
    }

    private mutating func word() throws(TOMLError) -> JSON {
        let start = index
        while let byte = next, byte.isDigit || byte.isASCIILetter || "+-_.:".utf8.contains(byte) { index += 1 }
        let text = String(decoding: bytes[start..<index], as: UTF8.self)
        switch text {
        case "true": return true
        case "false": return false
        default:
            guard let number = Int64(text) else { throw error("expected a value, not \(JSON.quoted(text))") }
            return .int(number)
        }
    }

    private mutating func string() throws(TOMLError) -> String {
        let quote = bytes[index]
        guard !bytes[index...].starts(with: [quote, quote, quote]) else {
            throw error("texts of several lines are not read here")
        }
        index += 1
        var text: [UInt8] = []
        while let byte = next {
            index += 1
            if byte == quote { return String(decoding: text, as: UTF8.self) }
            guard byte >= 0x20 && byte != 0x7f || byte == 0x09 else { throw error("a control character in a text") }
            if byte == UInt8(ascii: "\\"), quote == UInt8(ascii: "\"") {
                try escape(into: &text)
            } else {
                text.append(byte)
            }
        }
        throw error("a text is not closed")
    }

    private mutating func escape(into text: inout [UInt8]) throws(TOMLError) {
        guard let byte = next else { throw error("a text is not closed") }
        index += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"): text.append(byte)
        case UInt8(ascii: "b"): text.append(0x08)
        case UInt8(ascii: "t"): text.append(0x09)
        case UInt8(ascii: "n"): text.append(0x0a)
        case UInt8(ascii: "f"): text.append(0x0c)
        case UInt8(ascii: "r"): text.append(0x0d)
        case UInt8(ascii: "u"), UInt8(ascii: "U"):
            let count = byte == UInt8(ascii: "u") ? 4 : 8
            let digits = bytes[index...].prefix(count)
            guard digits.count == count, digits.allSatisfy(\.isHexDigit),
                let code = UInt32(String(decoding: digits, as: UTF8.self), radix: 16),
                let scalar = Unicode.Scalar(code)
            else { throw error("an escape that is none") }
            index += count
            text += Array(String(Character(scalar)).utf8)
        default: throw error("an escape that is none")
        }
    }
}
