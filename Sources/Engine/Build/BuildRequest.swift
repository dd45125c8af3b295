import Core
import Images
import Linux

/// What `build` was asked to do; nothing here has been looked up yet.
package struct BuildRequest: Sendable {
    package enum Context: Equatable, Sendable {
        case directory(String)
        /// An archive, or a Dockerfile alone.
        case standardInput
        /// The same at a URL.
        case download(String)
        case repository(GitAddress)

        /// As the command line has it. A directory of that name goes before a repository at GitHub.
        package static func named(_ text: String) throws(OperationError) -> Context {
            if text == "-" { return .standardInput }
            let isGitHub = text.hasPrefix("github.com/") && !Files.exists(text)
            if let address = try isGitHub ? GitAddress(gitHub: text) : GitAddress(text) { return .repository(address) }
            let isWeb = ["http://", "https://"].contains { text.lowercased().hasPrefix($0) }
            return isWeb ? .download(text) : .directory(text)
        }
    }

    package enum Network: String, Sendable {
        case usual = "default"
        case none, host
    }

    /// Where the image goes to, instead of the store.
    package enum Output: Equatable, Sendable {
        /// All of it, as an archive that `load` reads; nil is standard output. Without a
        /// compression layers are as they are in the store.
        case image(SavedForm, String?, SavedCompression? = nil)
        /// Its files: a directory, made where there is none.
        case directory(String)
        /// Its files as an archive; nil is standard output.
        case archive(String?)
        /// Nowhere: what was built is known to the next build, and no more.
        case nothing

        /// Whether it waits for a reader: a pipe, a device, or what a descriptor is open for.
        var mayWait: Bool {
            switch self {
            case .image(_, let path, _), .archive(let path):
                guard let path else { return true }
                return Files.status(path).map { !$0.isRegular && !$0.isDirectory } ?? false
            case .directory, .nothing: return false
            }
        }

        var isToStandardOutput: Bool {
            switch self {
            case .image(_, let path, _), .archive(let path): path == nil
            case .directory, .nothing: false
            }
        }
    }

    package enum NamedContext: Equatable, Sendable {
        case image(String)
        case files(Context)
    }

    package struct RunLimits: Equatable, Sendable {
        package var resources = ResourceLimits()
        package var ulimits: [ResourceUlimit] = []
        /// Bytes of /dev/shm; nil is the usual.
        package var sharedMemory: Int64?
        package var cgroupParent: CgroupParent?

        package init() {}
    }

    package var context = Context.directory(".")
    /// `-` is standard input; nil is `Dockerfile` in the context.
    package var file: String?
    package var tags: [String] = []
    /// A stage by name or number; nil is the last one.
    package var target: String?
    package var arguments: [String: String] = [:]
    package var labels: [String: String] = [:]
    /// Of its manifest.
    package var annotations: [String: String] = [:]
    /// The Dockerfile is read, and nothing is built.
    package var checksOnly = false
    /// Nothing is taken from earlier builds.
    package var ignoresCache = false
    /// Nor for these stages alone, by name or number.
    package var uncachedStages: Set<String> = []
    /// Images and contexts by the names that the Dockerfile has for them.
    package var named: [String: NamedContext] = [:]
    /// What each RUN may have of this host.
    package var limits = RunLimits()
    /// A RUN may ask for the host's network.
    package var allowsHostNetwork = false
    /// The image goes to the registries that its names say, too.
    package var pushes = false
    /// Gets, as JSON, what has come of it.
    package var metadataFile: String?
    /// Images are asked for at their registries, whether they are here or not.
    package var pulls = false
    package var network = Network.usual
    package var extraHosts: [ExtraHost] = []
    /// None is the store.
    package var outputs: [Output] = []
    package var identityFile: String?
    /// What RUN may see by its name, and nothing keeps.
    package var secrets: [String: [UInt8]] = [:]
    /// Sockets of agents, by their names.
    package var agents: [String: String] = [:]
    /// Seconds since 1970: when the image says that it was made, and no file of its new layers is younger.
    package var newest: Int64?
    /// What is built for; nil is this host.
    package var platform: String?
    /// How what is being done is told.
    package enum Progress: Sendable {
        /// In lines.
        case plain
        /// As a picture that is drawn over.
        case terminal
        /// Only what a step has said that fails.
        case quiet
    }

    package var progress = Progress.plain
    /// Gets what is told, in whole lines.
    package var report: @Sendable ([UInt8]) -> Void = { _ in }

    package init() {}
}

extension BuildRequest {
    /// The caller's open files that are read or written.
    func descriptors() throws(OperationError) -> [Int32] {
        let written = outputs.map { output -> String? in
            switch output {
            case .image(_, let path, _), .archive(let path): path
            case .directory, .nothing: nil
            }
        }
        return try DescriptorPath.inherited(written + [file, identityFile, metadataFile])
    }
}
