import Core
import Engine

/// `mydocker diff`: tells what a container has changed in the files of its image.
package struct DiffCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "diff", group: .containers, operands: "CONTAINER",
            summary: "Show files that a container has added (A), changed (C) and deleted (D)", operandCount: 1...1)
    }
    package static var flags: [Flag<DiffCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        context.show(try context.engine.changes(of: operands[0]))
        return 0
    }
}

extension CommandContext {
    /// A line for each.
    mutating func show(_ changes: [FileChange]) {
        for change in changes {
            let path = output.isTerminal ? TerminalText.escaped(change.path) : change.path
            output.line("\(change.kind.rawValue) \(path)")
        }
        answer = .array(changes.map { ["kind": .string($0.kind.rawValue), "path": .string($0.path)] })
    }
}
