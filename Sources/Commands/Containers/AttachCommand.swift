import Core
import Engine

/// `mydocker attach`: what a running container writes, and the caller's input to it.
package struct AttachCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "attach", group: .containers, operands: "CONTAINER",
            summary: "Show the output of a running container as it comes, and send it input", operandCount: 1...1)
    }

    var request = AttachRequest(container: "")

    package init() {}

    package static var flags: [Flag<AttachCommand>] {
        [
            .toggle("no-stdin", "Send the container no input") { $0.request.sendsInput = !$1 },
            .toggle("sig-proxy", "Pass signals on to the container (default true)") { $0.request.passesSignals = $1 },
            .value("detach-keys", "KEYS", "Keys that leave the container's terminal (default ctrl-p,ctrl-q)") {
                command, text throws(OperationError) in
                try command.request.setDetachKeys(text)
            },
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        request.container = operands.first ?? ""
        context.flush()
        return try context.engine.attach(request)
    }
}
