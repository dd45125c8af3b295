import Core
import Images

/// What `build` was asked to do; nothing here has been looked up yet.
package struct BuildRequest: Sendable {
    package enum Context: Equatable, Sendable {
        case directory(String)
        /// An archive, or a Dockerfile alone.
        case standardInput
    }

    package enum Network: String, Sendable {
        case usual = "default"
        case none, host
    }

    /// Where the image goes to, instead of the store.
    package enum Output: Equatable, Sendable {
        /// All of it, as an archive that `load` reads; nil is standard output.
        case image(SavedForm, String?)
        /// Its files: a directory, made where there is none.
        case directory(String)
        /// Its files as an archive; nil is standard output.
        case archive(String?)

        var isToStandardOutput: Bool {
            switch self {
            case .image(_, let path), .archive(let path): path == nil
            case .directory: false
            }
        }
    }

    package var context = Context.directory(".")
    /// `-` is standard input; nil is `Dockerfile` in the context.
    package var file: String?
    package var tags: [String] = []
    /// A stage by name or number; nil is the last one.
    package var target: String?
    package var arguments: [String: String] = [:]
    package var labels: [String: String] = [:]
    /// Nothing is taken from earlier builds.
    package var ignoresCache = false
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
