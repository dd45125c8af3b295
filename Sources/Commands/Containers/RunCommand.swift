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
    var networks: [NetworkChoice] = []
    var address: IPAddress?
    var mac: MACAddress?
    var restart = ""

    package init() {}

    /// An image that a flag names brings its own command.
    package func complaint(aboutOperandCount count: Int) -> String? {
        isImageNamed ? nil : Self.synopsis.complaint(aboutOperandCount: count)
    }

    var isImageNamed: Bool { request.image != nil || request.rootDirectory != nil }

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
        request.networks = try choices()
        request.restart = try RestartPolicy(parsing: restart)
        try checkName(request.name)
        try request.limits.checkSwap()
        try checkLog(request.log)
        guard !request.autoRemove || request.restart.name == .never else {
            throw OperationError("Conflicting options: cannot specify both --restart and --rm")
        }
        return request
    }

    /// `--ip` and `--mac-address` are of the first network.
    private func choices() throws(OperationError) -> [NetworkChoice] {
        var choices = networks
        if address == nil, mac == nil { return choices }
        if choices.isEmpty { choices.append(NetworkChoice("bridge")) }
        guard choices[0].address == nil || address == nil, choices[0].mac == nil || mac == nil else {
            throw OperationError(
                "conflicting options: cannot specify both --ip or --mac-address and per-network ip or mac-address",
                kind: .invalid)
        }
        choices[0].address = address ?? choices[0].address
        choices[0].mac = mac ?? choices[0].mac
        return choices
    }

    private func checkName(_ name: String?) throws(OperationError) {
        // Docker takes a slash in front of it.
        guard let name, Name(name.hasPrefix("/") ? String(name.dropFirst()) : name) == nil else { return }
        throw Name.refusal(of: name, "Invalid container")
    }

    private func checkLog(_ log: LogLimits) throws(OperationError) {
        var none = LogLimits()
        none.isKept = false
        guard log.isKept || log == none else { throw OperationError("invalid logging opts for driver none") }
    }
}
