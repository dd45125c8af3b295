import CLaunch
import Core
import Linux

/// One thing that the child does to make its file system, in order.
package struct LaunchStep: Equatable, Sendable {
    package let operation: claunch_operation
    package var source: String?
    package var target: String?
    package var type: String?
    package var data: String?
    package var flags: UInt64 = 0
    package var number: Int64 = 0
    var owner = Owner()
    /// A failure does not matter.
    package var optional = false

    struct Owner: Equatable, Sendable {
        var user: UInt32 = 0
        var group: UInt32 = 0
    }

    package static func mount(
        _ source: String?, at target: String, type: String? = nil, flags: MountFlags = [], data: String? = nil,
        optional: Bool = false
    ) -> LaunchStep {
        LaunchStep(
            operation: CLAUNCH_MOUNT, source: source, target: target, type: type, data: data, flags: flags.rawValue,
            optional: optional)
    }
    /// Attaches a detached mount, whose descriptor the caller keeps open until the child is released. What does not
    /// exist of the target is made.
    package static func attach(
        _ descriptor: Int32, at target: String, isDirectory: Bool, optional: Bool = false
    ) -> LaunchStep {
        LaunchStep(
            operation: isDirectory ? CLAUNCH_ATTACH_DIRECTORY : CLAUNCH_ATTACH_FILE, target: target,
            number: Int64(descriptor), optional: optional)
    }
    /// A file of the container's own, in its memory, to be attached once its directory is out of sight.
    /// - Parameter number: of this one among them.
    package static func text(_ text: String, at path: String, number: Int) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_TEXT, target: path, data: text, number: Int64(number))
    }
    /// Its target is made like that of `attach`.
    package static func attachText(_ number: Int, at target: String, readOnly: Bool, optional: Bool) -> LaunchStep {
        LaunchStep(
            operation: CLAUNCH_ATTACH_TEXT, target: target, flags: readOnly ? MountFlags.readOnly.rawValue : 0,
            number: Int64(number), optional: optional)
    }
    /// A tmpfs; its target is made like that of `attach`.
    package static func temporary(at target: String, flags: MountFlags, data: String) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_TEMPORARY, target: target, data: data, flags: flags.rawValue)
    }
    package static func directory(_ path: String) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_DIRECTORY, target: path)
    }
    /// Like `directory`, but a symbolic link in its place is an error.
    package static func standardDirectory(_ path: String) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_STANDARD_DIRECTORY, target: path)
    }
    package static func device(_ node: DeviceNode, at path: String) -> LaunchStep {
        LaunchStep(
            operation: CLAUNCH_DEVICE, target: path, flags: UInt64(node.mode),
            number: Int64(node.number.major) << 32 | Int64(node.number.minor),
            owner: Owner(user: node.user, group: node.group))
    }
    package static func symbolicLink(_ path: String, to target: String) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_SYMLINK, source: target, target: path)
    }
    package static func write(_ text: String, to path: String, optional: Bool) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_WRITE, target: path, data: text, optional: optional)
    }
    package static func changeDirectory(_ path: String) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_CHANGE_DIRECTORY, target: path)
    }
    package static func pivot(to path: String) -> LaunchStep { LaunchStep(operation: CLAUNCH_PIVOT, target: path) }
    package static func makeReadOnly(_ path: String) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_READ_ONLY, target: path)
    }
    package static func mask(_ path: String) -> LaunchStep {
        LaunchStep(operation: CLAUNCH_MASK, target: path)
    }
    /// Waits for the parent's `proceed`.
    package static let await = LaunchStep(operation: CLAUNCH_AWAIT)
    package static let cgroupNamespace = LaunchStep(operation: CLAUNCH_CGROUP_NAMESPACE)
    package static let terminal = LaunchStep(operation: CLAUNCH_TERMINAL)

    /// What the step was about, for an error: `mount overlay at` `/var/lib/…`.
    var purpose: String {
        switch operation {
        case CLAUNCH_MOUNT: type.map { "mount \($0) at" } ?? "remount"
        case CLAUNCH_ATTACH_DIRECTORY, CLAUNCH_ATTACH_FILE: "bind at"
        case CLAUNCH_TEXT, CLAUNCH_ATTACH_TEXT: "create"
        case CLAUNCH_TEMPORARY: "mount tmpfs at"
        case CLAUNCH_DIRECTORY, CLAUNCH_STANDARD_DIRECTORY: "create directory"
        case CLAUNCH_DEVICE: "create device"
        case CLAUNCH_SYMLINK: "create link"
        case CLAUNCH_WRITE: "write"
        case CLAUNCH_CHANGE_DIRECTORY: "change directory to"
        case CLAUNCH_PIVOT: "change root to"
        case CLAUNCH_AWAIT: "wait"
        case CLAUNCH_CGROUP_NAMESPACE: "create cgroup namespace"
        case CLAUNCH_TERMINAL: "create terminal"
        default: "prepare"
        }
    }
}

extension claunch_operation: @retroactive Equatable {}

/// MS_* of mount(2).
package struct MountFlags: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static let readOnly = MountFlags(rawValue: 1)
    package static let noSetUserID = MountFlags(rawValue: 2)
    package static let noDevices = MountFlags(rawValue: 4)
    package static let noExecute = MountFlags(rawValue: 8)
    package static let remount = MountFlags(rawValue: 32)
    package static let bind = MountFlags(rawValue: 4096)
    package static let recursive = MountFlags(rawValue: 16384)
    package static let slave = MountFlags(rawValue: 1 << 19)
}

/// CLONE_NEW* of clone(2).
package struct Namespaces: OptionSet, Sendable {
    package let rawValue: UInt64
    package init(rawValue: UInt64) { self.rawValue = rawValue }
    package static let mount = Namespaces(rawValue: 0x0002_0000)
    package static let cgroup = Namespaces(rawValue: 0x0200_0000)
    package static let uts = Namespaces(rawValue: 0x0400_0000)
    package static let ipc = Namespaces(rawValue: 0x0800_0000)
    package static let pid = Namespaces(rawValue: 0x2000_0000)
    package static let network = Namespaces(rawValue: 0x4000_0000)
}

/// The program, with everything about it looked up.
package struct ProcessPlan: Equatable, Sendable {
    /// What the user typed, for errors.
    package var command: String
    /// What to say instead when there is no such program.
    package var notFound: OperationError?
    /// Paths to try in order, inside the container.
    package var candidates: [String]
    package var arguments: [String]
    package var environment: [String]
    package var directory: String
    /// Of its terminal, when it gets one.
    package var terminalSize: TerminalSize?
    package var user: UInt32 = 0
    package var group: UInt32 = 0
    package var groups: [UInt32] = []
    /// Bit per capability number.
    package var capabilities: UInt64
    package var noNewPrivileges = false
    /// `struct sock_filter[]`.
    package var seccomp: [UInt8]?
    package var ulimits: [ResourceUlimit] = []
    package var usesInit = false
    package var diesWithParent = true
    /// -1000 to 1000 (`oom_score_adj` of proc(5)).
    package var oomScore: Int32 = 0

    /// - Parameter path: the `PATH` that `command` is looked up in when it has no `/`.
    package init(
        command: String, arguments: [String], environment: [String], directory: String, path: String,
        capabilities: UInt64
    ) {
        self.command = command
        self.arguments = arguments
        self.environment = environment
        self.directory = directory
        self.capabilities = capabilities
        if command.contains("/") {
            candidates = [command]
        } else {
            // A directory of the path is no program.
            candidates = command.isEmpty ? [] : path.split(separator: ":").map { "\($0)/\(command)" }
        }
    }
}

/// Processes whose namespaces the child joins, by pidfds that the caller keeps open; -1 is nobody's.
package struct JoinedProcesses: Equatable, Sendable {
    package static let none = JoinedProcesses()
    package var pid: Int32 = -1
    package var ipc: Int32 = -1
    package var network: Int32 = -1

    package init() {}
}

/// All that the child needs to become the container.
package struct LaunchPlan: Equatable, Sendable {
    /// New ones.
    package var namespaces: Namespaces
    package var joined = JoinedProcesses.none
    package var hostname: String?
    package var steps: [LaunchStep]
    package var process: ProcessPlan

    package init(namespaces: Namespaces, hostname: String?, steps: [LaunchStep], process: ProcessPlan) {
        self.namespaces = namespaces
        self.hostname = hostname
        self.steps = steps
        self.process = process
    }
}
