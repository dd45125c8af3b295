import Core
import Engine

/// `mydocker start`: containers that do not run begin.
package struct StartCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "start", group: .containers, operands: "CONTAINER [CONTAINER...]",
            summary: "Start containers that were created or have ended", operandCount: 1...Int.max)
    }

    var isAttached = false
    var isInteractive = false
    var passesSignals = true

    package init() {}

    package static var flags: [Flag<StartCommand>] {
        [
            .toggle("attach", short: "a", "Show its output, pass signals on, and end with its exit code") {
                $0.isAttached = $1
            },
            .toggle("interactive", short: "i", "Pass standard input on to it, too") { $0.isInteractive = $1 },
            .toggle("sig-proxy", "Pass signals on to the container (default true)") { $0.passesSignals = $1 },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        guard isAttached || isInteractive else {
            return context.forEach(operands) { name throws(OperationError) in try engine.start(name) }
        }
        guard operands.count == 1 else {
            throw OperationError("you cannot start and attach multiple containers at once", kind: .invalid)
        }
        context.flush()
        return try engine.startAttached(operands[0], readsInput: isInteractive, passesSignals: passesSignals)
    }
}
