import Containers
import Core
import Dockerfile
import Glibc
import Images
import Lifecycle
import Linux

/// `COPY` and `ADD`, settled.
struct CopyStep {
    enum Origin {
        /// By a name of `--build-context`; nil is the context itself.
        case context(String?)
        case layers([BuiltLayer])
    }

    let copy: Copy
    let origin: Origin
    /// Absolute; with a slash behind it where it must be a directory.
    let destination: String
    let mode: ModeChange?
    let excluded: IgnoreFile
    /// Below where it copies from.
    private let paths: [String]
    private let remotes: [RemoteSource]
    private let repositories: [GitAddress]
    private let gitSource: GitRepository.Source
    /// Of what the one URL gives.
    private let checksum: Digest?

    init(_ copy: Copy, of stage: StageBuild) throws(OperationError) {
        self.copy = copy
        origin = try Self.origin(copy.from, of: stage)
        let path = CleanPath.join(stage.image.config.workingDirectory, copy.destination)
        let last = copy.destination.pathComponents.last ?? ""
        let isDirectory = copy.destination.hasSuffix("/") || [".", "..", ""].contains(last)
        destination = isDirectory && path != "/" ? path + "/" : path
        mode = try copy.mode.map { text throws(OperationError) in
            guard let mode = ModeChange(text) else {
                throw OperationError("invalid chmod parameter: '\(text)'", kind: .invalid)
            }
            return mode
        }
        excluded = try Self.excluded(copy)
        var (paths, remotes, repositories): ([String], [RemoteSource], [GitAddress]) = ([], [], [])
        for case .path(let text) in copy.sources {
            if copy.isAdd, let repository = try GitAddress(text) {
                repositories.append(try repository.checked(by: copy.checksum))
            } else if copy.isAdd, let remote = try RemoteSource(text) {
                remotes.append(remote)
            } else {
                paths.append(text)
            }
        }
        (self.paths, self.remotes, self.repositories) = (paths, remotes, repositories)
        checksum = repositories.isEmpty ? try Self.digest(copy.checksum) : nil
        let request = stage.job.request
        gitSource = .dockerfile(agent: request.agents["default"], mayAskHost: request.network == .host)
        try check()
    }

    private static func digest(_ checksum: String?) throws(OperationError) -> Digest? {
        try checksum.map { text throws(OperationError) in
            guard let digest = Digest(text) else {
                throw OperationError("invalid checksum digest \(JSON.quoted(text))", kind: .invalid)
            }
            return digest
        }
    }

    private static func excluded(_ copy: Copy) throws(OperationError) -> IgnoreFile {
        do throws(DockerfileError) { return try IgnoreFile(patterns: copy.excluded) } catch {
            throw OperationError(error.message, kind: .invalid)
        }
    }

    /// - Parameter name: of a stage or image; nil is the context.
    static func origin(_ name: String?, of stage: StageBuild) throws(OperationError) -> Origin {
        guard let name else { return .context(nil) }
        let source: StageSource
        do throws(DockerfileError) {
            source = try stage.job.graph.source(named: name, in: stage.job.input.file)
        } catch {
            throw OperationError(error.message, kind: .invalid)
        }
        switch source {
        case .scratch: return .layers([])
        case .context(let name): return .context(name)
        case .stage(let index):
            guard let source = stage.job.stages[index], source.isDone else {
                throw OperationError("stage \(JSON.quoted(name)) is not built", kind: .invalid)
            }
            return .layers(source.image.layers)
        case .image(let name):
            return .layers(try layers(of: name, stage.job))
        }
    }

    /// Of an image that no stage begins with: to get it is a step by itself.
    private static func layers(of name: String, _ job: BuildJob) throws(OperationError) -> [BuiltLayer] {
        let step = job.report.begin("FROM \(name)")
        do throws(OperationError) {
            let layers = try job.base(named: name, telling: step).layers
            job.report.done(step)
            return layers
        } catch {
            job.report.failed(step, error)
            throw error
        }
    }

    private func check() throws(OperationError) {
        let name = copy.isAdd ? "ADD" : "COPY"
        let isDirectory = destination.hasSuffix("/")
        if copy.sources.count > 1, !isDirectory {
            throw OperationError(
                "When using \(name) with more than one source file, the destination must be a directory "
                    + "and end with a /", kind: .invalid)
        }
        if copy.checksum != nil, remotes.count + repositories.count != 1 || copy.sources.count != 1 {
            throw OperationError(
                copy.sources.count > 1
                    ? "checksum can't be specified for multiple sources"
                    : "checksum can't be specified for non-HTTP(S) & non-Git sources", kind: .invalid)
        }
        for remote in remotes where isDirectory && remote.name == nil {
            throw OperationError(
                "cannot determine filename for source \"\(remote.url.shown)\"",
                remedy: "name the file in the destination", kind: .invalid)
        }
    }

    /// What its result depends on, beside the files.
    var value: JSON {
        [
            "destination": .string(destination), "owner": .optional(copy.owner), "mode": .optional(copy.mode),
            "parents": copy.keepsParents ? true : false, "add": copy.isAdd ? true : false,
            "link": copy.isLinked ? true : false,
            "unpacks": copy.unpacks.map { $0 ? true : false } ?? .null,
            // Of files here, what is left is in the digest.
            "excluded": .strings(repositories.isEmpty ? [] : copy.excluded),
        ]
    }
}

// MARK: - Carrying it out

extension CopyStep {
    /// Finds the files, and copies them unless that was done before.
    func perform(_ step: BuildStep, _ job: BuildJob) throws(OperationError) -> StepResult {
        switch origin {
        case .context(let name):
            let files = try job.files(of: name)
            return try perform(step, job, from: files.root, leavingOut: files.ignored)
        case .layers(let layers):
            let directory = try job.workspace.makeUpper("source-\(step.place)")
            let tree = try LayeredTree(job.workspace.nearDirectories(of: layers), in: directory, isWritable: false)
            let result = try perform(step, job, from: tree.root, leavingOut: IgnoreFile())
            tree.close()
            return result
        }
    }

    private func perform(
        _ step: BuildStep, _ job: BuildJob, from root: borrowing Descriptor, leavingOut ignored: IgnoreFile
    ) throws(OperationError) -> StepResult {
        let owner = try resolvedOwner(step, job)
        var ownership = CopyOwnership.settled(user: owner?.uid, group: owner?.gid, mode: mode)
        if owner == nil, case .context = origin { ownership = .settled(user: 0, group: 0, mode: mode) }
        let selection = CopySelection(ignored: ignored, excluded: excluded)
        if let kept = try keptRemote(step, job) { return kept }
        let fetched = try fetch(step, job)
        let clones = try repositories.enumerated().map { number, address throws(OperationError) in
            try GitClone(
                address, keepsGitDirectory: copy.keepsGitDirectory, namedBy: gitSource, step.place, number, job)
        }
        let listings = try sources(root, selection).map { place throws(OperationError) in
            try CopyListing(place, below: root, selection, ownership)
        }
        let documents = documents
        let content: JSON = .array(
            listings.map { .string($0.digestText) } + fetched.value + clones.map(\.value)
                + documents.map { ["name": .string($0.name), "text": .string($0.content)] })
        let key = try step.key(content: content)
        if !step.ignoresCache, let kept = try job.workspace.kept(key) {
            return StepResult(kept)
        }
        let budget = UnpackBudget(size: try job.engine.imageSize(nil))
        let layer = try job.changing(step) { target throws(OperationError) in
            let placement = try CopyTarget(self, ownership, owner, target, within: budget)
            for listing in listings { try placement.copy(listing, from: root, unpacking: copy.unpacks ?? true) }
            try placement.copy(fetched, unpacking: copy.unpacks ?? false)
            for clone in clones { try clone.copy(to: placement, excluded, ownership) }
            for document in documents { try placement.write(document) }
            if copy.sources.count == paths.count, listings.isEmpty { try placement.makeDestination() }
        }
        var isSure = true
        for listing in listings where isSure { isSure = try listing.isUnchanged(root, selection, ownership) }
        return StepResult(key: key, layer: layer, isSure: isSure)
    }

    /// What was made before of a URL or a commit whose content is known beforehand.
    private func keptRemote(_ step: BuildStep, _ job: BuildJob) throws(OperationError) -> StepResult? {
        guard !step.ignoresCache, copy.sources.count == 1 else { return nil }
        var content: JSON?
        if let checksum, let remote = remotes.first {
            content = FetchedFile(name: remote.fileName, digest: checksum).value
        } else if let repository = repositories.first, let commit = repository.knownCommit {
            content = repository.value(of: commit, keepsGitDirectory: copy.keepsGitDirectory)
        }
        guard let content else { return nil }
        return try job.workspace.kept(step.key(content: .array([content]))).map(StepResult.init)
    }

    private func fetch(_ step: BuildStep, _ job: BuildJob) throws(OperationError) -> FetchedFiles {
        let directory = job.workspace.file("remote-\(step.place)")
        let files = try FetchedFiles(
            remotes, into: directory, isOfHost: job.request.network == .host, limit: job.engine.imageSize(nil))
        if let checksum, let digest = files.files.first?.digest, digest != checksum {
            throw OperationError("digest mismatch \(digest): \(checksum)", kind: .denied)
        }
        return files
    }

    private var documents: [Heredoc] {
        copy.sources.compactMap { if case .document(let document) = $0 { document } else { nil } }
    }

    /// Nil leaves owners as they are.
    private func resolvedOwner(_ step: BuildStep, _ job: BuildJob) throws(OperationError) -> ResolvedUser? {
        guard let text = copy.owner else { return nil }
        let layers = job.workspace.directories(of: step.layers)
        do throws(OperationError) {
            var user = try job.engine.resolveUser(text, adding: [], in: .layers(layers, mounts: []))
            // A number alone is that of the group, too.
            if !text.contains(":"), text.utf8.allSatisfy(\.isDigit) { user.gid = user.uid }
            return user
        } catch {
            throw OperationError("\(error.description)", kind: error.kind)
        }
    }

    /// The paths that the sources name, wildcards being matched.
    private func sources(
        _ root: borrowing Descriptor, _ selection: CopySelection
    ) throws(OperationError) -> [CopySource] {
        var found: [CopySource] = []
        for text in paths {
            found += try CopySource.all(text, below: root, selection, keepsParents: copy.keepsParents)
        }
        return found
    }
}
