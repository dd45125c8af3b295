import Core
import Engine

/// `mydocker __complete -- WORD...`: what the last word may become, a line each. Shells call it (`CompletionScript`).
package struct CompleteCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "__complete", group: .other, operands: "[WORD...]", summary: "Complete a command line",
            operandCount: 0...Int.max, stopsAtOperand: true)
    }
    package static var flags: [Flag<CompleteCommand>] { [] }

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let completion = Completion(
            of: operands, among: CommandLineTool.commands, calledAs: { CommandLineTool.find($0) })
        let typed = operands.last ?? ""
        // Behind `--network=` it is the value that is completed.
        let equals = typed.hasPrefix("--") ? typed.firstIndex(of: "=") : nil
        let start = equals.map { String(typed[...$0]) } ?? ""
        for word in Self.words(of: completion, context.engine) where (start + word).hasPrefix(typed) {
            context.output.line(start + word)
        }
        return 0
    }

    private static func words(of completion: Completion, _ engine: Engine) -> [String] {
        switch completion {
        case .words(let words): words
        case .names(let nouns): nouns.flatMap { names($0, engine) }.sorted()
        case .files: []
        }
    }

    /// What cannot be read is not offered: who types is not to be disturbed.
    private static func names(_ noun: Completion.Noun, _ engine: Engine) -> [String] {
        switch noun {
        case .container: (try? engine.containers(all: true, sizes: false))?.elements.map(\.name) ?? []
        case .image: (try? engine.images())?.elements.flatMap(\.references) ?? []
        case .network: (try? engine.networks())?.elements.map(\.name.text) ?? []
        }
    }
}
