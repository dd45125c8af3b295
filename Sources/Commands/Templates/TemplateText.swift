import Core

/// How values look in the output of a template.
enum TemplateText {
    /// As Go's fmt prints it: `[a b]`, `map[k:v]`.
    static func of(_ value: JSON?) -> String {
        switch value {
        case nil: "<no value>"
        // Every null in a document of ours stands for a list or map with nothing in it.
        case .null: "[]"
        case .bool(let value): value ? "true" : "false"
        case .int(let value): String(value)
        case .double(let value): String(value)
        case .string(let value): value
        case .array(let elements): "[" + elements.map { of($0) }.joined(separator: " ") + "]"
        case .object(let members):
            "map[" + members.sorted { $0.key < $1.key }.map { "\($0.key):\(of($0.value))" }.joined(separator: " ") + "]"
        }
    }

    /// Go's truth: everything but false, 0, and what is empty.
    static func isTrue(_ value: JSON?) -> Bool {
        switch value {
        case nil, .null: false
        case .bool(let value): value
        case .int(let value): value != 0
        case .double(let value): value != 0
        case .string(let value): !value.isEmpty
        case .array(let elements): !elements.isEmpty
        case .object(let members): !members.isEmpty
        }
    }

    /// An operand as it was written, more or less, for errors.
    static func of(_ operand: TemplateOperand) -> String {
        let fields = operand.fields.map { ".\($0)" }.joined()
        switch operand.base {
        case .dot: return fields.isEmpty ? "." : fields
        case .variable(let name): return "$\(name)\(fields)"
        case .literal(let value): return value.compact + fields
        case .function(let name): return name + fields
        case .pipeline: return "(…)" + fields
        }
    }
}
