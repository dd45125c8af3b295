import Core

/// Makes nodes of the stretches of a template.
struct TemplateParser {
    private var segments: ArraySlice<TemplateSegment>
    /// Of blocks in blocks.
    private var depth = 0
    /// Of `range` in `range`.
    private var loopDepth = 0

    private init(segments: ArraySlice<TemplateSegment>) { self.segments = segments }

    static func parse(_ segments: [TemplateSegment]) throws(OperationError) -> (nodes: [TemplateNode], end: String?) {
        var parser = TemplateParser(segments: segments[...])
        let (nodes, end) = try parser.nodes()
        return (nodes, end?.word)
    }

    /// What ended a list of nodes: `end` or `else`, and what stands behind it.
    private typealias End = (word: String, tokens: [TemplateToken])

    /// The nodes up to `end` or `else`, which is nil at the end of the template.
    private mutating func nodes() throws(OperationError) -> ([TemplateNode], End?) {
        var nodes: [TemplateNode] = []
        while let segment = segments.popFirst() {
            switch segment {
            case .text(let text): nodes.append(.text(text))
            case .action(let tokens):
                guard let first = tokens.first else { throw .template("missing value for command") }
                if case .word(let word) = first.kind, word == "end" || word == "else" {
                    return (nodes, (word, Array(tokens.dropFirst())))
                }
                nodes.append(try node(first, tokens))
            }
        }
        return (nodes, nil)
    }

    private mutating func node(
        _ first: TemplateToken, _ tokens: [TemplateToken]
    ) throws(OperationError) -> TemplateNode {
        switch first.kind {
        case .word("if"):
            let (pipeline, body, otherwise) = try block(tokens)
            return .condition(pipeline, then: body, otherwise: otherwise)
        case .word("range"):
            loopDepth += 1
            defer { loopDepth -= 1 }
            let (pipeline, body, otherwise) = try block(tokens)
            return .range(pipeline, body: body, otherwise: otherwise)
        case .word("with"):
            let (pipeline, body, otherwise) = try block(tokens)
            return .with(pipeline, body: body, otherwise: otherwise)
        case .word(let word) where TemplateLeave(rawValue: word) != nil && tokens.count == 1:
            guard loopDepth > 0, let leave = TemplateLeave(rawValue: word) else {
                throw .template("{{\(word)}} outside {{range}}")
            }
            return .leave(leave)
        default: return .action(try TemplatePipelineParser.parse(tokens[...]))
        }
    }

    private mutating func block(
        _ tokens: [TemplateToken]
    ) throws(OperationError) -> (TemplatePipeline, [TemplateNode], [TemplateNode]) {
        let pipeline = try TemplatePipelineParser.parse(tokens.dropFirst())
        depth += 1
        defer { depth -= 1 }
        guard depth <= Template.maximumDepth else { throw .template("nested too deeply") }
        let (body, end) = try nodes()
        guard let end else { throw .template("unexpected EOF") }
        return (pipeline, body, end.word == "else" ? try otherwise(end.tokens) : [])
    }

    /// What stands behind `else`: another `if` when it goes on on the same line.
    private mutating func otherwise(_ tokens: [TemplateToken]) throws(OperationError) -> [TemplateNode] {
        if let first = tokens.first { return [try node(first, tokens)] }
        let (nodes, end) = try nodes()
        guard end?.word == "end" else { throw .template(end == nil ? "unexpected EOF" : "unexpected {{else}}") }
        return nodes
    }
}

/// Reads `$a, $b := COMMAND | COMMAND`.
struct TemplatePipelineParser {
    private var tokens: ArraySlice<TemplateToken>
    /// Of parentheses in parentheses.
    private var depth = 0

    private init(tokens: ArraySlice<TemplateToken>) { self.tokens = tokens }

    static func parse(_ tokens: ArraySlice<TemplateToken>) throws(OperationError) -> TemplatePipeline {
        var parser = TemplatePipelineParser(tokens: tokens)
        let pipeline = try parser.pipeline()
        guard parser.tokens.isEmpty else { throw .template("unexpected \")\" in command") }
        return pipeline
    }

    private mutating func pipeline() throws(OperationError) -> TemplatePipeline {
        var pipeline = declaration()
        repeat {
            var command: [TemplateOperand] = []
            while let operand = try operand() { command.append(operand) }
            guard !command.isEmpty else { throw .template("missing value for command") }
            pipeline.commands.append(command)
        } while take(symbol: "|")
        return pipeline
    }

    /// The variables, when the tokens begin with a declaration.
    private mutating func declaration() -> TemplatePipeline {
        var pipeline = TemplatePipeline()
        var rest = tokens
        while case .variable(let name)? = rest.popFirst()?.kind {
            pipeline.variables.append(name)
            switch rest.popFirst()?.kind {
            case .symbol(","): continue
            case .symbol(let symbol) where symbol == ":=" || symbol == "=":
                pipeline.isAssignment = symbol == "="
                tokens = rest
                return pipeline
            default: return TemplatePipeline()
            }
        }
        return TemplatePipeline()
    }

    private mutating func take(symbol: String) -> Bool {
        guard tokens.first?.kind == .symbol(symbol) else { return false }
        tokens.removeFirst()
        return true
    }

    private mutating func operand() throws(OperationError) -> TemplateOperand? {
        guard let token = tokens.first, token.kind != .symbol("|"), token.kind != .symbol(")") else { return nil }
        tokens.removeFirst()
        var operand = try base(token.kind)
        while case .field(let name)? = tokens.first?.kind, tokens.first?.isAttached ?? false {
            operand.fields.append(name)
            tokens.removeFirst()
        }
        return operand
    }

    private mutating func base(_ kind: TemplateToken.Kind) throws(OperationError) -> TemplateOperand {
        switch kind {
        case .dot: return TemplateOperand(base: .dot)
        case .field(let name): return TemplateOperand(base: .dot, fields: [name])
        case .variable(let name): return TemplateOperand(base: .variable(name))
        case .literal(let value): return TemplateOperand(base: .literal(value))
        case .word("true"): return TemplateOperand(base: .literal(true))
        case .word("false"): return TemplateOperand(base: .literal(false))
        case .word("nil"): return TemplateOperand(base: .literal(.null))
        case .word(let name):
            guard TemplateFunction(rawValue: name) != nil else {
                throw .template("function \(JSON.quoted(name)) not defined")
            }
            return TemplateOperand(base: .function(name))
        case .symbol("("):
            depth += 1
            defer { depth -= 1 }
            guard depth <= Template.maximumDepth else { throw .template("nested too deeply") }
            let inner = try pipeline()
            guard take(symbol: ")") else { throw .template("unclosed left paren") }
            return TemplateOperand(base: .pipeline(inner))
        case .symbol(let symbol): throw .template("unexpected \(JSON.quoted(symbol)) in command")
        }
    }
}
