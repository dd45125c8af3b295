import Containers
import Core
import Glibc
import Linux

/// /etc/hosts of a container whose program runs, after it has joined or left a network. It lies in the container, which may have
/// made of it what it likes: what is no plain small file there is left alone, and nothing that fails matters to anybody else.
extension ContainerRun {
    /// - Parameters:
    ///   - former: the endpoints before.
    ///   - known: what it was then; it may have had another name.
    package func followInHosts(since former: [Endpoint], of known: ContainerDefinition) {
        let before = HostFiles.Entry.own(former, of: known)
        let now = HostFiles.Entry.own(state.endpoints, of: definition)
        // Of its first network with names: before there was nobody to ask.
        if state.endpoints.contains(where: \.hasNames), !former.contains(where: \.hasNames) { changeResolver() }
        let gone = before.filter { !now.contains($0) }
        let new = now.filter { !before.contains($0) }
        if gone.isEmpty, new.isEmpty { return }
        changeHosts { hosts in
            let rest = gone.reduce(hosts) { HostFiles.removing($1, from: $0) }
            return new.reduce(rest) { HostFiles.adding($1, to: $0) }
        }
    }

    private func changeHosts(_ change: ([UInt8]) -> [UInt8]) {
        if definition.names.hasHostsFile { rewrite("/etc/hosts", change) }
    }

    private func changeResolver() {
        let text = host.resolver(definition).text
        rewrite("/etc/resolv.conf") { _ in Array(text.utf8) }
    }

    /// Nothing where something else was asked to be in its place.
    private func rewrite(_ path: String, _ change: ([UInt8]) -> [UInt8]) {
        guard namespace != nil, let pid = state.pid, !definition.mountTargets.contains(where: { $0.target == path })
        else { return }
        try? rewrite(path, inRootOf: pid, change)
    }

    private func rewrite(
        _ path: String, inRootOf pid: pid_t, _ change: ([UInt8]) -> [UInt8]
    ) throws(OperationError) {
        let root = try Descriptor.open("/proc/\(pid)/root", O_RDONLY | O_DIRECTORY)
        let file = try root.open(inRoot: path, O_RDWR | O_NONBLOCK, followingLinks: false)
        guard Files.kind(of: file.number) == S_IFREG else { return }
        try Files.overwrite(file, change(Files.read(file, named: path, limit: 1 << 20)), named: path)
    }
}
