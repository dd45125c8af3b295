import Core

/// A `--format`: the part of Go's text/template that scripts use, over JSON.
///
/// Fields, variables, pipelines, parentheses, `if`, `else`, `range`, `break`, `continue`, `with`, comments, trim marks, and
/// the functions of `TemplateFunction`.
package struct Template {
    /// Nesting beyond this is refused: a text must not exhaust the stack.
    static let maximumDepth = 128

    let nodes: [TemplateNode]

    /// - Throws: exit code 64 when `text` is no template.
    package init(parsing text: String) throws(OperationError) {
        let (nodes, end) = try TemplateParser.parse(TemplateSegment.split(text))
        guard end == nil else { throw .template("unexpected {{\(end ?? "")}}") }
        self.nodes = nodes
    }

    /// - Parameters:
    ///   - labels: what `{{.Label "key"}}` looks up.
    ///   - isHeader: the fields are headers of columns: what only shapes a value leaves them alone.
    package func evaluate(
        _ root: JSON, labels: [String: String] = [:], isHeader: Bool = false
    ) throws(OperationError) -> String {
        var evaluation = TemplateEvaluation(root: root, labels: labels, isHeader: isHeader)
        _ = try evaluation.run(nodes, dot: TemplateValue(root))
        return evaluation.text
    }
}

indirect enum TemplateNode {
    case text(String)
    case action(TemplatePipeline)
    case condition(TemplatePipeline, then: [TemplateNode], otherwise: [TemplateNode])
    case range(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case with(TemplatePipeline, body: [TemplateNode], otherwise: [TemplateNode])
    case leave(TemplateLeave)
}

/// Out of the innermost `range`, or of its round.
enum TemplateLeave: String {
    case `break`, `continue`
}

/// `$a, $b := COMMAND | COMMAND`
struct TemplatePipeline {
    var variables: [String] = []
    /// `$x = …` changes a variable that there is already.
    var isAssignment = false
    /// Each is a function or value, with arguments; the value of one is the last argument of the next.
    var commands: [[TemplateOperand]] = []
}

/// One word of a command, and the fields that follow it without a space.
struct TemplateOperand {
    indirect enum Base {
        case dot
        case variable(String)
        case literal(JSON)
        case function(String)
        case pipeline(TemplatePipeline)
    }
    var base: Base
    var fields: [String] = []
}

extension OperationError {
    /// A text that is no template.
    static func template(_ reason: String) -> OperationError {
        OperationError("template parsing error: template: :1: \(reason)", exitCode: 64)
    }

    /// A template that does not fit the value.
    static func evaluation(_ expression: String, _ reason: String) -> OperationError {
        OperationError("template parsing error: template: :1: executing \"\" at <\(expression)>: \(reason)")
    }
}
