import Containers
import Core
import Images
import Lifecycle
import Linux
import Registry

/// Where a container's root file system comes from, and which words are its command.
struct RootSource {
    /// As `ps` shows it.
    let name: String
    let image: Image?
    /// Top one first.
    let layers: [String]
    let command: [String]
    /// The first word was taken for a command, since there is no image of that name.
    var isImplied = false
}

extension Engine {
    /// The first word names an image when it is in the store, is a path to a root file system, or looks like a reference;
    /// otherwise the default image runs all the words, unless it has no such program: then it is an image that is not here yet.
    /// `--image`, `--rootfs` and `--pull` leave no doubt.
    func rootSource(_ request: RunRequest) throws(OperationError) -> RootSource {
        if let directory = request.rootDirectory { return try rootDirectory(directory, command: request.words) }
        if let name = request.image {
            return source(try wantedImage(name, request), name, request.words)
        }
        guard let first = request.words.first else {
            // Docker wants an image; here the default one has a command of its own.
            return source(try imageStore.defaultImage(), ImageStore.defaultReference, [])
        }
        let rest = Array(request.words.dropFirst())
        let isDirectory = first.contains("/") && Files.isDirectory(first)
        if request.pullPolicy != nil, !isDirectory { return source(try wantedImage(first, request), first, rest) }
        // `df`, `dd` and `ed` are programs, whatever the ids of images begin with.
        if let image = try image(named: first, shortestID: 4) {
            return source(try fitting(image, first, request.pullPolicy, request.platform), first, rest)
        }
        if isDirectory { return try rootDirectory(first, command: rest) }
        if Reference.isMeant(by: first) { return source(try wantedImage(first, request), first, rest) }
        let defaultImage = try imageStore.defaultImage()
        if hasProgram(first, defaultImage, request) == false {
            return source(try namedByBareWord(first, request), first, rest)
        }
        var implied = source(defaultImage, ImageStore.defaultReference, request.words)
        implied.isImplied = true
        return implied
    }

    private func wantedImage(_ name: String, _ request: RunRequest) throws(OperationError) -> Image {
        try wantedImage(name, request.pullPolicy, platform: request.platform)
    }

    /// The image that a name is meant for, by the policy that holds; nil is `missing`.
    func wantedImage(_ name: String, _ policy: PullPolicy?, platform: String?) throws(OperationError) -> Image {
        let isID = Digest(hex: name) != nil || Digest(name) != nil
        if policy == .always, !isID { return try pulledImage(name, platform, isMissing: false) }
        if let image = try image(named: name) { return try fitting(image, name, policy, platform) }
        if let image = try imageStandingFor(name) { return try fitting(image, name, policy, platform) }
        if policy == .never || isID { throw try noSuchImage(name) }
        return try pulledImage(name, platform, isMissing: true)
    }

    private func namedByBareWord(_ word: String, _ request: RunRequest) throws(OperationError) -> Image {
        do throws(OperationError) {
            return try wantedImage(word, request)
        } catch {
            var error = error
            let program = Program.current.name
            error.remedy =
                "\"\(word)\" is no program of the default image (\(ImageStore.defaultReference)) either: bring the image "
                + "by \(program) pull \(word), \(program) load -i FILE or \(program) import FILE \(word)"
            throw error
        }
    }

    /// What a short name stands for by registries.conf, where that is here.
    private func imageStandingFor(_ name: String) throws(OperationError) -> Image? {
        guard Program.current != .docker, (try? Reference(name)) != nil else { return nil }
        let configuration = try RegistriesConfiguration.read(environment: CallersEnvironment.value)
        for candidate in try configuration.candidates(for: name) {
            if let image = try imageStore.resolve(candidate.description) { return image }
        }
        return nil
    }

    private func source(_ image: Image, _ name: String, _ command: [String]) -> RootSource {
        RootSource(name: name, image: image, layers: image.layerDirectories, command: command)
    }

    private func rootDirectory(_ path: String, command: [String]) throws(OperationError) -> RootSource {
        guard let absolute = Files.absolute(path), Files.isDirectory(absolute) else {
            throw OperationError("open root file system", path, reason: "no such directory")
        }
        return RootSource(name: absolute, image: nil, layers: [absolute], command: command)
    }

    private func noSuchImage(_ name: String) throws(OperationError) -> OperationError {
        let program = Program.current
        let ways = "bring it by \(program.name) pull, \(program.name) load -i FILE or \(program.name) import FILE NAME"
        // As docker the first word is always an image.
        let other = program == .docker ? "" : ", or name a command to run in the default image"
        return .imageNotFound(try Reference(name), remedy: ways + other)
    }

    /// The account that the program runs as, from the files that the container will see.
    func resolveUser(_ definition: ContainerDefinition, over upper: [String] = []) throws(OperationError)
        -> ResolvedUser
    {
        let mounts = try plannedMounts(definition)
        return try resolveUser(
            definition.user, adding: definition.groupsAdded, in: .layers(upper + definition.layers, mounts: mounts))
    }

    /// - Parameter groups: those that it has besides, by name or number.
    func resolveUser(
        _ user: String, adding groups: [String], in source: AccountSource
    ) throws(OperationError) -> ResolvedUser {
        try UserDatabase(about: user, groups, from: source).resolve(user, adding: groups)
    }
}

extension Reference {
    /// Whether a word that is no image of the store was meant as one, well-formed or not: a bare word or a path is a command.
    static func isMeant(by text: String) -> Bool {
        let isPath = text.hasPrefix("/") || text.hasPrefix("./") || text.hasPrefix("../")
        return text.isEmpty || !isPath && text.contains { "/:@".contains($0) }
    }

    /// `text` with its default tag, for an error.
    static func shown(_ text: String) -> String { (try? Reference(text))?.description ?? text }
}
