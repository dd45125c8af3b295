import Core

/// `mydocker scope run`
package struct ScopeRunCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "scope run", group: .other, operands: "NAME [--] PROGRAM [ARG...]",
            summary: "Run a program, and remove the containers, networks, volumes and images that it makes",
            operandCount: 2...Int.max, stopsAtOperand: true, failureCode: 125)
    }

    package init() {}

    package static var flags: [Flag<ScopeRunCommand>] { [] }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        var words = operands.dropFirst()
        if words.first == "--" { words = words.dropFirst() }
        guard !words.isEmpty else { throw OperationError("no program specified", remedy: "name one behind the scope") }
        return try context.engine.runScope(operands[0], Array(words))
    }
}
