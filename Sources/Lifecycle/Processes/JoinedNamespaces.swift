import Containers
import Core

extension ContainerDefinition {
    /// The namespaces that it has of its own, for a further process in it.
    package var joinedNamespaces: Namespaces {
        var namespaces: Namespaces = [.mount, .pid, .uts, .ipc, .cgroup]
        if networkMode != .host { namespaces.insert(.network) }
        return namespaces
    }
}
