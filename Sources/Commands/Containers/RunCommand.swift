import Core
import Engine

/// `mydocker run`: a new container.
package struct RunCommand: ProgramCommand {
    package static var synopsis: Synopsis {
        Synopsis(
            name: "run", group: .containers, operands: "[IMAGE] [COMMAND] [ARG...]",
            summary: "Run a command in a new container", operandCount: 1...Int.max, stopsAtOperand: true,
            failureCode: 125)
    }

    /// What can be taken over as it is given.
    var request = RunRequest()
    var environment = EnvironmentFlags()
    var labels: [String] = []
    var labelFiles: [String] = []
    var networks: [String] = []
    var restart = ""

    package init() {}

    /// An image that a flag names brings its own command.
    package func complaint(aboutOperandCount count: Int) -> String? {
        let isNamed = request.image != nil || request.rootDirectory != nil
        return isNamed ? nil : Self.synopsis.complaint(aboutOperandCount: count)
    }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let request = try request(words: operands, lookUp: context.environment)
        context.flush()
        switch try context.engine.run(request) {
        case .exited(let code): return code
        case .detached(let id):
            context.output.line(id.hex)
            return 0
        }
    }

    /// - Parameter lookUp: the caller's environment.
    package func request(
        words: [String], lookUp: (String) -> String?
    ) throws(OperationError) -> RunRequest {
        var request = request
        request.words = words
        request.environment = try environment.resolve(lookUp)
        request.labels = try EnvironmentValue.labels(files: labelFiles, flags: labels)
        request.network = try network()
        request.restart = try RestartPolicy(parsing: restart)
        try checkName(request.name)
        try request.limits.checkSwap()
        try checkLog(request.log)
        guard !request.autoRemove || request.restart.name == .never else {
            throw OperationError("Conflicting options: cannot specify both --restart and --rm")
        }
        return request
    }

    private func network() throws(OperationError) -> String? {
        guard let first = networks.first else { return nil }
        guard networks.allSatisfy({ $0 == first }) else {
            let names = networks.joined(separator: ", ")
            throw OperationError("a container can be connected to one network only: \(names)")
        }
        return first == "default" ? "bridge" : first
    }

    private func checkName(_ name: String?) throws(OperationError) {
        guard let name, Name(name) == nil else { return }
        throw Name.refusal(of: name, "Invalid container")
    }

    private func checkLog(_ log: LogLimits) throws(OperationError) {
        var none = LogLimits()
        none.isKept = false
        guard log.isKept || log == none else { throw OperationError("invalid logging opts for driver none") }
    }
}
