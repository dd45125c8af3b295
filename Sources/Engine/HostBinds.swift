import Containers
import Core
import Linux
import Store

extension Engine {
    /// Opens everything of the host's that the container will see. Each source is held from here on: what it
    /// is replaced by later does not matter.
    func binds(
        of definition: ContainerDefinition, endpoint: Endpoint?, into mounts: DescriptorSet
    ) throws(OperationError) -> [(descriptor: Int32, target: String, isDirectory: Bool)] {
        var binds: [(descriptor: Int32, target: String, isDirectory: Bool)] = []
        for file in try writeHostFiles(definition, endpoint)
        where !definition.binds.contains(where: { $0.target == file.target }) {
            binds.append((try open(file.path, readOnly: false, into: mounts), file.target, false))
        }
        for bind in definition.binds {
            let descriptor = try open(bind.source, readOnly: bind.readOnly, into: mounts)
            binds.append((descriptor, bind.target, Files.isDirectory(bind.source)))
        }
        return binds
    }

    private func open(_ path: String, readOnly: Bool, into mounts: DescriptorSet) throws(OperationError) -> Int32 {
        let mount = try DetachedMount(cloning: path, readOnly: readOnly)
        return mounts.insert(mount.intoDescriptor())
    }

    /// /etc/hosts, /etc/hostname and /etc/resolv.conf are the container's own.
    private func writeHostFiles(
        _ definition: ContainerDefinition, _ endpoint: Endpoint?
    ) throws(OperationError) -> [(path: String, target: String)] {
        let hostText = Files.text("/etc/resolv.conf")
        let resolver =
            definition.networkMode == .host
            ? ResolverFile(verbatim: hostText ?? "")
            : ResolverFile(host: hostText, resolved: Files.text("/run/systemd/resolve/resolv.conf"))
        let own = endpoint.map { [HostFiles.Entry($0.address.address, [definition.hostname, definition.name.text])] }
        let texts = [
            ("hosts", HostFiles.hosts(own ?? [])), ("hostname", HostFiles.hostname(definition.hostname)),
            ("resolv.conf", resolver.text),
        ]
        if let warning = resolver.warning, definition.networkMode != .none { warn(warning) }
        var files: [(path: String, target: String)] = []
        for (name, text) in texts {
            let path = "\(layout.containerRuntime(definition.id))/\(name)"
            // They stay the same when the program begins again.
            if !Files.exists(path) { try Files.create(path, Array(text.utf8), mode: 0o644) }
            files.append((path, "/etc/\(name)"))
        }
        return files
    }
}
