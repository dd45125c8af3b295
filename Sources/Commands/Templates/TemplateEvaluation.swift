import Core

/// Runs a template over a value. Nil is Go's "no value": a key that a map has not.
struct TemplateEvaluation {
    private let labels: [String: String]
    private let isHeader: Bool
    /// The innermost one last; `$` is the whole value.
    private var variables: [(name: String, value: JSON?)]
    private(set) var text = ""

    init(root: JSON, labels: [String: String], isHeader: Bool) {
        self.labels = labels
        self.isHeader = isHeader
        variables = [("", root)]
    }

    /// Members that are maps of names that a user chose: a name that is not there is no mistake.
    private static let maps = ["Labels", "Options", "Networks", "Ports", "Containers", "ExposedPorts", "Volumes"]

    mutating func run(_ nodes: [TemplateNode], dot: JSON?) throws(OperationError) {
        for node in nodes { try run(node, dot: dot) }
    }

    private mutating func run(_ node: TemplateNode, dot: JSON?) throws(OperationError) {
        switch node {
        case .text(let text): self.text += text
        case .action(let pipeline):
            let value = try value(of: pipeline, dot: dot)
            if pipeline.variables.isEmpty { text += TemplateText.of(value) }
        case .condition(let pipeline, let body, let otherwise):
            try inScope { evaluation throws(OperationError) in
                let value = try evaluation.value(of: pipeline, dot: dot)
                try evaluation.run(TemplateText.isTrue(value) ? body : otherwise, dot: dot)
            }
        case .with(let pipeline, let body, let otherwise):
            try inScope { evaluation throws(OperationError) in
                let value = try evaluation.value(of: pipeline, dot: dot)
                let isTrue = TemplateText.isTrue(value)
                try evaluation.run(isTrue ? body : otherwise, dot: isTrue ? value : dot)
            }
        case .range(let pipeline, let body, let otherwise):
            try range(pipeline, body, otherwise, dot)
        }
    }

    /// Variables that `body` declares are gone behind it.
    private mutating func inScope(
        _ body: (inout TemplateEvaluation) throws(OperationError) -> Void
    ) throws(OperationError) {
        let count = variables.count
        try body(&self)
        variables.removeSubrange(count...)
    }

    private mutating func range(
        _ pipeline: TemplatePipeline, _ body: [TemplateNode], _ otherwise: [TemplateNode], _ dot: JSON?
    ) throws(OperationError) {
        var unnamed = pipeline
        unnamed.variables = []
        let elements = try Self.elements(of: value(of: unnamed, dot: dot))
        if elements.isEmpty { return try run(otherwise, dot: dot) }
        for (key, element) in elements {
            let bound = pipeline.variables.count == 2 ? [key, element] : [element]
            try inScope { evaluation throws(OperationError) in
                evaluation.variables += zip(pipeline.variables, bound).map { ($0, $1) }
                try evaluation.run(body, dot: element)
            }
        }
    }

    /// Maps go in the order of their keys.
    private static func elements(of value: JSON?) throws(OperationError) -> [(key: JSON, value: JSON)] {
        switch value {
        case .array(let elements): elements.enumerated().map { (.number($0.offset), $0.element) }
        case .object(let members): members.sorted { $0.key < $1.key }.map { (.string($0.key), $0.value) }
        case nil, .null: []
        case .some(let other): throw .evaluation("range", "range can't iterate over \(TemplateText.of(other))")
        }
    }

    private mutating func value(of pipeline: TemplatePipeline, dot: JSON?) throws(OperationError) -> JSON? {
        var value: JSON?
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
        of command: [TemplateOperand], piped: [JSON?], dot: JSON?
    ) throws(OperationError) -> JSON? {
        guard let first = command.first else { return nil }
        var arguments: [JSON?] = []
        for operand in command.dropFirst() { arguments.append(try value(of: operand, dot: dot)) }
        arguments += piped
        if case .function(let name) = first.base, let function = TemplateFunction(rawValue: name) {
            if isHeader, function.shapesOneValue { return arguments.first ?? nil }
            return try function.call(arguments)
        }
        if case .dot = first.base, first.fields == ["Label"], case .string(let key)?? = arguments.first {
            return label(key)
        }
        guard arguments.isEmpty else {
            throw .evaluation(TemplateText.of(first), "can't give argument to non-function")
        }
        return try value(of: first, dot: dot)
    }

    private func label(_ key: String) -> JSON {
        guard isHeader else { return .string(labels[key] ?? "") }
        let last = key.split(separator: ".").last ?? ""
        return .string(String(last.map { $0 == "-" || $0 == "_" ? " " : $0 }))
    }

    private mutating func value(of operand: TemplateOperand, dot: JSON?) throws(OperationError) -> JSON? {
        var value: JSON?
        switch operand.base {
        case .dot: value = dot
        case .literal(let literal): value = literal
        case .pipeline(let pipeline): value = try self.value(of: pipeline, dot: dot)
        case .function(let name): value = try TemplateFunction(rawValue: name)?.call([])
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
        _ field: String, of value: JSON?, parent: String, in operand: TemplateOperand
    ) throws(OperationError) -> JSON? {
        if let member = value?[field] { return member }
        let isObject = value?.members != nil
        if isObject || (value ?? .null).isNull, maps.contains(parent) { return nil }
        let reason =
            isObject
            ? "map has no entry for key \"\(field)\"" : "can't evaluate field \(field) in \(TemplateText.of(value))"
        throw .evaluation(TemplateText.of(operand), reason)
    }
}
