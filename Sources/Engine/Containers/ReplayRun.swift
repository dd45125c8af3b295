import Containers
import Core
import Images
import Lifecycle
import Linux
import Records

/// `--record` and `--replay`: a run as a file, which says of the container what was asked, which image it is by its digest, and
/// what its networks are like. Whoever may write it decides what runs: to replay a file is to trust it like a script.
extension Engine {
    /// Nothing is looked up on this host.
    package static func readRecording(_ path: String) throws(OperationError) -> RunRecording {
        do {
            // By a pipe, too: it is waited for.
            let json = try JSON(parsing: Files.read(path, limit: 16 << 20))
            let isNewer =
                RecordVersion.isNewer(json, than: RunRecording.version)
                || json["container"].map { RecordVersion.isNewer($0, than: ContainerDefinition.version) } ?? false
            if isNewer { throw RecordVersion.refusal(of: path) }
            return try RunRecording(RecordReader(json))
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError(
                "replay", path, reason: "it is no recording: \(error)", remedy: "make one with run --record FILE",
                kind: .invalid)
        }
    }

    /// Writes what is about to run, so that a run that fails can be repeated, too. It has secrets of the container's environment,
    /// and is its owner's alone.
    func record(_ request: RunRequest, _ plan: ContainerPlan) throws(OperationError) {
        guard let path = request.recordFile else { return }
        var recording = RunRecording(
            plan.definition, isNameGenerated: request.name == nil,
            isHostnameGenerated: request.recording?.isHostnameGenerated ?? (request.hostname == nil),
            networks: plan.networks.filter { !$0.isPredefined })
        guard recording.definition.isOfNoOther else {
            throw OperationError(
                "record run", path, reason: "it has a part of another container, which no recording can bring along",
                remedy: "leave out container:NAME and --link", kind: .unsupported)
        }
        if let status = Files.status(path, followLinks: false), !status.isRegular {
            throw OperationError(
                "record run", path, reason: "something else than a regular file is there",
                remedy: "name a new file, or a recording to replace", kind: .conflict)
        }
        recording.leaveScope()
        try Files.replace(path, Array((recording.json.versioned(RunRecording.version).compact + "\n").utf8))
    }

    /// - Parameter request: what is of this run alone; the container is the recording's.
    func plan(_ recording: RunRecording, _ request: RunRequest) throws(OperationError) -> ContainerPlan {
        let id = ContainerID.random()
        let isHosts = recording.definition.networkMode == .host || recording.definition.namespaces.uts == .host
        var definition = recording.repeated(
            id: id, name: try containerName(request.name), hostname: isHosts ? hostName() : id.short, created: .now())
        try definition.checkAsAsked()
        definition.layers = try layers(of: definition)
        definition.labels.merge(request.labels) { $1 }
        if let scope = request.labels[Scope.label] {
            for index in definition.volumes.indices { definition.volumes[index].labels[Scope.label] = scope }
        }
        definition.autoRemove = definition.autoRemove || request.autoRemove
        guard !definition.autoRemove || definition.restart.name == .never else {
            throw OperationError("Conflicting options: cannot specify both --restart and --rm", kind: .invalid)
        }
        definition.asked.isAttached = !request.detached
        definition.asked.cidFile = request.cidFile
        try checkPIDFile(definition.pidFile, cidFile: request.cidFile)
        try checkMounts(definition)
        try checkLimits(definition.limits)
        var process = try processPlan(definition, resolveUser(definition))
        if definition.terminal { process.terminalSize = request.streams.terminalSize }
        return try plan(definition, process, .new(isNameGenerated: request.name == nil))
    }

    /// The same image, whatever has its name here.
    private func layers(of definition: ContainerDefinition) throws(OperationError) -> [String] {
        guard let digest = definition.imageID else {
            guard Files.isDirectory(definition.image) else {
                throw OperationError("open root file system", definition.image, reason: "no such directory")
            }
            return [definition.image]
        }
        if let image = try imageStore.resolve(digest) { return image.layerDirectories }
        throw OperationError(
            "replay", definition.image, reason: "its image \(digest) is not here",
            remedy: "bring that image by \(Program.current.name) load -i FILE", kind: .notFound)
    }

    /// Makes the networks of the recording that are not here, for `body`; they go again when that fails.
    func providingNetworks<Result>(
        _ request: RunRequest, _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        let wanted = Set(request.recording?.definition.networkMode.names ?? [])
        var made: [ContainerID] = []
        do throws(OperationError) {
            for network in request.recording?.networks ?? [] where wanted.contains(network.name.text) {
                let (id, isNew) = try provide(network)
                if isNew { made.append(id) }
            }
            return try body()
        } catch {
            for id in made { try? removeNetwork(id.hex) }
            throw error
        }
    }

    /// One of that name will do; what is different is told.
    private func provide(_ network: NetworkDefinition) throws(OperationError) -> (id: ContainerID, isNew: Bool) {
        var request = NetworkRequest(name: network.name.text)
        request.driver = network.driver
        request.subnets = network.gateways
        request.gateways = network.gateways.map(\.address)
        request.givesAddresses = network.givesAddresses
        request.hasIPv4 = network.gateway != nil || !network.givesAddresses
        request.hasIPv6 = network.gateway6 != nil
        request.ranges = network.ranges
        request.auxiliary = network.auxiliary
        request.options = network.options
        request.isAttachable = network.isAttachable
        request.isInternal = network.isInternal
        request.firewall = network.firewall
        request.labels = network.labels
        request.ignoresExisting = true
        return try provideNetwork(request)
    }
}

/// A recording may be written by hand: it asks for nothing that a command line could not.
extension ContainerDefinition {
    fileprivate func checkAsAsked() throws(OperationError) {
        guard isOfNoOther else {
            throw OperationError("replay", reason: "it has a part of another container", kind: .unsupported)
        }
        try Scope.check(labels)
        try limits.check()
        try log.check()
        try checkSysctls()
        for capability in capabilities where Capabilities.mask(of: [capability]) == 0 {
            throw refusal("invalid capability \(JSON.quoted(capability))")
        }
        if let complaint = healthCheck?.complaint { throw refusal(complaint) }
        for volume in volumes {
            try Scope.check(volume.labels)
            try VolumeOptions.check(volume.options, driver: "")
        }
        let targets = mountTargets.map(\.target) + devices.map(\.target)
        for target in targets where MountTarget.normalized(target) != target {
            throw refusal("invalid mount target \(JSON.quoted(target))")
        }
        for device in devices where !Set(device.permissions).isSubset(of: "rwm") || device.permissions.isEmpty {
            throw refusal("bad mode specified: \(device.permissions)")
        }
        try checkTexts()
    }

    /// Of what becomes a line of a file, or a word for the kernel.
    private func checkTexts() throws(OperationError) {
        let words = [hostname, names.domain, workingDirectory, user] + names.searches + names.options + groupsAdded
        for word in words where word.utf8.contains(where: { $0 < 0x20 || $0 == 0x7f }) {
            throw refusal("\(JSON.quoted(word)) has a control character in it")
        }
        for word in arguments + environment where word.utf8.contains(0) {
            throw refusal("\(JSON.quoted(word)) has a zero byte in it")
        }
        guard hostname.utf8.count <= 64 else { throw refusal("invalid hostname format: use at most 64 bytes") }
    }

    private func refusal(_ reason: String) -> OperationError {
        OperationError("replay", reason: reason, kind: .invalid)
    }
}

extension ContainerDefinition {
    /// Whether it can run without that another container is there.
    fileprivate var isOfNoOther: Bool {
        if case .container = networkMode { return false }
        return namespaces.pid.container == nil && namespaces.ipc.container == nil && names.links.isEmpty
    }
}

extension RunRecording {
    /// Where it is replayed it belongs to the scope of that place, if to any.
    fileprivate mutating func leaveScope() {
        definition.labels[Scope.label] = nil
        for index in definition.volumes.indices { definition.volumes[index].labels[Scope.label] = nil }
        networks = networks.map { $0.labelled($0.labels.filter { $0.key != Scope.label }) }
    }
}
