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
    var request = AttachRequest(container: "")
    /// Detach keys were given.
    var mayBeLeft = false

    package init() { request.sendsInput = false }

    package static var flags: [Flag<StartCommand>] {
        [
            .toggle("attach", short: "a", "Show its output, pass signals on, and end with its exit code") {
                $0.isAttached = $1
            },
            .toggle("interactive", short: "i", "Pass standard input on to it, too") { $0.request.sendsInput = $1 },
            .value("detach-keys", "KEYS", "Keys that leave the container's terminal while it goes on") {
                command, text throws(OperationError) in
                command.mayBeLeft = true
                try command.request.setDetachKeys(text)
            },
            .toggle("sig-proxy", "Pass signals on to the container (default true)") { $0.request.passesSignals = $1 },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let engine = context.engine
        guard isAttached || request.sendsInput else {
            return context.forEach(operands) { name throws(OperationError) in try engine.start(name) }
        }
        guard operands.count == 1 else {
            throw OperationError("you cannot start and attach multiple containers at once", kind: .invalid)
        }
        context.flush()
        request.container = operands[0]
        return try engine.startAttached(request, mayBeLeft: mayBeLeft)
    }
}
