import Core
import Engine

/// `mydocker exec`: another program in a running container.
package struct ExecCommand: Command {
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
            .value("env", short: "e", "KEY=VALUE", "Set a variable, or take over the caller's") {
                command, text throws(OperationError) in
                command.environment.settings.append(try EnvironmentValue.checked(text))
            },
            .value("env-file", "FILE", "Read variables from a file") { command, text throws(OperationError) in
                command.environment.files.append(text)
            },
            .value("workdir", short: "w", "DIR", "Working directory in the container") {
                command, text throws(OperationError) in
                command.request.workingDirectory = try PathValue.absolute(text)
            },
            .value("user", short: "u", "USER[:GROUP]", "User to run as, by name or number") {
                command, text throws(OperationError) in
                command.request.user = text
            },
            .toggle("privileged", "Give the command every right over the host") { $0.request.privileged = $1 },
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
