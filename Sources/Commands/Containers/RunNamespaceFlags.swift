import Core
import Engine

/// Namespaces that are the host's or another container's.
extension RunCommand {
    static var namespaces: [Flag<RunCommand>] {
        [
            .value("pid", "MODE", "PID namespace: host, or container:NAME") { command, text throws(OperationError) in
                command.request.namespaces.pid = try NamespaceValue.shared(text, "PID")
            },
            .value("ipc", "MODE", "IPC namespace: private, shareable, none, host or container:NAME") {
                command, text throws(OperationError) in
                if text.isEmpty { return }
                if let sharing = IPCSharing(rawValue: text) {
                    command.request.namespaces.ipcSharing = sharing
                } else {
                    command.request.namespaces.ipc = try NamespaceValue.shared(text, "IPC")
                }
            },
            .value("uts", "MODE", "UTS namespace: host") { command, text throws(OperationError) in
                command.request.namespaces.uts = try NamespaceValue.own(text, "UTS")
            },
            .value("cgroupns", "MODE", "Cgroup namespace: private or host") { command, text throws(OperationError) in
                command.request.namespaces.cgroup = try NamespaceValue.own(text, "CGROUP")
            },
            .value("userns", "MODE", "User namespace: host, which every container has") {
                command, text throws(OperationError) in
                guard ["", "host"].contains(text) else { throw NamespaceValue.invalid("USER") }
            },
        ]
    }
}
