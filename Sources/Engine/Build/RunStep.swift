import Containers
import Core
import Dockerfile
import Glibc
import Images
import Lifecycle
import Linux
import Supervisor

/// `RUN`, settled.
struct RunStep {
    let words: [String]
    /// `NAME=VALUE`: of the image, and of arguments that it does not set.
    let environment: [String]
    /// Proxies, which nothing depends on.
    let proxies: [String]
    let directory: String
    let user: String
    let network: BuildRequest.Network
    let hosts: [ExtraHost]
    let mounts: RunMounts
    /// A document that is executed.
    let file: (name: String, content: String)?

    init(_ run: Run, of stage: StageBuild) throws(OperationError) {
        let job = stage.job
        if run.isInsecure {
            throw OperationError(
                "security.insecure is not allowed", kind: .unsupported)
        }
        switch run.script(escape: job.input.file.directives.escape) {
        case .invocation(let invocation):
            words = invocation.words(shell: stage.shell)
            file = nil
        case .file(let name, let content):
            words = ["/run/buildkit/pipes/\(name)"]
            file = (name, content)
        }
        guard !words.isEmpty else { throw OperationError("RUN has no command", kind: .invalid) }
        let given = job.request.arguments
        proxies = given.filter { Variables.proxies.contains($0.key) }.map { "\($0.key)=\($0.value)" }.sorted()
        let set = stage.variables.environment
        let declared = stage.variables.arguments.filter { Environment.value($0.name, in: set) == nil }
        environment = declared.map { "\($0.name)=\($0.value)" } + set
        directory = stage.image.config.workingDirectory
        user = stage.image.config.user
        network =
            run.network == .usual ? job.request.network : BuildRequest.Network(rawValue: run.network.rawValue) ?? .usual
        hosts = job.request.extraHosts
        guard network != .host || job.request.network == .host || job.request.allowsHostNetwork else {
            throw OperationError(
                "network.host is not allowed",
                remedy: "build with --allow network.host, when you trust the Dockerfile",
                kind: .denied)
        }
        mounts = try RunMounts(run, of: stage)
    }

    var shownWords: String { words.joined(separator: " ") }

    /// What its result depends on.
    var value: JSON {
        [
            "words": .strings(words), "environment": .strings(environment), "directory": .string(directory),
            "user": .string(user), "network": .string(network.rawValue), "hosts": .strings(hosts.map { "\($0)" }),
            "file": .optional(file?.content), "mounts": mounts.value,
        ]
    }

    /// The container that it is.
    func request(_ job: BuildJob, name: String, streams: CallerStreams, _ prepared: PreparedMounts) -> RunRequest {
        var request = RunRequest()
        request.words = words
        request.name = name
        request.autoRemove = true
        request.isBuild = true
        request.streams = streams
        request.passesSignals = false
        request.environment = proxies + environment + prepared.environment
        request.secretEnvironment = prepared.secretEnvironment
        request.binds = prepared.binds
        request.temporaryMounts = prepared.temporary
        request.workingDirectory = directory.isEmpty ? "/" : directory
        request.user = user
        request.hostname = "build"
        request.labels = job.labels
        request.log.isKept = false
        request.names.extraHosts = hosts
        let limits = job.request.limits
        (request.limits, request.ulimits) = (limits.resources, limits.ulimits)
        (request.kernel.sharedMemory, request.cgroupParent) = (limits.sharedMemory, limits.cgroupParent)
        if network != .usual { request.networks = [NetworkChoice(network.rawValue)] }
        return request
    }

    /// A document that is executed is a file there, and no part of the image.
    private func addScript(
        _ step: BuildStep, _ job: BuildJob, _ prepared: inout PreparedMounts
    ) throws(OperationError) {
        guard let file, let path = words.first else { return }
        let name = "script-\(step.place)"
        let directory = try Descriptor.open(job.workspace.path, O_RDONLY | O_DIRECTORY)
        try directory.replaceFile(FileName(name), file.content.kernelBytes, mode: 0o755, user: 0, group: 0)
        prepared.binds.append(
            BindMount(source: job.workspace.file(name), target: path, readOnly: true, makesSource: false))
    }

    /// Runs it, and makes a layer of what it has changed.
    func perform(
        _ step: BuildStep, _ job: BuildJob, name: String, streams: CallerStreams
    ) throws(OperationError) -> BuiltLayer {
        let directories = job.workspace.directories(of: step.layers)
        let source = RootSource(name: "build", image: nil, layers: directories, command: words)
        let engine = job.engine
        var prepared = try mounts.prepare(step, job)
        try addScript(step, job, &prepared)
        let plan = try engine.plan(request(job, name: name, streams: streams, prepared), from: source)
        try engine.host.checkOthers(of: plan.definition)
        let upper = engine.layout.upper(plan.definition.id)
        var layer: BuiltLayer?
        let code = try engine.host.runHere(plan, for: streams, passesSignals: false) { code throws(OperationError) in
            guard code == 0 else { return }
            try MountPoints.clear(in: upper, above: directories, prepared.targets)
            layer = try job.workspace.pack(upper, step.place, newest: step.newest)
        }
        guard code == 0, let layer else {
            throw OperationError(
                "process \"\(shownWords)\" did not complete successfully: exit code: \(code)",
                exitCode: 1)
        }
        return layer
    }
}
