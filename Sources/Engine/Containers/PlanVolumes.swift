import Containers
import Core
import Images
import Lifecycle
import Linux
import Records

extension Engine {
    /// Each is a directory with a record, a descriptor and a mount.
    private static let mostVolumes = 512

    private func checkVolumes(of image: Image) throws(OperationError) {
        let count = image.config.volumes.count
        guard count > Self.mostVolumes else { return }
        throw OperationError(
            "run image", image.references.first ?? image.id.short,
            reason: "it has \(count) volumes, and may have \(Self.mostVolumes)",
            remedy: "build it with fewer VOLUMEs", kind: .unsupported)
    }

    /// What is mounted besides what was named: what other containers have, and the image's volumes. What is named comes first,
    /// and of two other containers the later one.
    func addVolumes(
        _ request: RunRequest, to definition: inout ContainerDefinition, image: Image?
    ) throws(OperationError) {
        if let image { try checkVolumes(of: image) }
        var taken = Set(definition.mountTargets.map(\.target))
        for from in request.volumesFrom.reversed() { try inherit(from, &definition, &taken) }
        for path in image?.config.volumes ?? [] {
            guard let target = MountTarget.normalized(path) else {
                throw OperationError(
                    "the image's volume", path, reason: "it is no absolute path below /", kind: .invalid)
            }
            guard taken.insert(target).inserted else { continue }
            definition.volumes.append(VolumeMount(anonymousAt: target))
        }
        guard let scope = request.labels[Scope.label] else { return }
        for index in definition.volumes.indices { definition.volumes[index].labels[Scope.label] = scope }
    }

    private func inherit(
        _ from: VolumesFrom, _ definition: inout ContainerDefinition, _ taken: inout Set<String>
    ) throws(OperationError) {
        guard let other = try containerStore.definition(containerStore.find(from.container)) else {
            throw OperationError.noContainer(from.container)
        }
        for var volume in other.volumes where taken.insert(volume.target).inserted {
            volume.readOnly = volume.readOnly || from.readOnly
            volume.copies = false
            definition.volumes.append(volume)
        }
        for var bind in other.binds where taken.insert(bind.target).inserted {
            bind.readOnly = bind.readOnly || from.readOnly
            definition.binds.append(bind)
        }
    }

    /// What the program's account is looked up in: a volume that is empty yet has what the image has there.
    func plannedMounts(_ definition: ContainerDefinition) throws(OperationError) -> [PlannedMount] {
        var mounts: [PlannedMount] = []
        for volume in definition.volumes {
            let directory = try host.directory(of: volume)
            let isEmpty = try Files.names(in: directory).isEmpty
            if isEmpty, volume.copies { continue }
            let place = volume.subpath.map { "\(directory)/\($0)" } ?? directory
            mounts.append(PlannedMount(volume.target, from: place))
        }
        let volumes = Set(definition.volumes.map(\.target))
        return mounts
            + definition.mountTargets.filter { !volumes.contains($0.target) }.map {
                PlannedMount($0.target, from: $0.source)
            }
    }

    /// A directory of the host's that a volume stands for must be there.
    func checkBoundDirectories(_ volumes: [VolumeMount]) throws(OperationError) {
        for volume in volumes {
            let options = try volumeStore.definition(volume.name)?.options ?? volume.options
            guard !options.isEmpty, let device = options["device"], !Files.isDirectory(device) else { continue }
            throw OperationError(
                "failed to mount local volume: mount \(device):\(layout.volumeData(volume.name))",
                reason: "no such directory", remedy: "make \(device), or remove the volume \(volume.name)")
        }
    }
}
