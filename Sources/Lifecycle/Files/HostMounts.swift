import Containers
import Core
import Glibc
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
    /// - Parameter shared: files of another container's that this one has instead of its own; open.
    func hostMounts(
        of definition: ContainerDefinition, endpoints: [Endpoint], into descriptors: DescriptorSet,
        sharing shared: [(target: String, descriptor: Int32)]
    ) throws(OperationError) -> HostMounts {
        var result = HostMounts()
        let noDevices: MountAttributes = definition.mayOpenNodes ? [] : .noDevices
        for bind in definition.binds {
            result.mounts.append(attach(try mounted(bind, noDevices), at: bind.target, into: descriptors))
        }
        for volume in definition.volumes {
            result.mounts.append(attach(try mounted(volume, noDevices), at: volume.target, into: descriptors))
        }
        result.mounts += definition.temporaryMounts.map { ContainerMount($0) }
        for device in definition.devices { try open(device, into: descriptors, &result) }
        // Last, so that they come on top of a directory that lies as deep as they do.
        for (target, descriptor) in shared where definition.isFree(target) {
            result.mounts.append(
                ContainerMount(
                    descriptor, at: target, isDirectory: false, isOptional: definition.isReadOnly(above: target)))
        }
        let own = try ownFiles(definition, endpoints).filter { definition.isFree($0.target) }
        for (number, file) in own.enumerated() {
            result.mounts.append(
                ContainerMount(
                    text: file.text, number: number, at: file.target, isReadOnly: definition.readOnlyRoot,
                    isOptional: definition.isReadOnly(above: file.target)))
        }
        return result
    }

    /// What of that outlives a run: none of it opens a device.
    /// - Parameter isWritable: else what is not there is left out, and so is what has no place.
    func boundMounts(
        of definition: ContainerDefinition, into descriptors: DescriptorSet, isWritable: Bool
    ) throws(OperationError) -> [ContainerMount] {
        var mounts: [ContainerMount] = []
        for bind in definition.binds where isWritable || Files.status(bind.source) != nil {
            mounts.append(attach(try mounted(bind, .noDevices), at: bind.target, into: descriptors))
        }
        for volume in definition.volumes {
            let directory = try directory(of: volume)
            guard isWritable || Files.status(directory) != nil else { continue }
            mounts.append(attach(try mounted(volume, .noDevices), at: volume.target, into: descriptors))
        }
        if !isWritable { for index in mounts.indices { mounts[index].isOptional = true } }
        return mounts
    }

    private func mounted(_ bind: BindMount, _ attributes: MountAttributes) throws(OperationError) -> DetachedMount {
        try DetachedMount(
            cloning: bind.source, bind.readOnly ? [attributes, .readOnly] : attributes, bind.propagation,
            recursive: bind.isRecursive)
    }

    private func mounted(
        _ volume: VolumeMount, _ wanted: MountAttributes
    ) throws(OperationError) -> DetachedMount {
        let attributes: MountAttributes = volume.readOnly ? [wanted, .readOnly] : wanted
        let directory = try directory(of: volume)
        guard let subpath = volume.subpath else { return try DetachedMount(cloning: directory, attributes) }
        let path = "\(directory)/\(subpath)"
        do throws(OperationError) {
            let root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY)
            // The volume's links are the container's to make: none of them leads out of it.
            let place = try root.open(inRoot: subpath, Descriptor.pathOnly)
            return try DetachedMount(of: place, named: path, attributes)
        } catch {
            throw OperationError("cannot access path \(path)", errno: error.errno ?? EIO)
        }
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

    /// /etc/hosts, /etc/hostname and /etc/resolv.conf are the container's own, unless something was asked to be there, or it has
    /// those of another container. They lie in the container's own memory: what is written to them fills nothing of the host's.
    private func ownFiles(
        _ definition: ContainerDefinition, _ endpoints: [Endpoint]
    ) throws(OperationError) -> [(
        target: String, text: String
    )] {
        if case .container = definition.networkMode { return [] }
        let resolver = resolver(definition)
        var texts: [(target: String, text: String)] = [
            ("/etc/hostname", HostFiles.hostname(definition.hostname)), ("/etc/resolv.conf", resolver.text),
        ]
        if definition.names.hasHostsFile {
            texts.append(("/etc/hosts", HostFiles.hosts(try hostEntries(of: definition, endpoints))))
        }
        // Of a container that is on no network but internal ones nobody is asked.
        let asks = !definition.networkMode.hasNames || endpoints.contains { !$0.gateways.isEmpty }
        if let warning = warning(definition, resolver), definition.networkMode != .none, asks { warn(warning) }
        return texts
    }

    private static let resolverFile = "/etc/resolv.conf"

    /// A pipe in the place of the host's file counts as none, but whoever wonders why there is nothing is told.
    private func warning(_ definition: ContainerDefinition, _ resolver: ResolverFile) -> String? {
        guard definition.names.servers.isEmpty, Files.status(Self.resolverFile)?.kind == S_IFIFO else {
            return resolver.warning
        }
        return "the container is given nothing of the host's \(Self.resolverFile): it is a pipe"
    }

    func resolver(_ definition: ContainerDefinition) -> ResolverFile {
        let hostText = Files.foreignText(Self.resolverFile)
        if definition.networkMode.hasNames {
            // Its supervisor answers, and asks the servers that it was given.
            let asking = ResolverFile(verbatim: hostText ?? "").with(definition.names, askedFromHost: true)
            return ResolverFile(answeredAt: NameSockets.address, asking: asking.text)
        }
        let usual =
            definition.networkMode == .host
            ? ResolverFile(verbatim: hostText ?? "")
            : ResolverFile(host: hostText, resolved: Files.foreignText("/run/systemd/resolve/resolv.conf"))
        return usual.with(definition.names, askedFromHost: definition.networkMode == .host)
    }

    private func hostEntries(
        of definition: ContainerDefinition, _ endpoints: [Endpoint]
    ) throws(OperationError) -> [HostFiles.Entry] {
        // In the host's network, the host is where the container is.
        let gateway: IPAddress? =
            definition.networkMode == .host ? .loopbackIPv4 : endpoints.lazy.flatMap(\.gateways).first
        let asked = definition.names.extraHosts.compactMap { host in
            (host.address ?? gateway).map { HostFiles.Entry($0, [host.name]) }
        }
        return HostFiles.Entry.own(endpoints, of: definition) + asked + (try linkEntries(of: definition))
    }
}

extension ContainerDefinition {
    /// Whether nothing was asked to be mounted there.
    fileprivate func isFree(_ target: String) -> Bool { !mountTargets.contains { $0.target == target } }

    /// Whether there may be no room for a mount point, because a mount that cannot be written is there.
    fileprivate func isReadOnly(above target: String) -> Bool {
        volumes.contains { $0.readOnly && MountTarget.lies(target, atOrBelow: $0.target) }
            || binds.contains { $0.readOnly && MountTarget.lies(target, atOrBelow: $0.target) }
            || temporaryMounts.contains { $0.readOnly && MountTarget.lies(target, atOrBelow: $0.target) }
    }
}

extension HostFiles.Entry {
    /// Its host name, as all that are in a container know it. Its other name, which may become another one's, is asked for where there
    /// is somebody to ask.
    static func own(_ endpoints: [Endpoint], of definition: ContainerDefinition) -> [HostFiles.Entry] {
        let domain = definition.names.domain
        let whole = domain.isEmpty ? [] : ["\(definition.hostname).\(domain)"]
        let name = endpoints.contains(where: \.hasNames) ? [] : [definition.name.text]
        return endpoints.flatMap(\.addresses).map { HostFiles.Entry($0, whole + [definition.hostname] + name) }
    }
}
