import Core
import Dockerfile
import Glibc
import Images
import Lifecycle
import Linux

/// What a RUN sees beside its image: `--mount`.
struct RunMounts {
    struct Mount {
        let mount: RunMount
        /// Absolute.
        let target: String
        /// Of a bind, and of what a cache begins with.
        let origin: CopyStep.Origin?
        /// Whether there is such a secret or agent.
        let isGiven: Bool
    }

    let mounts: [Mount]

    init(_ run: Run, of stage: StageBuild) throws(OperationError) {
        mounts = try run.mounts.map { mount throws(OperationError) in
            let usual = mount.kind == .secret ? "/run/secrets/" + (mount.id ?? "") : "/run/buildkit/ssh_agent.0"
            let target = CleanPath.join(stage.image.config.workingDirectory, mount.target ?? usual)
            guard target != "/" else {
                throw OperationError("invalid mount target \"/\"", kind: .invalid)
            }
            let isCopied = mount.kind == .bind || mount.kind == .cache && mount.from != nil
            let origin = isCopied ? try CopyStep.origin(mount.from, of: stage) : nil
            let isGiven =
                switch mount.kind {
                case .secret: stage.job.request.secrets[Self.identifier(of: mount)] != nil
                case .ssh: stage.job.request.agents[mount.id ?? "default"] != nil
                case .bind, .cache, .tmpfs: true
                }
            return Mount(mount: mount, target: target, origin: origin, isGiven: isGiven)
        }
    }

    /// Of a secret.
    private static func identifier(of mount: RunMount) -> String {
        mount.id ?? mount.target?.pathComponents.last ?? ""
    }

    /// Whether what it sees must be read before anybody can say whether it was there before.
    var readsContext: Bool {
        mounts.contains { if case .context = $0.origin { true } else { false } }
    }

    /// What a result depends on, beside files of the context. What a cache or a secret holds is none of that.
    var value: JSON {
        .array(
            mounts.map { mount in
                var members: [(key: String, value: JSON)] = [
                    ("kind", .string(mount.mount.kind.rawValue)), ("target", .string(mount.target)),
                    ("source", .optional(mount.mount.source)), ("id", .optional(mount.mount.id)),
                    ("variable", .optional(mount.mount.variable)), ("mode", .optional(mount.mount.mode)),
                    ("owner", .optional(mount.mount.owner)), ("group", .optional(mount.mount.group)),
                    ("readOnly", mount.mount.isReadOnly.map { .bool($0) } ?? .null),
                    ("size", .optional(mount.mount.size)), ("given", .bool(mount.isGiven)),
                    ("required", .bool(mount.mount.isRequired)),
                ]
                if case .layers(let layers) = mount.origin {
                    members.append(("layers", .strings(layers.map(\.diff.description))))
                }
                return .object(members)
            })
    }

    private static let kept = CopyOwnership.settled(user: nil, group: nil, mode: nil)

    private func sources(
        _ mount: Mount, below root: borrowing Descriptor, leavingOut ignored: IgnoreFile
    ) throws(OperationError) -> CopyListing {
        let selection = CopySelection(ignored: ignored, excluded: IgnoreFile())
        let source = try CopySource.one(mount.mount.source ?? "/", below: root, selection)
        return try CopyListing(source, below: root, selection, Self.kept)
    }

    /// What the files of the context say that are seen.
    func content(_ job: BuildJob) throws(OperationError) -> JSON {
        var digests: [JSON] = []
        for mount in mounts {
            guard case .context(let name) = mount.origin else { continue }
            let files = try job.files(of: name)
            digests.append(.string(try sources(mount, below: files.root, leavingOut: files.ignored).digestText))
        }
        return digests.isEmpty ? .null : .array(digests)
    }
}

/// Mounts that are ready for a container.
struct PreparedMounts {
    var binds: [BindMount] = []
    var temporary: [TemporaryMount] = []
    /// `NAME=VALUE`.
    var environment: [String] = []
    var secretEnvironment: [String] = []
    /// Where each cache is, by its id.
    var caches: [String: String] = [:]
    /// Open as long as the container runs.
    let locks = DescriptorSet()

    var targets: [String] { binds.map(\.target) + temporary.map(\.target) }
}

extension RunMounts {
    func prepare(_ step: BuildStep, _ job: BuildJob) throws(OperationError) -> PreparedMounts {
        var prepared = PreparedMounts()
        let secrets = try secretDirectory(step, job)
        // In the same order everywhere: two that wait for each other's would wait for ever.
        let caches = try mounts.enumerated().filter { $0.element.mount.kind == .cache }
            .map { number, mount throws(OperationError) in (id: try cacheID(mount, job), number: number, mount: mount) }
        for cache in caches.sorted(by: { $0.id < $1.id }) {
            try addCache(cache.mount, cache.id, step, cache.number, job, &prepared)
        }
        for (number, mount) in mounts.enumerated() {
            let place = job.workspace.file("mount-\(step.place)-\(number)")
            switch mount.mount.kind {
            case .bind: try addBind(mount, step, number, at: place, job, &prepared)
            case .cache: break
            case .tmpfs:
                let data = mount.mount.size.flatMap { ByteCount.parse($0) }.map { "size=\($0)" } ?? ""
                prepared.temporary.append(
                    TemporaryMount(target: mount.target, data: data, isExecutable: true, readOnly: false))
            case .secret: try addSecret(mount, FileName("\(number)"), in: secrets, job, &prepared)
            case .ssh: try addAgent(mount, job, &prepared)
            }
        }
        return prepared
    }

    /// A copy, so that what is ignored is not there, no link leads out, and what is written there is gone afterwards.
    private func addBind(
        _ mount: Mount, _ step: BuildStep, _ number: Int, at place: String, _ job: BuildJob,
        _ prepared: inout PreparedMounts
    ) throws(OperationError) {
        try Files.makeDirectory(place, mode: 0o755, existing: false)
        let isDirectory = try copy(mount, to: place, equipping: true, step, number, job)
        prepared.binds.append(
            BindMount(
                source: isDirectory ? place : place + "/file", target: mount.target,
                readOnly: mount.mount.isReadOnly ?? true, makesSource: false))
    }

    /// - Returns: whether it is a directory, whose content is there now; else it is a file in there.
    private func copy(
        _ mount: Mount, to place: String, equipping: Bool, _ step: BuildStep, _ number: Int, _ job: BuildJob
    ) throws(OperationError) -> Bool {
        switch mount.origin {
        case .context(let name):
            let files = try job.files(of: name)
            return try copy(mount, from: files.root, leavingOut: files.ignored, to: place, equipping: equipping)
        case .layers(let layers):
            let directory = try job.workspace.makeUpper("source-\(step.place)-\(number)")
            let tree = try LayeredTree(job.workspace.nearDirectories(of: layers), in: directory, isWritable: false)
            let isDirectory = try copy(
                mount, from: tree.root, leavingOut: IgnoreFile(), to: place, equipping: equipping)
            tree.close()
            return isDirectory
        case nil: return true
        }
    }

    private func copy(
        _ mount: Mount, from root: borrowing Descriptor, leavingOut ignored: IgnoreFile, to place: String,
        equipping: Bool
    ) throws(OperationError) -> Bool {
        let listing = try sources(mount, below: root, leavingOut: ignored)
        let source = try TreePlace("/" + listing.source.path, below: root, followsLink: true)
        let directory = try Descriptor.open(place, O_RDONLY | O_DIRECTORY)
        var copy = TreeCopy(Self.kept)
        copy.wants = { listing.paths.contains($0) }
        guard listing.isDirectory else {
            try copy.copy(source, from: listing.source.path, to: directory, as: FileName("file"), path: place)
            return false
        }
        try copy.copyContents(
            of: source.openDirectory(), from: listing.source.path, to: directory, path: place, equipping: equipping)
        return true
    }

    /// What a cache begins with makes it another one.
    private func cacheID(_ mount: Mount, _ job: BuildJob) throws(OperationError) -> String {
        let name = mount.mount.id ?? mount.target
        let source = mount.mount.source ?? "/"
        switch mount.origin {
        case nil: return name
        case .layers(let layers): return ([name, source] + layers.map(\.diff.hex)).joined(separator: ":")
        case .context(let context):
            let files = try job.files(of: context)
            let digest = try sources(mount, below: files.root, leavingOut: files.ignored).digestText
            return [name, source, digest].joined(separator: ":")
        }
    }

    private func addCache(
        _ mount: Mount, _ id: String, _ step: BuildStep, _ number: Int, _ job: BuildJob,
        _ prepared: inout PreparedMounts
    ) throws(OperationError) {
        let options = mount.mount
        let mode = options.mode.flatMap { UInt32($0, radix: 8) } ?? 0o755
        let owner = (options.owner.flatMap { UInt32($0) } ?? 0, options.group.flatMap { UInt32($0) } ?? 0)
        let cache = CacheDirectory(id: id, mode: mode, user: owner.0, group: owner.1)
        let path: String
        if let known = prepared.caches[id] {
            path = known
        } else {
            // Another step may make the same one meanwhile.
            let drafts = job.workspace.file("caches-\(step.place)")
            try Files.makeDirectory(drafts)
            path = try job.engine.imageStore.cacheDirectory(
                cache, waits: options.sharing == .locked, isShared: options.sharing == .shared, locks: prepared.locks,
                drafts: drafts
            ) { place throws(OperationError) in
                guard try copy(mount, to: place, equipping: false, step, number, job) else {
                    throw OperationError(
                        "mount cache", id, reason: "what it is to begin with is no directory", kind: .invalid
                    )
                }
            }
        }
        prepared.caches[id] = path
        prepared.binds.append(
            BindMount(
                source: path, target: mount.target, readOnly: options.isReadOnly ?? false, makesSource: false))
    }

    /// Secrets lie in memory that the step's process and its container alone see: no disk has them afterwards, whatever ends
    /// the builder.
    private func secretDirectory(_ step: BuildStep, _ job: BuildJob) throws(OperationError) -> String {
        let directory = job.workspace.file("secrets-\(step.place)")
        guard mounts.contains(where: { $0.mount.kind == .secret && $0.isGiven }) else { return directory }
        try Files.makeDirectory(directory, mode: 0o700, existing: false)
        try Mounts.cover(directory)
        return directory
    }

    private func addSecret(
        _ mount: Mount, _ name: FileName, in secrets: String, _ job: BuildJob, _ prepared: inout PreparedMounts
    ) throws(OperationError) {
        let options = mount.mount
        let id = Self.identifier(of: options)
        guard let secret = job.request.secrets[id] else {
            if options.isRequired { throw OperationError("secret \(id): not found", kind: .notFound) }
            return
        }
        if let variable = options.variable {
            prepared.secretEnvironment.append("\(variable)=\(String(kernel: secret))")
        }
        if options.variable != nil, options.target == nil { return }
        let directory = try Descriptor.open(secrets, O_RDONLY | O_DIRECTORY)
        try directory.replaceFile(
            name, secret,
            mode: mode_t(options.mode.flatMap { UInt32($0, radix: 8) } ?? 0o400),
            user: options.owner.flatMap { UInt32($0) } ?? 0, group: options.group.flatMap { UInt32($0) } ?? 0)
        let source = "\(secrets)/\(name.text)"
        prepared.binds.append(BindMount(source: source, target: mount.target, readOnly: true, makesSource: false))
    }

    private func addAgent(_ mount: Mount, _ job: BuildJob, _ prepared: inout PreparedMounts) throws(OperationError) {
        guard let socket = job.request.agents[mount.mount.id ?? "default"] else {
            if mount.mount.isRequired {
                throw OperationError(
                    "unset ssh forward key \(mount.mount.id ?? "default")", kind: .notFound)
            }
            return
        }
        prepared.binds.append(BindMount(source: socket, target: mount.target, readOnly: false, makesSource: false))
        prepared.environment.append("SSH_AUTH_SOCK=\(mount.target)")
    }
}
