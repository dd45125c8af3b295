/// Whose a namespace of a container is.
package enum NamespaceMode<Container: Equatable & Sendable>: Equatable, Sendable {
    /// The container's alone.
    case own
    case host
    /// That of another container, as that runs.
    case container(Container)

    /// Reads `private` or nothing, `host` and `container:CONTAINER`.
    /// - Parameter container: nil for a text that names none.
    package init?(_ text: String, _ container: (String) -> Container?) {
        let prefix = "container:"
        switch text {
        case "", "private": self = .own
        case "host": self = .host
        case _ where text.hasPrefix(prefix):
            guard let other = container(String(text.dropFirst(prefix.count))) else { return nil }
            self = .container(other)
        default: return nil
        }
    }

    package func map<Other, Failure: Error>(
        _ transform: (Container) throws(Failure) -> Other
    ) throws(Failure) -> NamespaceMode<Other> {
        switch self {
        case .own: .own
        case .host: .host
        case .container(let container): .container(try transform(container))
        }
    }

    package var container: Container? {
        if case .container(let container) = self { container } else { nil }
    }

    /// Docker's word; none for one of its own.
    package var text: String {
        switch self {
        case .own: ""
        case .host: "host"
        case .container(let container): "container:\(container)"
        }
    }
}

/// Who else has a container's memory and queues of System V and POSIX, where they are its own.
package enum IPCSharing: String, Sendable {
    case `private`
    /// Others may have them by `--ipc container:NAME`.
    case shareable
    /// It has queues and semaphores, but no /dev/shm.
    case none
}

/// The namespaces of a container, but for that of its network.
/// - Container: how another container is named: in a request by whatever it is called, in a definition by its id.
package struct NamespaceModes<Container: Equatable & Sendable>: Equatable, Sendable {
    package var pid = NamespaceMode<Container>.own
    package var ipc = NamespaceMode<Container>.own
    /// Where `ipc` is its own.
    package var ipcSharing = IPCSharing.private
    /// Nobody has another container's name or cgroups.
    package var uts = NamespaceMode<Never>.own
    package var cgroup = NamespaceMode<Never>.own

    package init() {}

    package func map<Other, Failure: Error>(
        _ transform: (Container) throws(Failure) -> Other
    ) throws(Failure) -> NamespaceModes<Other> {
        var modes = NamespaceModes<Other>()
        modes.pid = try pid.map(transform)
        modes.ipc = try ipc.map(transform)
        modes.ipcSharing = ipcSharing
        modes.uts = uts
        modes.cgroup = cgroup
        return modes
    }

    /// Docker's `IpcMode`.
    package var ipcText: String { ipc == .own ? ipcSharing.rawValue : ipc.text }
}

extension NamespaceModes<ContainerID>: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        self.init()
        pid = try reader.text("pid") { NamespaceMode($0, ContainerID.init) }
        let ipcText = try reader.string("ipc")
        if let sharing = IPCSharing(rawValue: ipcText) {
            ipcSharing = sharing
        } else {
            ipc = try reader.text("ipc") { NamespaceMode($0, ContainerID.init) }
        }
        uts = try reader.text("uts") { NamespaceMode($0) { _ in nil } }
        cgroup = try reader.text("cgroup") { NamespaceMode($0) { _ in nil } }
    }

    package var json: JSON {
        ["pid": .string(pid.text), "ipc": .string(ipcText), "uts": .string(uts.text), "cgroup": .string(cgroup.text)]
    }
}
