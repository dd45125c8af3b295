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
}

/// One network that a container is to be on.
package struct NetworkChoice: Equatable, Sendable {
    /// `bridge`, `host`, `none`, a name or an id.
    package var network: String
    package var address: IPAddress?
    package var mac: MACAddress?

    package init(_ network: String, address: IPAddress? = nil, mac: MACAddress? = nil) {
        self.network = network
        self.address = address
        self.mac = mac
    }
}

/// How `run` ended.
package enum RunOutcome: Sendable {
    /// In the foreground: the exit code to end with.
    case exited(Int32)
    /// In the background: the program has been exec'd.
    case detached(ContainerID)
}

/// What `exec` was asked to do.
package struct ExecRequest: Sendable {
    package var container: String
    package var arguments: [String]
    /// Where its input comes from and its output goes to.
    package var streams = CallerStreams.standard
    package var interactive = false
    package var terminal = false
    package var detached = false
    package var environment: [String] = []
    package var workingDirectory: String?
    package var user: String?
    package var privileged = false

    package init(container: String, arguments: [String]) {
        self.container = container
        self.arguments = arguments
    }
}

/// Which lines of a container's output `logs` shows.
package struct LogRequest: Sendable {
    package var container: String
    package var follow = false
    /// Only the last so many lines; nil shows all.
    package var tail: Int?
    package var timestamps = false
    package var since: Timestamp?
    package var until: Timestamp?

    package init(container: String) { self.container = container }
}

/// What `network create` was asked to do.
package struct NetworkRequest: Sendable {
    package var name: String
    package var driver = "bridge"
    /// Host form (`192.168.10.1/24`, the host part is the gateway) or network form; nil picks a free one.
    package var subnet: Subnet?
    package var gateway: IPAddress?
    package var mtu: Int?
    package var isInternal = false
    package var labels: [String: String] = [:]

    package init(name: String) { self.name = name }
}

/// One container as `ps` lists it.
package struct ContainerSummary: Sendable {
    package var id: ContainerID
    package var name: String
    package var image: String
    package var command: [String]
    package var created: Timestamp
    package var phase: ContainerPhase
    package var ports: [PortMapping]
    package var address: IPAddress?
    package var pid: Int32?
    package var networks: [String]
    package var labels: [String: String]
    package var binds: [BindMount] = []
    /// `80/tcp`
    package var exposedPorts: [String] = []
    package var publishedPorts: [String] = []
    /// Bytes in its writable layer, and with those of its image; nil where nobody asked.
    package var size: (own: Int64, whole: Int64)?

    package init(
        id: ContainerID, name: String, image: String, command: [String], created: Timestamp, phase: ContainerPhase,
        ports: [PortMapping], address: IPAddress?, pid: Int32?, networks: [String], labels: [String: String]
    ) {
        self.id = id
        self.name = name
        self.image = image
        self.command = command
        self.created = created
        self.phase = phase
        self.ports = ports
        self.address = address
        self.pid = pid
        self.networks = networks
        self.labels = labels
    }
}

/// A list, with what could not be read of it: one broken record must not hide the others.
package struct Listing<Element: Sendable>: Sendable {
    package var elements: [Element]
    package var failures: [OperationError]

    package init(elements: [Element], failures: [OperationError]) {
        self.elements = elements
        self.failures = failures
    }
}

/// One image as `images` lists it.
package struct ImageSummary: Sendable {
    /// `sha256:…`
    package var id: String
    package var references: [String]
    package var created: Timestamp
    /// Bytes.
    package var size: Int64

    package init(id: String, references: [String], created: Timestamp, size: Int64) {
        self.id = id
        self.references = references
        self.created = created
        self.size = size
    }
}
