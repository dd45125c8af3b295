import Core
import Engine

/// `mydocker exec`: another program in a running container.
package struct ExecCommand: ProgramCommand {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "exec", group: .containers, operands: "CONTAINER COMMAND [ARG...]",
            summary: "Run a command in a running container", operandCount: 2...Int.max, stopsAtOperand: true)
    }

    var request = ExecRequest(container: "", arguments: [])
    var environment = EnvironmentFlags()

    package init() {}

    package static var flags: [Flag<ExecCommand>] {
        [
            .toggle("interactive", short: "i", "Keep standard input open") { $0.request.interactive = $1 },
            .toggle("tty", short: "t", "Give the command a terminal") { $0.request.terminal = $1 },
            .toggle("detach", short: "d", "Run in the background") { $0.request.detached = $1 },
            .value("detach-keys", "KEYS", "Keys that leave the command's terminal while it goes on") {
                command, text throws(OperationError) in
                try command.request.setDetachKeys(text)
            },
        ] + programFlags + [
            .toggle("privileged", "Give the command every right over the host") { $0.request.privileged = $1 }
        ]
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let request = try request(operands, lookUp: context.environment)
        context.flush()
        return try context.engine.exec(request)
    }

    package func request(
        _ operands: [String], lookUp: (String) -> String?
    ) throws(OperationError) -> ExecRequest {
        var request = request
        request.container = operands.first ?? ""
        request.arguments = Array(operands.dropFirst())
        request.environment = try environment.resolve(lookUp)
        return request
    }
}
