import Containers
import Core
import Glibc
import Images
import Lifecycle
import Linux
import Networking

extension Engine {
    /// Of a new container.
    func plan(_ request: RunRequest) throws(OperationError) -> ContainerPlan {
        try checkHost(request)
        if let recording = request.recording { return try plan(recording, request) }
        let source = try rootSource(request)
        do throws(OperationError) {
            let plan = try plan(request, from: source)
            if request.platform == nil, let image = source.image { warnOfPlatform(of: image) }
            return plan
        } catch {
            // It was removed while it was read: it is looked for once more, or pulled.
            guard source.image.map({ isGone($0.id.description) }) ?? false else { throw error }
            return try plan(request)
        }
    }

    /// Of one whose root file system is known.
    func plan(_ request: RunRequest, from source: RootSource) throws(OperationError) -> ContainerPlan {
        let arguments = try arguments(request, source)
        let id = ContainerID.random()
        var definition = ContainerDefinition(
            id: id, name: try containerName(request.name), created: .now(), image: source.name,
            imageID: source.image?.id.description, layers: source.layers, arguments: arguments, environment: [],
            workingDirectory: try workingDirectory(request, source),
            user: request.user ?? source.image?.config.user ?? "",
            hostname: request.hostname ?? id.short, networkMode: try networkMode(request.networks))
        try apply(request, to: &definition, image: source.image)
        try addVolumes(request, to: &definition, image: source.image)
        try settleSurroundings(request, &definition)
        definition.capabilities = try Capabilities.resolve(
            added: request.capabilitiesAdded, dropped: request.capabilitiesDropped, privileged: request.privileged)
        try checkMounts(definition)
        try checkLimits(definition.limits)
        let user = try resolveUser(definition)
        definition.environment = environment(request, source.image, definition, home: user.home)
        definition.networkMode.publish(try publishRequests(request, source.image, definition.networkMode))
        definition.asked = asked(request, source, definition)
        var process = try processPlan(definition, user)
        // getenv(3) takes the first of two.
        process.environment = Environment(process.environment + request.secretEnvironment).entries
        if definition.terminal { process.terminalSize = request.streams.terminalSize }
        if source.isImplied, request.entrypoint == nil {
            try settleImplied(&process, word: request.words[0], definition)
        }
        return try plan(definition, process, .new(isNameGenerated: request.name == nil))
    }

    /// Of a container that is there.
    func plan(_ definition: ContainerDefinition, _ claim: ContainerClaim) throws(OperationError) -> ContainerPlan {
        for layer in definition.layers where !Files.isDirectory(layer) {
            throw OperationError(
                "start container", definition.name.text, reason: "its image's layer \(layer) is gone",
                remedy: "make the container anew")
        }
        try checkMounts(definition)
        // It may have changed its own passwd.
        let user = try resolveUser(definition, over: [layout.upper(definition.id)])
        return try plan(definition, processPlan(definition, user), .existing(claim))
    }

    func plan(
        _ definition: ContainerDefinition, _ process: ProcessPlan, _ origin: ContainerPlan.Origin
    ) throws(OperationError) -> ContainerPlan {
        var definition = definition
        let networks = try networks(for: &definition.networkMode)
        if case .new = origin { try warnOfPorts(definition.networkMode, networks) }
        let cgroup = try CgroupHost(below: definition.cgroupParent).plan(
            for: definition.id, limits: definition.limits, limitsDevices: definition.needsDeviceCgroup)
        try checkEnd(of: definition, cgroup)
        var plan = ContainerPlan(
            definition: definition, process: process, networks: networks, cgroup: cgroup, origin: origin)
        plan.confirmImage = { [definition] () throws(OperationError) in
            guard let image = definition.imageID.flatMap({ Digest($0) }), try !imageStore.isPresent(image) else {
                return
            }
            throw OperationError("No such image: \(Reference.shown(definition.image))", kind: .notFound)
        }
        return plan
    }

    /// Carries `body` out with a container's plan. An image that was removed before the container was on record is looked for once
    /// more, or pulled.
    func withPlan<Result>(
        of request: RunRequest, _ body: (ContainerPlan) throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        while true {
            let plan = try plan(request)
            do throws(OperationError) {
                return try body(plan)
            } catch {
                guard error.kind == .notFound, isGone(plan.definition.imageID) else { throw error }
            }
        }
    }

    /// Whether an image has been removed.
    func isGone(_ image: String?) -> Bool {
        guard let id = image.flatMap({ Digest($0) }) else { return false }
        // One that is found without waiting for anybody has not gone.
        if ((try? imageStore.resolve(id.description)) ?? nil) != nil { return false }
        return (try? imageStore.isPresent(id)) == false
    }

    /// Without a pid namespace of its own, a container's processes are known by its cgroup alone.
    private func checkEnd(of definition: ContainerDefinition, _ cgroup: CgroupPlan) throws(OperationError) {
        guard definition.namespaces.pid != .own, cgroup.directories.isEmpty else { return }
        throw OperationError(
            "share a PID namespace", reason: "this host has no cgroups to end the container's processes by",
            remedy: "mount cgroup2 at \(CgroupHost.root)", kind: .unsupported)
    }

    private func apply(
        _ request: RunRequest, to definition: inout ContainerDefinition, image: Image?
    ) throws(OperationError) {
        definition.terminal = request.terminal
        definition.openStdin = request.interactive
        definition.autoRemove = request.autoRemove
        definition.isBuild = request.isBuild
        definition.binds = request.binds
        definition.volumes = request.volumes
        definition.temporaryMounts = request.temporaryMounts
        definition.devices = request.devices
        definition.readOnlyRoot = request.readOnlyRoot
        definition.privileged = request.privileged
        definition.seccomp = request.seccomp ?? (request.privileged ? "unconfined" : "default")
        definition.noNewPrivileges = request.noNewPrivileges
        definition.usesInit = request.usesInit
        definition.limits = request.limits
        definition.cgroupParent = request.cgroupParent
        definition.ulimits = request.ulimits
        definition.stopSignal = try stopSignal(request, image)
        definition.stopTimeout = request.stopTimeout ?? 10
        definition.timeLimit = request.timeLimit
        let inherited = (image?.config.labels ?? [:]).filter { $0.key != Scope.label }
        definition.labels = inherited.merging(request.labels) { $1 }
        definition.log = request.log
        definition.restart = request.restart
        definition.healthCheck = try healthCheck(request, image)
    }

    private func healthCheck(_ request: RunRequest, _ image: Image?) throws(OperationError) -> HealthCheck? {
        guard let asked = request.healthCheck else { return image?.config.healthCheck }
        let check = asked.completed(by: image?.config.healthCheck)
        if let complaint = check.complaint { throw OperationError(complaint, kind: .invalid) }
        return check
    }

    private func stopSignal(_ request: RunRequest, _ image: Image?) throws(OperationError) -> Int32 {
        if let signal = request.stopSignal { return signal }
        guard let name = image?.config.stopSignal, !name.isEmpty else { return SIGTERM }
        guard let signal = Signal.parse(name) else {
            throw OperationError(
                "the image's STOPSIGNAL", name, reason: "no such signal", remedy: "name one with --stop-signal",
                kind: .invalid)
        }
        return signal
    }

    func containerName(_ text: String?) throws(OperationError) -> Name {
        guard let text else { return .generated() }
        return try Self.containerName(text)
    }

    /// A slash in front of it counts for nothing, as in Docker.
    static func containerName(
        _ text: String, refusal: String = "Invalid container"
    ) throws(OperationError) -> Name {
        let bare = text.hasPrefix("/") ? String(text.dropFirst()) : text
        // Two characters at least: Docker's rule.
        guard let name = Name(bare), bare.utf8.count > 1 else { throw Name.refusal(of: text, refusal) }
        return name
    }

    private func arguments(_ request: RunRequest, _ source: RootSource) throws(OperationError) -> [String] {
        // The image's command goes with its entry point.
        let usual = request.entrypoint == nil ? source.image?.config.command ?? [] : []
        let command = source.command.isEmpty ? usual : source.command
        let arguments = entrypoint(request, source.image) + command
        guard !arguments.isEmpty else {
            throw OperationError("no command specified", remedy: "name one behind the image")
        }
        return arguments
    }

    private func workingDirectory(_ request: RunRequest, _ source: RootSource) throws(OperationError) -> String {
        let directory = request.workingDirectory ?? source.image?.config.workingDirectory ?? ""
        if directory.isEmpty { return "/" }
        guard directory.hasPrefix("/") else {
            throw OperationError(
                "the working directory '\(directory)' is invalid, it needs to be an absolute path")
        }
        return directory
    }

    private func environment(
        _ request: RunRequest, _ image: Image?, _ definition: ContainerDefinition, home: String
    ) -> [String] {
        var environment = Environment()
        environment.set("PATH=" + Environment.defaultPath)
        environment.set("HOSTNAME=" + definition.hostname)
        if definition.terminal { environment.set("TERM=xterm") }
        for entry in image?.config.environment ?? [] { environment.set(entry) }
        for entry in request.environment { environment.set(entry) }
        environment.setDefault("HOME", home)
        return environment.entries
    }

    private func asked(
        _ request: RunRequest, _ source: RootSource, _ definition: ContainerDefinition
    ) -> ContainerRequestRecord {
        var asked = ContainerRequestRecord()
        asked.isAttached = !request.detached
        asked.attached = request.attached.sorted()
        asked.entrypointCount = entrypoint(request, source.image).count
        asked.publishesExposed = request.publishExposed
        asked.capabilitiesAdded = request.capabilitiesAdded
        asked.capabilitiesDropped = request.capabilitiesDropped
        asked.cidFile = request.cidFile
        let unnamed = request.volumes.filter(\.isAnonymous).map(\.target)
        let volumes = source.image?.config.volumes ?? []
        asked.volumes = volumes + unnamed.filter { !volumes.contains($0) }
        asked.volumesFrom = request.volumesFrom.map(\.text)
        asked.exposedPorts = (source.image?.config.exposedPorts ?? []) + request.exposedPorts
        asked.annotations = request.annotations
        asked.idleSecurityOptions = request.idleSecurityOptions
        let given = (source.image?.config.environment ?? []) + request.environment
        asked.environmentAdded = ["PATH", "HOSTNAME", "TERM", "HOME"].filter { key in
            Environment.value(key, in: given) == nil && Environment.value(key, in: definition.environment) != nil
        }
        return asked
    }

    private func entrypoint(_ request: RunRequest, _ image: Image?) -> [String] {
        guard let replaced = request.entrypoint else { return image?.config.entrypoint ?? [] }
        return replaced.isEmpty ? [] : [replaced]
    }

    func processPlan(_ definition: ContainerDefinition, _ user: ResolvedUser) throws(OperationError)
        -> ProcessPlan
    {
        var process = ProcessPlan(
            command: definition.arguments[0], arguments: definition.arguments, environment: definition.environment,
            directory: definition.workingDirectory, path: Environment.value("PATH", in: definition.environment) ?? "",
            capabilities: Capabilities.mask(of: definition.capabilities))
        process.user = user.uid
        process.group = user.gid
        process.groups = user.groups
        process.noNewPrivileges = definition.noNewPrivileges
        process.seccomp = try SeccompProfile.load(
            definition.seccomp, capabilities: definition.capabilities, cacheDirectory: layout.seccompCache)
        process.ulimits = definition.ulimits
        process.usesInit = definition.usesInit
        process.oomScore = definition.kernel.oomScore
        return process
    }
}

func hostName() -> String { Files.line("/proc/sys/kernel/hostname") ?? "localhost" }
