import Containers
import Core
import Dockerfile
import Images
import Lifecycle
import Linux
import Supervisor

/// One build: what all of its stages and steps have in common.
final class BuildJob {
    let engine: Engine
    let request: BuildRequest
    /// Those of the scope that the build belongs to.
    let labels: [String: String]
    let workspace: BuildWorkspace
    let input: BuildInput
    /// Those that have names and came from elsewhere.
    let contexts: [String: OpenDirectory]
    let arguments: BuildArguments
    private(set) var graph: StageGraph
    let report: BuildReport
    private(set) var stages: [Int: StageBuild] = [:]
    /// What the images below the stages want to be done.
    private var triggers: [Instruction] = []
    /// What the next build may find.
    var kept: [CachedStep] = []
    /// Whether some step was not known.
    var hasCarriedOut = false
    let signals: SignalSource
    /// The signal that asks the build to end.
    private var interruption: Int32?
    private var places = 0
    /// What is told when the build has ended, each once.
    private(set) var warnings: [String] = []
    /// Names whose registry has nothing for this host.
    private var foreign: Set<String> = []

    init(_ engine: Engine, _ request: BuildRequest, labels: [String: String]) throws(OperationError) {
        self.engine = engine
        self.request = request
        self.labels = labels
        workspace = try BuildWorkspace(in: engine.imageStore)
        report = BuildReport(request.progress, request.report)
        let limit = try engine.imageSize(nil)
        input = try BuildInput(request, workspace, report, limit: limit, warn: { engine.warn($0) })
        contexts =
            request.checksOnly ? [:] : try Self.fetchContexts(of: request, workspace, report, limit: limit)
        do throws(DockerfileError) {
            arguments = try BuildArguments(
                input.file, given: request.arguments, architecture: Engine.architecture,
                target: request.target ?? "default")
            graph = try StageGraph(
                input.file, arguments, target: request.target,
                given: Self.sources(of: request))
        } catch {
            throw BuildFailure(error, in: input.text, of: input.fileName).told(to: request.report)
        }
        // Until here a signal ends this process, and what it had read is gone with it.
        signals = try SignalSource(ForwardedSignals.all)
        signals.onSignal = { [unowned self] in if Interruption.isOne($0) { interruption = $0 } }
    }

    private static func sources(of request: BuildRequest) -> [String: StageSource] {
        var sources: [String: StageSource] = [:]
        for (name, context) in request.named {
            let name = name.lowercased()
            if case .image(let image) = context {
                sources[name] = .image(image)
            } else {
                sources[name] = .context(name)
            }
        }
        return sources
    }

    /// - Throws: when a signal has asked the build to end.
    func checkInterruption() throws(OperationError) {
        signals.drain()
        guard let interruption else { return }
        Interruption.noteTaken()
        throw OperationError("build", reason: "ended by \(Signal.name(interruption))").exiting(with: 128 + interruption)
    }

    /// When something is said to have been made.
    func moment(_ created: Timestamp) -> Timestamp {
        request.newest.map { Timestamp(nanoseconds: $0 * 1_000_000_000) } ?? created
    }

    func makeStages() throws(OperationError) {
        for index in graph.order where stages[index] == nil {
            stages[index] = try StageBuild(input.file.stages[index], of: self)
        }
    }

    /// Stages that the image below one of them wants something of are built, too.
    func add(_ triggers: [Instruction], to stage: Int) throws(OperationError) {
        try locating { () throws(DockerfileError) in try self.graph.add(triggers, to: stage, in: self.input.file) }
        try makeStages()
        self.triggers += triggers
    }

    /// Those that the caller has given in vain; none as long as some image below a stage may still want them.
    var unusedArguments: [String] {
        stages.values.allSatisfy(\.hasBegun) ? arguments.unused(in: input.file, triggers: triggers) : []
    }

    /// A number that nothing else of this build has.
    func nextPlace() -> Int {
        places += 1
        return places
    }

    /// What is said of an error at some lines of the file, whatever its own exit code is, unless a signal has ended it.
    func failure(_ error: OperationError, at lines: ClosedRange<Int>) -> OperationError {
        let code = error.exitCode.flatMap { $0 > 128 ? $0 : nil } ?? 1
        let error = OperationError(
            "failed to solve: \(error)", remedy: error.remedy, exitCode: code, kind: error.kind)
        report.finish()
        return BuildFailure(error, at: lines, in: input.text, of: input.fileName).told(to: request.report)
    }

    /// Calls `body`, whose errors are about an instruction.
    func locating<Value>(_ body: () throws(DockerfileError) -> Value) throws(OperationError) -> Value {
        do throws(DockerfileError) {
            return try body()
        } catch {
            let failure = OperationError(error.message, kind: .invalid)
            throw self.failure(failure, at: error.lines ?? 1...1)
        }
    }

    /// An image that a stage begins with. One that is removed as soon as it was found is looked for once more; one for another
    /// platform gives way to what its registry has for this host.
    /// - Parameter step: of the report, which tells of a pull.
    func base(named name: String, telling step: Int) throws(OperationError) -> BuiltImage {
        guard (try? Reference(name)) != nil else {
            throw OperationError(
                "failed to parse stage name \(JSON.quoted(name)): invalid reference format", kind: .invalid)
        }
        var engine = engine
        engine.progress = BuildPull(report, step)
        while true {
            let image = try engine.wantedImage(name, request.pulls ? .always : .missing, platform: nil)
            guard let built = try workspace.begin(from: image) else { continue }
            guard let platform = built.platform, platform.rank(for: nil) == nil else { return built }
            guard !foreign.contains(name), let native = try engine.nativeImage(image, name) else {
                foreign.insert(name)
                note(platform, of: name)
                return built
            }
            if let built = try workspace.begin(from: native) { return built }
        }
    }

    private func note(_ platform: Platform, of name: String) {
        warn(
            "InvalidBaseImagePlatform: Base image \(name) was pulled with platform \"\(platform)\", expected "
                + "\"\(Platform.host)\" for current build")
    }

    func warn(_ text: String) { if !warnings.contains(text) { warnings.append(text) } }
}
