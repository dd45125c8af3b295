import Core
import Engine
import Glibc
import Linux

/// `mydocker build`: makes an image as a Dockerfile says.
package struct BuildCommand: Command {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "build", aliases: ["buildx build", "buildx b", "image build", "builder build"], group: .images,
            operands: "PATH | URL | -",
            summary: "Build an image from a Dockerfile", operandCount: 1...1)
    }

    /// How what is being done is told.
    enum Progress: String, CaseIterable {
        case auto, plain, tty, quiet

        init(parsing text: String) throws(OperationError) {
            guard let progress = Progress(rawValue: text) else { throw OperationError("use auto, plain, tty or quiet") }
            self = progress
        }
    }

    /// What can be taken over as it is given.
    var request = BuildRequest()
    var arguments: [String] = []
    var labels: [String] = []
    /// Nil is as the caller's environment has it.
    var progress: Progress?
    var isQuiet = false
    var secrets: [String] = []
    var agents: [String] = []
    var outputs: [String] = []
    var contexts: [String] = []
    var builder: String?
    /// Flags that change nothing here.
    var idle: Set<String> = []

    package init() {}

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        if let builder { _ = try context.engine.builder(named: builder) }
        let request = try request(for: operands[0], lookUp: context.environment)
        context.flush()
        let id = try context.engine.build(request)
        guard !request.checksOnly else {
            context.output.line("Check complete, no warnings found.")
            context.answer = ["warnings": .array([])]
            return 0
        }
        context.warn(
            idle.sorted().map { OperationError("\($0) has no effect: what this host has built is known anyway") })
        if isQuiet, !id.isEmpty {
            context.answer(id: id, fate: "image \(id) is there", undo: nil)
        } else {
            context.answer = .object([("id", .string(id))])
        }
        return 0
    }

    package func request(for path: String, lookUp: (String) -> String?) throws(OperationError) -> BuildRequest {
        var request = request
        guard !path.isEmpty else { throw OperationError("path cannot be empty", kind: .invalid) }
        request.context = try .named(path)
        guard request.context != .standardInput || request.file != "-" else {
            throw OperationError(
                "invalid argument: can't use stdin for both build context and dockerfile", kind: .invalid)
        }
        for text in arguments {
            let argument = try BuildValues.argument(text, lookUp: lookUp)
            request.arguments[argument.name] = argument.value
        }
        request.labels = try EnvironmentValue.labels(files: [], flags: labels)
        for text in secrets {
            let secret = try BuildValues.secret(text, lookUp: lookUp)
            request.secrets[secret.id] = secret.bytes
        }
        for text in agents {
            let agent = try BuildValues.agent(text, lookUp: lookUp)
            request.agents[agent.id] = agent.socket
        }
        for text in contexts {
            let context = try BuildValues.context(text)
            request.named[context.name] = context.context
        }
        try BuildValues.setOutputs(outputs, of: &request)
        request.newest = try Self.newest(request.arguments["SOURCE_DATE_EPOCH"] ?? lookUp("SOURCE_DATE_EPOCH"))
        request.progress = try shownProgress(lookUp: lookUp)
        request.report = { Output.tell($0) }
        return request
    }

    private func wantedProgress(lookUp: (String) -> String?) throws(OperationError) -> Progress {
        if let progress { return progress }
        guard let text = lookUp("BUILDKIT_PROGRESS"), !text.isEmpty else { return .auto }
        do throws(OperationError) { return try Progress(parsing: text) } catch {
            throw OperationError("invalid BUILDKIT_PROGRESS", text, reason: error.description, kind: .invalid)
        }
    }

    private func shownProgress(lookUp: (String) -> String?) throws(OperationError) -> BuildRequest.Progress {
        if isQuiet { return .quiet }
        let isTerminal = Terminal.isTerminal(STDERR_FILENO)
        switch try wantedProgress(lookUp: lookUp) {
        case .quiet: return .quiet
        case .plain: return .plain
        case .auto: return isTerminal ? .terminal : .plain
        case .tty:
            guard isTerminal else {
                throw OperationError(
                    "--progress tty", reason: "standard error is no terminal", remedy: "use --progress plain",
                    kind: .invalid)
            }
            return .terminal
        }
    }

    private static func newest(_ text: String?) throws(OperationError) -> Int64? {
        guard let text, !text.isEmpty else { return nil }
        guard let seconds = Int64(text), (0...253_402_300_799).contains(seconds) else {
            throw OperationError(
                "invalid SOURCE_DATE_EPOCH: \(JSON.quoted(text)) is no number of seconds", kind: .invalid)
        }
        return seconds
    }
}
