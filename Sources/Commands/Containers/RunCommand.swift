import Core
import Engine
import Linux

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
    var aliases: [NetworkAlias] = []
    var address: IPAddress?
    var address6: IPAddress?
    var mac: MACAddress?
    var linkLocal: [IPAddress] = []
    var restart = ""
    var health = HealthFlags()
    /// Nothing is said of pulling.
    var isQuiet = false
    /// Nothing is made.
    var isDryRun = false
    /// The file of the run that is repeated.
    var replayed: String?
    /// Milliseconds; nil waits for ever.
    var patience: Int64?

    package init() {}

    /// An image that a flag names brings its own command.
    package func complaint(aboutOperandCount count: Int) -> String? {
        isImageNamed ? nil : Self.synopsis.complaint(aboutOperandCount: count)
    }

    var isImageNamed: Bool { request.image != nil || request.rootDirectory != nil || replayed != nil }

    package mutating func run(
        _ operands: [String], _ context: inout CommandContext
    ) throws(OperationError) -> Int32 {
        let request = try request(words: operands, lookUp: context.environment, calledAs: context.program)
        if isDryRun {
            context.show(try context.engine.networkCommands(running: request))
            return 0
        }
        context.flush()
        switch try engine(in: context).run(request) {
        case .exited(let code): return code
        case .detached(let id):
            context.answer(id: id.hex, fate: "container \(id.short) was started", undo: "rm -f \(id.short)")
            guard let readiness = request.readiness else { return 0 }
            context.flush()
            let deadline = patience.map { Deadline(milliseconds: $0) }
            try context.engine.wait(started: id, until: readiness, deadline)
            return 0
        }
    }

    /// One that shows how far the image is on its way.
    func engine(in context: CommandContext) -> Engine {
        context.engine(telling: TransferBoard(sayingTo: .error, isQuiet: isQuiet || context.isJSON))
    }

    /// - Parameters:
    ///   - lookUp: the caller's environment.
    ///   - program: called as docker, the first word is an image, whatever else it may be.
    package func request(
        words: [String], lookUp: (String) -> String?, calledAs program: Program = .mydocker
    ) throws(OperationError) -> RunRequest {
        var request = request
        request.words = words
        if program == .docker, !isImageNamed, let image = words.first {
            request.image = image
            request.words.removeFirst()
        }
        request.environment = try environment.resolve(lookUp)
        request.labels = try EnvironmentValue.labels(files: labelFiles, flags: labels)
        request.networks = try choices()
        request.publishAddress = try Self.publishAddress(lookUp)
        request.restart = try RestartPolicy(parsing: restart)
        request.healthCheck = try health.resolve()
        try checkName(request.name)
        if let replayed { try request.replay(Engine.readRecording(replayed)) }
        try checkReadiness(request)
        try request.limits.check()
        try request.log.check()
        try attach(&request)
        guard !request.autoRemove || request.restart.name == .never else {
            throw OperationError("Conflicting options: cannot specify both --restart and --rm")
        }
        return request
    }

    private func attach(_ request: inout RunRequest) throws(OperationError) {
        if request.attached.isEmpty { return }
        if request.detached { throw OperationError("Conflicting options: -a and -d", kind: .invalid) }
        let (showsOutput, showsError) = (request.attached.contains("stdout"), request.attached.contains("stderr"))
        guard showsOutput || showsError else {
            throw OperationError(
                "nothing would be shown of a container that is attached to standard input alone",
                remedy: "add -a stdout", kind: .invalid)
        }
        if !request.attached.contains("stdin") { request.streams.input = -1 }
        // A terminal has one output.
        if !showsOutput, !request.terminal { request.streams.output = -1 }
        if !showsError { request.streams.error = -1 }
    }

    private static func publishAddress(_ lookUp: (String) -> String?) throws(OperationError) -> IPAddress? {
        let variable = "MYDOCKER_PUBLISH_IP"
        guard let text = lookUp(variable), !text.isEmpty else { return nil }
        guard let address = IPAddress(text), address.family == .ipv4, address.isUnicast else {
            throw OperationError(
                "\(variable) is no IPv4 address of this host: \(JSON.quoted(text))",
                remedy: "set it to one such as 127.0.0.1, or unset it", kind: .invalid)
        }
        return address
    }

    /// `--ip`, `--ip6`, `--mac-address`, `--link-local-ip` and `--network-alias` are of the first network.
    private func choices() throws(OperationError) -> [NetworkChoice] {
        var choices = networks
        if address == nil, address6 == nil, mac == nil, aliases.isEmpty, linkLocal.isEmpty { return choices }
        if choices.isEmpty { choices.append(NetworkChoice("bridge")) }
        guard choices[0].address == nil || address == nil, choices[0].address6 == nil || address6 == nil,
            choices[0].mac == nil || mac == nil, choices[0].linkLocal.isEmpty || linkLocal.isEmpty
        else {
            throw OperationError(
                "conflicting options: cannot specify both --ip, --ip6 or --mac-address and per-network ip, ip6 or mac-address",
                kind: .invalid)
        }
        choices[0].address = address ?? choices[0].address
        choices[0].address6 = address6 ?? choices[0].address6
        choices[0].mac = mac ?? choices[0].mac
        choices[0].linkLocal += linkLocal
        choices[0].aliases += aliases
        return choices
    }

    private func checkReadiness(_ request: RunRequest) throws(OperationError) {
        if request.readiness != nil, !request.detached {
            throw OperationError("--ready needs --detach", kind: .invalid)
        }
        if request.readiness == nil, patience != nil {
            throw OperationError("--ready-timeout needs --ready", kind: .invalid)
        }
        if request.replaces, request.name == nil {
            throw OperationError("cannot replace container without --name being set", kind: .invalid)
        }
    }

    private func checkName(_ name: String?) throws(OperationError) {
        // Docker takes a slash in front of it.
        guard let name, Name(name.hasPrefix("/") ? String(name.dropFirst()) : name) == nil else { return }
        throw Name.refusal(of: name, "Invalid container")
    }
}
