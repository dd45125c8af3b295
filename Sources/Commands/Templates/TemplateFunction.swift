import Core

/// The functions that a template can call: Go's own and docker's.
enum TemplateFunction: String {
    case and, eq, ge, gt, index, join, json, le, len, lower, lt, ne, not, or, pad, print, printf, println, slice, split
    case title, truncate, upper

    /// These leave the header of a column as it is.
    var shapesOneValue: Bool {
        switch self {
        case .join, .json, .lower, .pad, .split, .title, .truncate, .upper: true
        default: false
        }
    }

    func call(_ arguments: [JSON?]) throws(OperationError) -> JSON? {
        switch self {
        case .and: return arguments.first { !TemplateText.isTrue($0) } ?? arguments.last ?? nil
        case .or: return arguments.first { TemplateText.isTrue($0) } ?? arguments.last ?? nil
        case .not: return .bool(!TemplateText.isTrue(try argument(0, arguments)))
        case .json: return .string((try argument(0, arguments) ?? .null).printed)
        case .len: return .number(try count(argument(0, arguments)))
        case .index: return try element(arguments)
        case .slice: return try part(arguments)
        case .eq, .ne, .lt, .le, .gt, .ge: return .bool(try compare(arguments))
        case .print: return .string(printed(arguments))
        case .println: return .string(arguments.map { TemplateText.of($0) }.joined(separator: " ") + "\n")
        case .printf: return .string(try formatted(arguments))
        case .join: return .string(try texts(argument(0, arguments)).joined(separator: text(1, arguments)))
        case .split: return .strings(Self.split(try text(0, arguments), by: try text(1, arguments)))
        case .lower: return .string(try text(0, arguments).lowercased())
        case .upper: return .string(try text(0, arguments).uppercased())
        case .title: return .string(Self.title(try text(0, arguments)))
        case .truncate: return .string(String(try text(0, arguments).prefix(max(0, try integer(1, arguments)))))
        case .pad: return .string(try padded(arguments))
        }
    }

    private func argument(_ position: Int, _ arguments: [JSON?]) throws(OperationError) -> JSON? {
        guard position < arguments.count else { throw .evaluation(rawValue, "wrong number of args for \(rawValue)") }
        return arguments[position]
    }

    private func text(_ position: Int, _ arguments: [JSON?]) throws(OperationError) -> String {
        TemplateText.of(try argument(position, arguments))
    }

    private func integer(_ position: Int, _ arguments: [JSON?]) throws(OperationError) -> Int {
        guard let number = try argument(position, arguments)?.int else {
            throw .evaluation(rawValue, "expected integer")
        }
        return Int(number)
    }

    private func texts(_ value: JSON?) throws(OperationError) -> [String] {
        switch value {
        case .array(let elements): elements.map { TemplateText.of($0) }
        case nil, .null: []
        case .some(let other): throw .evaluation(rawValue, "\(TemplateText.of(other)) is no list")
        }
    }

    private func count(_ value: JSON?) throws(OperationError) -> Int {
        switch value {
        case .string(let text): text.utf8.count
        case .array(let elements): elements.count
        case .object(let members): members.count
        case nil, .null: 0
        case .some(let other): throw .evaluation(rawValue, "len of \(TemplateText.of(other))")
        }
    }

    /// `index .X "key" 0` is .X["key"][0]. A key that a map has not gives no value, an index that a list
    /// has not is an error.
    private func element(_ arguments: [JSON?]) throws(OperationError) -> JSON? {
        var value = try argument(0, arguments)
        for key in arguments.dropFirst() {
            switch (value, key) {
            case (.object, .string(let key)): value = value?[key]
            case (.array(let elements), .int(let position)):
                guard elements.indices.contains(Int(position)) else {
                    throw .evaluation("index", "error calling index: index out of range: \(position)")
                }
                value = elements[Int(position)]
            case (nil, _), (.null, _): throw .evaluation("index", "error calling index: index of untyped nil")
            default: throw .evaluation("index", "error calling index: can't index \(TemplateText.of(value))")
            }
        }
        return value
    }

    private func part(_ arguments: [JSON?]) throws(OperationError) -> JSON? {
        let whole = try argument(0, arguments)
        let count = try count(whole)
        let first = arguments.count > 1 ? try integer(1, arguments) : 0
        let last = arguments.count > 2 ? try integer(2, arguments) : count
        guard 0 <= first, first <= last, last <= count else {
            throw .evaluation("slice", "error calling slice: index out of range")
        }
        if case .array(let elements) = whole { return .array(Array(elements[first..<last])) }
        return .string(String(decoding: Array(TemplateText.of(whole).utf8)[first..<last], as: UTF8.self))
    }

    /// `eq` with more than two arguments asks whether the first equals one of the others.
    private func compare(_ arguments: [JSON?]) throws(OperationError) -> Bool {
        let left = try argument(0, arguments)
        let right = try argument(1, arguments)
        switch self {
        case .eq: return arguments.dropFirst().contains { $0 == left }
        case .ne: return left != right
        case .lt: return try isLess(left, right)
        case .ge: return try !isLess(left, right)
        case .gt: return try isLess(right, left)
        default: return try !isLess(right, left)
        }
    }

    private func isLess(_ left: JSON?, _ right: JSON?) throws(OperationError) -> Bool {
        switch (left, right) {
        case (.int(let a), .int(let b)): return a < b
        case (.double(let a), .double(let b)): return a < b
        case (.string(let a), .string(let b)): return a < b
        default: throw .evaluation(rawValue, "error calling \(rawValue): incompatible types for comparison")
        }
    }

    /// Go puts spaces between operands of which neither is a text.
    private func printed(_ arguments: [JSON?]) -> String {
        var text = ""
        for (index, argument) in arguments.enumerated() {
            if index > 0, argument?.string == nil, (arguments[index - 1])?.string == nil { text += " " }
            text += TemplateText.of(argument)
        }
        return text
    }

    private func formatted(_ arguments: [JSON?]) throws(OperationError) -> String {
        var rest = try text(0, arguments)[...]
        var values = arguments.dropFirst()
        var result = ""
        while let character = rest.popFirst() {
            guard character == "%" else {
                result.append(character)
                continue
            }
            switch rest.popFirst() {
            case "%": result += "%"
            case "s", "v", "d", "t": result += TemplateText.of(values.popFirst() ?? nil)
            case "q": result += HumanText.quoted(TemplateText.of(values.popFirst() ?? nil))
            default: throw .evaluation("printf", "only %s, %v, %d, %t, %q and %% are supported")
            }
        }
        return result
    }

    /// `pad TEXT BEFORE AFTER`, in spaces; nothing around an empty text.
    private func padded(_ arguments: [JSON?]) throws(OperationError) -> String {
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
