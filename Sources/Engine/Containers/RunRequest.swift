import Containers
import Core
import Lifecycle

/// What `run` was asked to do, flag by flag, each with its own type; nothing here has been looked up yet.
package struct RunRequest: Equatable, Sendable {
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
    /// `stdin`, `stdout`, `stderr`: those that the caller has a part in; none is all.
    package var attached: Set<String> = []
    /// What leaves its terminal while it goes on; nil is nothing.
    package private(set) var detachKeys: DetachKeys?
    package var autoRemove = false
    package var name: String?
    /// A container of that name is removed first.
    package var replaces = false
    /// What the command waits for before it ends, in the background; nil is that the program runs.
    package var readiness: ReadyCondition?
    /// `KEY=VALUE`, later ones win.
    package var environment: [String] = []
    /// The same, for its first program alone: no record has them.
    package var secretEnvironment: [String] = []
    package var isBuild = false
    package var binds: [BindMount] = []
    package var temporaryMounts: [TemporaryMount] = []
    package var volumes: [VolumeMount] = []
    package var volumesFrom: [VolumesFrom] = []
    package var devices: [DeviceMapping] = []
    package var workingDirectory: String?
    package var user: String?
    package var hostname: String?
    /// None is `bridge`.
    package var networks: [NetworkChoice] = []
    package var publish: [PublishRequest] = []
    /// Where ports are published for which neither the flag nor the network names an address; nil is at all of this host's.
    package var publishAddress: IPAddress?
    /// Every port that the image exposes, at a free host port (`-P`).
    package var publishExposed = false
    /// Replaces the image's entry point; empty removes it.
    package var entrypoint: String?
    package var readOnlyRoot = false
    package var capabilitiesAdded: [String] = []
    package var capabilitiesDropped: [String] = []
    package var privileged = false
    /// `unconfined`, or a profile: the path of a file, and after `withProfile` what that says; nil is the default profile.
    package var seccomp: String?
    package var noNewPrivileges = false
    package var usesInit = false
    package var stopSignal: Int32?
    package var stopTimeout: Int64?
    /// Seconds that its program may run; nil is no limit.
    package var timeLimit: Int64?
    package var ulimits: [ResourceUlimit] = []
    package var limits = ResourceLimits()
    package var cgroupParent: CgroupParent?
    package var labels: [String: String] = [:]
    package var log = LogLimits()
    package var restart = RestartPolicy()
    /// Nil leaves it to the image.
    package var healthCheck: HealthCheck?
    package var cidFile: String?
    /// Other containers by whatever they are called.
    package var namespaces = NamespaceModes<String>()
    package var names = NameSettings()
    package var kernel = KernelSettings()
    /// `CONTAINER[:ALIAS]`
    package var links: [String] = []
    package var groupsAdded: [String] = []
    /// Ports that it says are of use, `80/tcp`.
    package var exposedPorts: [String] = []
    package var annotations: [String: String] = [:]
    package var pidFile: String?
    /// When its image is asked for at a registry; nil leaves open whether the first word is one.
    package var pullPolicy: PullPolicy?
    /// `OS[/ARCHITECTURE]` that it is to be for.
    package var platform: String?
    /// Of `--security-opt`, as they were written, about what no program of ours does.
    package var idleSecurityOptions: [String] = []
    /// Where the run is written down.
    package var recordFile: String?
    /// What is repeated: the container is as it says.
    package private(set) var recording: RunRecording?
    /// What the caller is to be told of the flags, once they are taken.
    package var warnings: [String] = []

    package init() {}

    /// - Parameter labels: those of its scope.
    func labelled(_ labels: [String: String]) throws(OperationError) -> RunRequest {
        try Scope.check(self.labels)
        var request = self
        request.labels.merge(labels) { $1 }
        return request
    }

    /// With what the profile's file says now: it may be a descriptor of the caller's, which is ours only in the beginning.
    func withProfile() throws(OperationError) -> RunRequest {
        guard let seccomp, seccomp != "unconfined" else { return self }
        var request = self
        request.seccomp = try SeccompProfile.kept(seccomp)
        return request
    }

    /// - Parameter text: as the user writes them: `ctrl-p,ctrl-q`.
    package mutating func setDetachKeys(_ text: String) throws(OperationError) {
        detachKeys = try DetachKeys(parsing: text)
    }

    /// Repeats a run that was written down.
    /// - Throws: when the container was asked to be otherwise.
    package mutating func replay(_ recording: RunRecording) throws(OperationError) {
        guard concernsThisRunAlone else {
            throw OperationError(
                "--replay takes the command and all settings of the container from its file",
                remedy: "leave them out, or run it anew with --record", kind: .invalid)
        }
        self.recording = recording
        interactive = recording.definition.openStdin
        terminal = recording.definition.terminal
        detached = detached || !recording.definition.asked.isAttached
        if name == nil, !recording.isNameGenerated { name = recording.definition.name.text }
    }

    /// Nothing is asked of the container but its name and what becomes of it.
    private var concernsThisRunAlone: Bool {
        var plain = RunRequest()
        plain.streams = streams
        plain.detached = detached
        plain.passesSignals = passesSignals
        plain.attached = attached
        plain.detachKeys = detachKeys
        plain.autoRemove = autoRemove
        plain.name = name
        plain.replaces = replaces
        plain.readiness = readiness
        plain.cidFile = cidFile
        plain.recordFile = recordFile
        return self == plain
    }

    /// Whether the caller may leave it by keys: those are typed at a terminal.
    var mayBeLeft: Bool { detachKeys != nil && terminal && interactive && !detached }
}

/// How `run` ended.
package enum RunOutcome: Sendable {
    /// In the foreground: the exit code to end with.
    case exited(Int32)
    /// In the background: the program has been exec'd.
    case detached(ContainerID)
}
