import Core
import Lifecycle
import Linux
import Records

extension Engine {
    /// Removes a volume that no container has.
    /// - Parameter force: what is not there is no failure, and one whose record cannot be read goes as well.
    package func removeVolume(_ text: String, force: Bool) throws(OperationError) {
        try prepare()
        try reclaimUsers()
        try volumeStore.holding { () throws(OperationError) in
            // What is mounted in another one keeps that, and no more.
            try? volumeStore.removeUnfinished()
            guard let name = Name(text), try isVolume(name, force: force) else {
                if force, !text.isEmpty { return }
                throw Self.noVolume(text)
            }
            try refuse(name, VolumeUse(containerStore))
            try volumeStore.remove(name)
            host.announce(Event(.volume, "destroy", name.text, ["driver": VolumeDefinition.driver]))
        }
    }

    private func isVolume(_ name: Name, force: Bool) throws(OperationError) -> Bool {
        try force ? Files.exists(layout.volume(name)) : volumeStore.definition(name) != nil
    }

    private func refuse(_ name: Name, _ use: VolumeUse) throws(OperationError) {
        let users = use.users(of: name)
        if let first = users.first {
            let ids = users.map(\.id.hex).joined(separator: ", ")
            let names = users.map(\.name.text).joined(separator: " ")
            throw OperationError(
                "remove \(name): volume is in use - [\(ids)]",
                remedy: users.count == 1
                    ? "container \(first.name) has it: \(Program.current.name) rm \(names)"
                    : "containers \(names) have it: \(Program.current.name) rm \(names)", kind: .conflict)
        }
        guard let failure = use.failures.first else { return }
        throw OperationError(
            "remove \(name): volume may be in use", reason: failure.description, remedy: failure.remedy,
            kind: failure.kind)
    }

    /// Containers that were to remove themselves, and whose supervisor was killed before, keep no volume.
    private func reclaimUsers() throws(OperationError) {
        for id in try containerStore.runtimeIDs() where host.waitForRelease(of: id) {
            do throws(OperationError) { try host.reclaim(id) } catch { warn(error.description) }
        }
    }

    /// Removes volumes that no container has.
    /// - Parameter isWanted: what is not is left alone.
    package func pruneVolumes(
        where isWanted: (VolumeDefinition) -> Bool
    ) throws(OperationError) -> Listing<PrunedObject> {
        try prepare()
        try reclaimUsers()
        return try volumeStore.holding { () throws(OperationError) in
            let found = try volumeStore.all()
            let use = try VolumeUse(containerStore)
            var pruned = Listing<PrunedObject>(elements: [], failures: found.failures + use.failures)
            // Whoever cannot be read may have any of them.
            guard use.failures.isEmpty else { return pruned }
            try? volumeStore.removeUnfinished()
            for volume in found.definitions where isWanted(volume) && use.users(of: volume.name).isEmpty {
                do throws(OperationError) {
                    let bytes = Files.diskUsage(below: layout.volumeData(volume.name))
                    try volumeStore.remove(volume.name)
                    host.announce(Event(.volume, "destroy", volume.name.text, ["driver": VolumeDefinition.driver]))
                    pruned.elements.append(PrunedObject(lines: [volume.name.text], bytes: bytes))
                } catch {
                    pruned.failures.append(error)
                }
            }
            return pruned
        }
    }
}
