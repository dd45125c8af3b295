import Core

/// Runs a template over a value.
struct TemplateEvaluation {
    private let labels: [String: String]
    private let isHeader: Bool
    /// The innermost one last; `$` is the whole value.
    private var variables: [(name: String, value: TemplateValue)]
    private(set) var text = ""

    init(root: JSON, labels: [String: String], isHeader: Bool) {
        self.labels = labels
        self.isHeader = isHeader
        variables = [("", TemplateValue(root))]
    }

    /// - Returns: what ended it early.
    mutating func run(_ nodes: [TemplateNode], dot: TemplateValue) throws(OperationError) -> TemplateLeave? {
        for node in nodes {
            if let leave = try run(node, dot: dot) { return leave }
        }
        return nil
    }

    private mutating func run(_ node: TemplateNode, dot: TemplateValue) throws(OperationError) -> TemplateLeave? {
        switch node {
        case .text(let text): self.text += text
        case .leave(let leave): return leave
        case .action(let pipeline):
            let value = try value(of: pipeline, dot: dot)
            if pipeline.variables.isEmpty { text += value.printed }
        case .condition(let pipeline, let body, let otherwise):
            return try inScope { evaluation throws(OperationError) in
                let value = try evaluation.value(of: pipeline, dot: dot)
                return try evaluation.run(value.isTrue ? body : otherwise, dot: dot)
            }
        case .with(let pipeline, let body, let otherwise):
            return try inScope { evaluation throws(OperationError) in
                let value = try evaluation.value(of: pipeline, dot: dot)
                return try evaluation.run(value.isTrue ? body : otherwise, dot: value.isTrue ? value : dot)
            }
        case .range(let pipeline, let body, let otherwise):
            return try range(pipeline, body, otherwise, dot)
        }
        return nil
    }

    /// Variables that `body` declares are gone behind it.
    private mutating func inScope(
        _ body: (inout TemplateEvaluation) throws(OperationError) -> TemplateLeave?
    ) throws(OperationError) -> TemplateLeave? {
        let count = variables.count
        let leave = try body(&self)
        variables.removeSubrange(count...)
        return leave
    }

    private mutating func range(
        _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode], _ dot: TemplateValue
    ) throws(OperationError) -> TemplateLeave? {
        var unnamed = pipeline
        unnamed.variables = []
        let elements = try Self.elements(of: value(of: unnamed, dot: dot))
        if elements.isEmpty { return try run(otherwise, dot: dot) }
        for (key, element) in elements {
            let bound = pipeline.variables.count == 2 ? [key, element] : [element]
            let leave = try inScope { evaluation throws(OperationError) in
                evaluation.variables += zip(pipeline.variables, bound).map { ($0, $1) }
                return try evaluation.run(body, dot: element)
            }
            if leave == .break { break }
        }
        return nil
    }

    /// Longer loops are refused: a text must not exhaust the memory.
    private static let greatestRange: Int64 = 1_000_000

    /// Maps go in the order of their keys.
    private static func elements(
        of value: TemplateValue
    ) throws(OperationError) -> [(key: TemplateValue, value: TemplateValue)] {
        switch value.json {
        case .array(let elements): elements.enumerated().map { (.number($0.offset), TemplateValue($0.element)) }
        case .object(let members):
            // The elements of a map that has nulls are lists: `Ports`.
            members.sorted { $0.key < $1.key }.map { (.text($0.key), TemplateValue($0.value, absent: .list)) }
        case .null: []
        // From 0 on, so many.
        case .int(let count) where count <= greatestRange:
            (0..<max(0, count)).map { (TemplateValue.number($0), TemplateValue.number($0)) }
        default: throw .evaluation("range", "range can't iterate over \(value.printed)")
        }
    }

    private mutating func value(
        of pipeline: TemplatePipeline, dot: TemplateValue
    ) throws(OperationError) -> TemplateValue {
        var value = TemplateValue.none
        for (index, command) in pipeline.commands.enumerated() {
            value = try self.value(of: command, piped: index > 0 ? [value] : [], dot: dot)
        }
        guard let name = pipeline.variables.first else { return value }
        if pipeline.isAssignment, let index = variables.lastIndex(where: { $0.name == name }) {
            variables[index].value = value
        } else {
            variables.append((name, value))
        }
        return value
    }

    private mutating func value(
        of command: [TemplateOperand], piped: [TemplateValue], dot: TemplateValue
    ) throws(OperationError) -> TemplateValue {
        guard let first = command.first else { return .none }
        if case .function(let name) = first.base, let function = TemplateFunction(rawValue: name) {
            if function == .and || function == .or {
                return try firstDeciding(function, command.dropFirst(), piped, dot)
            }
            return try call(function, arguments(command, dot) + piped)
        }
        let arguments = try arguments(command, dot) + piped
        if case .dot = first.base, first.fields == ["Label"], case .string(let key)? = arguments.first?.json {
            return label(key)
        }
        guard arguments.isEmpty else {
            throw .evaluation(first.written, "can't give argument to non-function")
        }
        return try value(of: first, dot: dot)
    }

    private mutating func arguments(
        _ command: [TemplateOperand], _ dot: TemplateValue
    ) throws(OperationError) -> [TemplateValue] {
        var arguments: [TemplateValue] = []
        for operand in command.dropFirst() { arguments.append(try value(of: operand, dot: dot)) }
        return arguments
    }

    private func call(
        _ function: TemplateFunction, _ arguments: [TemplateValue]
    ) throws(OperationError) -> TemplateValue {
        if isHeader, function.shapesOneValue { return arguments.first ?? .none }
        // What a map's elements are is known by its name.
        return try function.call(arguments, absent: DockerTypes.absent(in: arguments.first?.name ?? ""))
    }

    /// `and` and `or` look no further than they must: `and .State.Health (eq .State.Health.Status "healthy")`.
    private mutating func firstDeciding(
        _ function: TemplateFunction, _ operands: ArraySlice<TemplateOperand>, _ piped: [TemplateValue],
        _ dot: TemplateValue
    ) throws(OperationError) -> TemplateValue {
        var last: TemplateValue?
        for operand in operands {
            let value = try value(of: operand, dot: dot)
            if value.isTrue == (function == .or) { return value }
            last = value
        }
        guard let value = piped.first ?? last else {
            throw .evaluation(function.rawValue, "wrong number of args for \(function.rawValue)")
        }
        return value
    }

    private func label(_ key: String) -> TemplateValue {
        guard isHeader else { return .text(labels[key] ?? "") }
        let last = key.split(separator: ".").last ?? ""
        return .text(String(last.map { $0 == "-" || $0 == "_" ? " " : $0 }))
    }

    private mutating func value(
        of operand: TemplateOperand, dot: TemplateValue
    ) throws(OperationError) -> TemplateValue {
        var value: TemplateValue
        switch operand.base {
        case .dot: value = dot
        case .literal(let literal): value = TemplateValue(literal)
        case .pipeline(let pipeline): value = try self.value(of: pipeline, dot: dot)
        case .function(let name): value = try TemplateFunction(rawValue: name)?.call([]) ?? .none
        case .variable(let name):
            guard let variable = variables.last(where: { $0.name == name }) else {
                throw .template("undefined variable \"$\(name)\"")
            }
            value = variable.value
        }
        var parent = ""
        for field in operand.fields {
            value = try Self.member(field, of: value, parent: parent, in: operand)
            parent = field
        }
        return value
    }

    private static func member(
        _ field: String, of value: TemplateValue, parent: String, in operand: TemplateOperand
    ) throws(OperationError) -> TemplateValue {
        let isMap = DockerTypes.isMap(value.name)
        let tag = isMap ? nil : DockerTypes.tags[field]
        if let member = value.json[field] ?? tag.flatMap({ value.json[$0] }) {
            return TemplateValue(
                member, absent: isMap ? .list : DockerTypes.absent(field),
                name: DockerTypes.name(field, in: value.name))
        }
        let isObject = value.json.members != nil
        if isObject || value.json.isNull, isMap { return .none }
        // Docker's events are structures: what one of them has not is empty there.
        if tag != nil, value.json["timeNano"] != nil { return TemplateValue(.null, absent: .text) }
        let reason: String
        if isObject {
            reason = "map has no entry for key \"\(field)\""
        } else if value.isNilPointer, !parent.isEmpty {
            // Docker looks once more into what it was sent, where the pointer is missing.
            reason = "map has no entry for key \"\(parent)\""
        } else {
            reason = "can't evaluate field \(field) in \(value.printed)"
        }
        throw .evaluation(operand.written, reason)
    }
}

extension TemplateOperand {
    /// As it was written, more or less, for errors.
    var written: String {
        let path = fields.map { ".\($0)" }.joined()
        switch base {
        case .dot: return path.isEmpty ? "." : path
        case .variable(let name): return "$\(name)\(path)"
        case .literal(let value): return value.compact + path
        case .function(let name): return name + path
        case .pipeline: return "(…)" + path
        }
    }
}
