import Containers
import Core
import Lifecycle

/// What `run` was asked to do, flag by flag, each with its own type; nothing here has been looked up yet.
package struct RunRequest: Sendable {
    /// The words behind the flags: `[IMAGE] [COMMAND] [ARGUMENT…]`.
    package var words: [String] = []
    package var image: String?
    package var rootDirectory: String?
    /// Where its input comes from and its output goes to.
    package var streams = CallerStreams.standard
    package var interactive = false
    package var terminal = false
    package var detached = false
    /// Signals to the command go to the program.
    package var passesSignals = true
    package var autoRemove = false
    package var name: String?
    /// `KEY=VALUE`, later ones win.
    package var environment: [String] = []
    package var binds: [BindMount] = []
    package var temporaryMounts: [TemporaryMount] = []
    package var devices: [DeviceMapping] = []
    package var workingDirectory: String?
    package var user: String?
    package var hostname: String?
    /// None is `bridge`.
    package var networks: [NetworkChoice] = []
    package var publish: [PublishRequest] = []
    /// Every port that the image exposes, at a free host port (`-P`).
    package var publishExposed = false
    /// Replaces the image's entry point; empty removes it.
    package var entrypoint: String?
    package var readOnlyRoot = false
    package var capabilitiesAdded: [String] = []
    package var capabilitiesDropped: [String] = []
    package var privileged = false
    /// `unconfined`, or the path of a profile; nil is the default profile.
    package var seccomp: String?
    package var noNewPrivileges = false
    package var usesInit = false
    package var stopSignal: Int32?
    package var stopTimeout: Int64?
    package var ulimits: [ResourceUlimit] = []
    package var limits = ResourceLimits()
    package var labels: [String: String] = [:]
    package var log = LogLimits()
    package var restart = RestartPolicy()
    package var cidFile: String?

    package init() {}

    /// - Parameter labels: those of its scope.
    func labelled(_ labels: [String: String]) throws(OperationError) -> RunRequest {
        try Scope.check(self.labels)
        var request = self
        request.labels.merge(labels) { $1 }
        return request
    }
}

/// How `run` ended.
package enum RunOutcome: Sendable {
    /// In the foreground: the exit code to end with.
    case exited(Int32)
    /// In the background: the program has been exec'd.
    case detached(ContainerID)
}
