import Core
import Linux
import Records

/// Which containers have which volumes, as their records say.
package struct VolumeUse: Sendable {
    package private(set) var containers: [Name: [ContainerDefinition]] = [:]
    /// Why others cannot be read: they may have any volume.
    package private(set) var failures: [OperationError] = []

    package init(_ store: ContainerStore) throws(OperationError) {
        for id in try store.ids() {
            do throws(OperationError) {
                guard let definition = try store.definition(id) else { continue }
                for volume in Set(definition.volumes.map(\.name)) { containers[volume, default: []].append(definition) }
            } catch {
                failures.append(error)
            }
        }
    }

    /// - Parameter id: counts for nothing.
    package func users(of name: Name, but id: ContainerID? = nil) -> [ContainerDefinition] {
        (containers[name] ?? []).filter { $0.id != id }.sorted { $0.id < $1.id }
    }
}

extension Host {
    /// Makes those volumes of a container that are not there, and puts into them what they begin with. The container is on record:
    /// from then on nobody removes them.
    /// - Parameter isNew: it has never begun; an empty volume gets what its image has there.
    func prepareVolumes(of definition: ContainerDefinition, isNew: Bool) throws(OperationError) {
        if definition.volumes.isEmpty { return }
        var own: [VolumeMount] = []
        try volumeStore.holding { () throws(OperationError) in
            for mount in definition.volumes {
                if let volume = try volumeStore.definition(mount.name) {
                    if volume.boundDirectory == nil { own.append(mount) }
                } else {
                    try volumeStore.create(VolumeDefinition(mount, created: .now()))
                    announce(Event(.volume, "create", mount.name.text, ["driver": VolumeDefinition.driver]))
                    if mount.options.isEmpty { own.append(mount) }
                }
            }
        }
        for mount in own {
            let copies = isNew && mount.copies && mount.subpath == nil
            try VolumeContent(layout, mount.name).settle(from: copies ? definition.layers : [], at: mount.target)
        }
    }

    /// Brings to an end what a killed copy has left.
    package func settleVolume(_ name: Name) throws(OperationError) {
        try VolumeContent(layout, name).settle(from: [], at: "")
    }

    /// Removes what a container has of volumes that nobody has named, unless another one has them, too.
    func removeAnonymousVolumes(of definition: ContainerDefinition) throws(OperationError) {
        let names = Set(definition.volumes.filter(\.isAnonymous).map(\.name)).sorted()
        if names.isEmpty { return }
        try volumeStore.holding { () throws(OperationError) in
            let use = try VolumeUse(containerStore)
            if !use.failures.isEmpty { return warn("volumes stay: \(use.failures[0].description)") }
            for name in names where use.users(of: name, but: definition.id).isEmpty {
                guard Files.exists(layout.volume(name)) else { continue }
                try volumeStore.remove(name)
                announce(Event(.volume, "destroy", name.text, ["driver": VolumeDefinition.driver]))
            }
        }
    }

    /// Removes all that is left of a container, as `ContainerStore.remove` does.
    /// - Parameter volumes: with volumes that nobody has named.
    @discardableResult
    package func removeRecords(
        of id: ContainerID, _ definition: ContainerDefinition?, volumes: Bool, isOwn: Bool,
        keeping kept: DescriptorSet? = nil
    ) throws(OperationError) -> Bool {
        try containerStore.remove(id, name: definition?.name, isOwn: isOwn, keeping: kept) {
            () throws(OperationError) in
            // As long as they are on record.
            if volumes, let definition { try removeAnonymousVolumes(of: definition) }
        }
    }

    /// The host's directory that a volume is.
    package func directory(of mount: VolumeMount) throws(OperationError) -> String {
        try volumeStore.definition(mount.name)?.boundDirectory ?? layout.volumeData(mount.name)
    }
}
