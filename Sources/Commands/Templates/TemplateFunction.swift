import Core
import Forms

/// The functions that a template can call: Go's own and docker's.
enum TemplateFunction: String {
    case and, call, eq, ge, gt, html, index, join, js, json, le, len, lower, lt, ne, not, or, pad, print, printf,
        println
    case slice, split, title, truncate, upper, urlquery

    /// These leave the header of a column as it is.
    var shapesOneValue: Bool {
        switch self {
        case .join, .json, .lower, .pad, .split, .title, .truncate, .upper: true
        default: false
        }
    }

    /// - Parameter absent: what `index` gives for a key that is not there.
    func call(
        _ arguments: [TemplateValue], absent: TemplateValue.Absent = .value
    ) throws(OperationError) -> TemplateValue {
        switch self {
        case .and: return arguments.first { !$0.isTrue } ?? arguments.last ?? .none
        case .or: return arguments.first { $0.isTrue } ?? arguments.last ?? .none
        case .not: return .bool(!(try argument(0, arguments)).isTrue)
        case .call:
            throw .evaluation("call", "error calling call: non-function of type \(try argument(0, arguments).typeName)")
        case .len: return .number(try count(argument(0, arguments)))
        case .index: return try element(arguments, absent)
        case .slice: return try part(arguments)
        case .eq, .ne, .lt, .le, .gt, .ge: return .bool(try compare(arguments))
        case .join: return .text(try texts(argument(0, arguments)).joined(separator: text(1, arguments)))
        case .split: return TemplateValue(.strings(Self.split(try text(0, arguments), by: try text(1, arguments))))
        default: return .text(try shaped(arguments))
        }
    }

    private func shaped(_ arguments: [TemplateValue]) throws(OperationError) -> String {
        switch self {
        case .json: return try argument(0, arguments).json.withoutOmitted.printed
        case .print: return printed(arguments)
        case .println: return arguments.map(\.printed).joined(separator: " ") + "\n"
        case .printf: return TemplateFormat.text(try text(0, arguments), arguments.dropFirst())
        case .html: return TemplateEscape.html(printed(arguments))
        case .js: return TemplateEscape.js(printed(arguments))
        case .urlquery: return TemplateEscape.urlQuery(printed(arguments))
        case .lower: return try text(0, arguments).lowercased()
        case .upper: return try text(0, arguments).uppercased()
        case .title: return Self.title(try text(0, arguments))
        case .truncate: return String(try text(0, arguments).prefix(max(0, try integer(1, arguments))))
        default: return try padded(arguments)
        }
    }

    private func argument(_ position: Int, _ arguments: [TemplateValue]) throws(OperationError) -> TemplateValue {
        guard position < arguments.count else { throw .evaluation(rawValue, "wrong number of args for \(rawValue)") }
        return arguments[position]
    }

    private func text(_ position: Int, _ arguments: [TemplateValue]) throws(OperationError) -> String {
        try argument(position, arguments).printed
    }

    private func integer(_ position: Int, _ arguments: [TemplateValue]) throws(OperationError) -> Int {
        guard let number = try argument(position, arguments).json.int else {
            throw .evaluation(rawValue, "expected integer")
        }
        return Int(number)
    }

    private func texts(_ value: TemplateValue) throws(OperationError) -> [String] {
        switch value.json {
        case .array(let elements): elements.map { TemplateValue($0).printed }
        case .null: []
        default: throw .evaluation(rawValue, "\(value.printed) is no list")
        }
    }

    private func count(_ value: TemplateValue) throws(OperationError) -> Int {
        switch value.json {
        case .string(let text): text.utf8.count
        case .array(let elements): elements.count
        case .object(let members): members.count
        case .null where !value.isNilPointer && !value.isNone: 0
        default: throw .evaluation(rawValue, "error calling len: len of \(value.printed)")
        }
    }

    /// `index .X "key" 0` is .X["key"][0]. A key that a map has not gives the zero value, an index that a list
    /// has not is an error.
    private func element(
        _ arguments: [TemplateValue], _ absent: TemplateValue.Absent
    ) throws(OperationError) -> TemplateValue {
        var value = try argument(0, arguments)
        for key in arguments.dropFirst() {
            switch (value.json, key.json) {
            case (.object, .string(let key)):
                value = TemplateValue(value.json[key] ?? .null, absent: value.json[key] == nil ? absent : .list)
            case (.array(let elements), .int(let position)):
                guard elements.indices.contains(Int(position)) else { throw outOfRange(position) }
                value = TemplateValue(elements[Int(position)])
            case (.null, _) where value.isNone || value.isNilPointer:
                throw .evaluation("index", "error calling index: index of untyped nil")
            case (.null, .int(let position)): throw outOfRange(position)
            case (.null, .string): value = TemplateValue(.null, absent: absent)
            default: throw .evaluation("index", "error calling index: can't index \(value.printed)")
            }
        }
        return value
    }

    private func outOfRange(_ position: Int64) -> OperationError {
        .evaluation("index", "error calling index: index out of range: \(position)")
    }

    private func part(_ arguments: [TemplateValue]) throws(OperationError) -> TemplateValue {
        let whole = try argument(0, arguments)
        let count = try count(whole)
        let first = arguments.count > 1 ? try integer(1, arguments) : 0
        let last = arguments.count > 2 ? try integer(2, arguments) : count
        guard 0 <= first, first <= last, last <= count else {
            throw .evaluation("slice", "error calling slice: index out of range")
        }
        if case .array(let elements) = whole.json { return TemplateValue(.array(Array(elements[first..<last]))) }
        return .text(String(decoding: Array(whole.printed.utf8)[first..<last], as: UTF8.self))
    }

    /// `eq` with more than two arguments asks whether the first equals one of the others.
    private func compare(_ arguments: [TemplateValue]) throws(OperationError) -> Bool {
        let left = try argument(0, arguments)
        let right = try argument(1, arguments)
        switch self {
        case .eq:
            for other in arguments.dropFirst() where try areEqual(left, other) { return true }
            return false
        case .ne: return try !areEqual(left, right)
        case .lt: return try isLess(left, right)
        case .ge: return try !isLess(left, right)
        case .gt: return try isLess(right, left)
        default: return try !isLess(right, left)
        }
    }

    /// A number is not equal to a text, as Go has it: that is a mistake of the template.
    private func areEqual(_ left: TemplateValue, _ right: TemplateValue) throws(OperationError) -> Bool {
        switch (left.json, right.json) {
        case (.int, .int), (.double, .double), (.string, .string), (.bool, .bool): return left.json == right.json
        case (.null, .string(let text)), (.string(let text), .null):
            // An unset text is an empty one.
            return text.isEmpty && (left.printed.isEmpty && right.printed.isEmpty)
        case (.null, _), (_, .null): return left.json == right.json
        default: throw incomparable
        }
    }

    private var incomparable: OperationError {
        .evaluation(rawValue, "error calling \(rawValue): incompatible types for comparison")
    }

    private func isLess(_ left: TemplateValue, _ right: TemplateValue) throws(OperationError) -> Bool {
        switch (left.json, right.json) {
        case (.int(let a), .int(let b)): return a < b
        case (.double(let a), .double(let b)): return a < b
        case (.string(let a), .string(let b)): return a < b
        default: throw incomparable
        }
    }

    /// Go puts spaces between operands of which neither is a text.
    private func printed(_ arguments: [TemplateValue]) -> String {
        var text = ""
        for (index, argument) in arguments.enumerated() {
            if index > 0, argument.json.string == nil, arguments[index - 1].json.string == nil { text += " " }
            text += argument.printed
        }
        return text
    }

    /// `pad TEXT BEFORE AFTER`, in spaces; nothing around an empty text.
    private func padded(_ arguments: [TemplateValue]) throws(OperationError) -> String {
        let text = try text(0, arguments)
        guard !text.isEmpty else { return "" }
        func spaces(_ count: Int) -> String { String(repeating: " ", count: max(0, min(count, 1000))) }
        return spaces(try integer(1, arguments)) + text + spaces(try integer(2, arguments))
    }

    private static func title(_ text: String) -> String {
        var startsWord = true
        return text.map { character in
            defer { startsWord = character == " " }
            return startsWord ? String(character).uppercased() : String(character)
        }.joined()
    }

    private static func split(_ text: String, by separator: String) -> [String] {
        guard !separator.isEmpty else { return text.map { String($0) } }
        var parts: [String] = []
        var part = ""
        var rest = text[...]
        while !rest.isEmpty {
            if rest.hasPrefix(separator) {
                parts.append(part)
                part = ""
                rest = rest.dropFirst(separator.count)
            } else if let character = rest.popFirst() {
                part.append(character)
            }
        }
        return parts + [part]
    }
}
