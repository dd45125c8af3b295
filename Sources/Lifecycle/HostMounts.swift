import Containers
import Core
import Linux
import Records

/// What a container sees on top of its image. Sources of the host's have been opened.
struct HostMounts {
    package var mounts: [ContainerMount] = []
    /// Devices among them.
    package var devices: [DeviceRule] = []
}

extension Host {
    /// Opens everything of the host's that the container will see. Each source is held from here on: what it
    /// is replaced by later does not matter.
    func hostMounts(
        of definition: ContainerDefinition, endpoints: [Endpoint], into descriptors: DescriptorSet
    ) throws(OperationError) -> HostMounts {
        var result = HostMounts()
        let noDevices: MountAttributes = definition.privileged ? [] : .noDevices
        for bind in definition.binds {
            let mount = try DetachedMount(cloning: bind.source, bind.readOnly ? [noDevices, .readOnly] : noDevices)
            result.mounts.append(attach(mount, at: bind.target, into: descriptors))
        }
        result.mounts += definition.temporaryMounts.map { ContainerMount($0) }
        for device in definition.devices { try open(device, into: descriptors, &result) }
        // Last, so that they come on top of a directory that lies as deep as they do.
        for (target, text) in ownFiles(definition, endpoints) {
            result.mounts.append(
                ContainerMount(
                    text: text, at: target, isReadOnly: definition.readOnlyRoot,
                    isOptional: definition.isReadOnly(above: target)))
        }
        return result
    }

    private func attach(
        _ mount: consuming DetachedMount, at target: String, into descriptors: DescriptorSet
    ) -> ContainerMount {
        let isDirectory = mount.isDirectory
        return ContainerMount(descriptors.insert(mount.intoDescriptor()), at: target, isDirectory: isDirectory)
    }

    /// The node itself is the host's: its mode and owner cannot be changed from inside.
    private func open(
        _ device: DeviceMapping, into descriptors: DescriptorSet, _ result: inout HostMounts
    ) throws(OperationError) {
        for (path, target) in try device.nodes() {
            let mount = try DetachedMount(cloning: path, [.readOnly, .noSetUserID, .noExecute])
            guard let number = DeviceNumber(mount.status) else { throw device.unusable("not a device node") }
            result.devices.append(DeviceRule(number, reads: device.reads, writes: device.writes))
            result.mounts.append(attach(mount, at: target, into: descriptors))
        }
    }

    /// /etc/hosts, /etc/hostname and /etc/resolv.conf are the container's own, unless something was asked to be there.
    /// They lie in the container's own memory: what is written to them fills nothing of the host's.
    private func ownFiles(_ definition: ContainerDefinition, _ endpoints: [Endpoint]) -> [(
        target: String, text: String
    )] {
        let hostText = Files.text("/etc/resolv.conf")
        let resolver =
            definition.networkMode == .host
            ? ResolverFile(verbatim: hostText ?? "")
            : ResolverFile(host: hostText, resolved: Files.text("/run/systemd/resolve/resolv.conf"))
        let own = endpoints.map { HostFiles.Entry($0, of: definition) }
        let texts = [
            ("hosts", HostFiles.hosts(own)), ("hostname", HostFiles.hostname(definition.hostname)),
            ("resolv.conf", resolver.text),
        ]
        if let warning = resolver.warning, definition.networkMode != .none { warn(warning) }
        return texts.map { (target: "/etc/\($0.0)", text: $0.1) }
            .filter { file in !definition.mountTargets.contains { $0.target == file.target } }
    }
}

extension ContainerDefinition {
    /// Whether there may be no room for a mount point, because a mount that cannot be written is there.
    fileprivate func isReadOnly(above target: String) -> Bool {
        binds.contains { $0.readOnly && MountTarget.lies(target, atOrBelow: $0.target) }
            || temporaryMounts.contains { $0.readOnly && MountTarget.lies(target, atOrBelow: $0.target) }
    }
}
