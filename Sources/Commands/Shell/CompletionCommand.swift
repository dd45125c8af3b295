import Core

/// `mydocker completion`: what a shell reads to complete command lines.
package struct CompletionCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "completion", group: .other, operands: "bash|zsh|fish",
            summary: "Print what makes a shell complete commands, flags and names", operandCount: 1...1)
    }
    package static var flags: [Flag<CompletionCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        guard let script = CompletionScript(rawValue: operands[0]) else {
            throw OperationError(
                "no completion for shell", operands[0], reason: "it is not known", remedy: "use bash, zsh or fish",
                kind: .invalid)
        }
        context.output.write(script.text(for: context.program.name))
        return 0
    }
}
