import Core
import Engine

/// What `run` and `exec` ask of a program alike.
protocol ProgramRequest {
    var workingDirectory: String? { get set }
    var user: String? { get set }
}
extension RunRequest: ProgramRequest {}
extension ExecRequest: ProgramRequest {}

/// A command that runs a program in a container.
protocol ProgramCommand: Command {
    associatedtype Request: ProgramRequest
    var request: Request { get set }
    var environment: EnvironmentFlags { get set }
}

extension ProgramCommand {
    static var programFlags: [Flag<Self>] {
        [
            .value("env", short: "e", "KEY=VALUE", "Set a variable, or take over the caller's") {
                command, text throws(OperationError) in
                command.environment.settings.append(try EnvironmentValue.checked(text))
            },
            .value("env-file", "FILE", "Read variables from a file") { command, text throws(OperationError) in
                command.environment.files.append(text)
            },
            .value("workdir", short: "w", "DIR", "Working directory in the container") {
                command, text throws(OperationError) in
                command.request.workingDirectory = try SimpleValue.given(text, PathValue.absolute)
            },
            .value("user", short: "u", "USER[:GROUP]", "User to run as, by name or number") {
                command, text throws(OperationError) in
                command.request.user = SimpleValue.given(text)
            },
        ]
    }
}

/// What the flags say about the environment.
struct EnvironmentFlags {
    var settings: [String] = []
    var files: [String] = []

    func resolve(_ lookUp: (String) -> String?) throws(OperationError) -> [String] {
        try EnvironmentValue.resolve(files: files, flags: settings, lookUp: lookUp)
    }
}
