import Core
import Images
import Lifecycle
import Linux
import Records

extension Engine {
    /// What images, containers and volumes have on disk.
    /// - Returns: that, and what could not be read of it.
    package func diskSpace() throws(OperationError) -> (space: DiskSpace, failures: [OperationError]) {
        let containers = try containers(all: true, sizes: true, external: true)
        let images = try images()
        let layers = try imageStore.storedLayers()
        let volumes = try volumeSpaces()
        var users: [String: Int] = [:]
        for id in try containerStore.ids() {
            if let image = (try? containerStore.definition(id))??.imageID { users[image, default: 0] += 1 }
        }
        func bytes(_ isCounted: (StoredLayer) -> Bool) -> Int64 {
            layers.reduce(0) { isCounted($1) ? $0 + $1.bytes : $0 }
        }
        var space = DiskSpace(
            images: images.elements.map { image in
                DiskSpace.Image(
                    image, shared: bytes { $0.images.contains(image.id) && $0.images.count > 1 },
                    own: bytes { $0.images == [image.id] }, containers: users[image.id] ?? 0)
            },
            layers: (bytes { _ in true }, bytes { layer in !layer.images.contains { users[$0] != nil } }),
            containers: containers.elements, volumes: volumes.elements)
        let kept = imageStore.cacheEntries()
        space.kept = (kept.count, kept.ownBytes)
        return (space, containers.failures + images.failures + volumes.failures)
    }

    private func volumeSpaces() throws(OperationError) -> Listing<DiskSpace.Volume> {
        let (found, use) = (try volumeStore.all(), try VolumeUse(containerStore))
        return Listing(
            elements: found.definitions.map { volume in
                // One that is a directory of the host's has nothing of its own on disk.
                let bytes = volume.boundDirectory == nil ? Files.diskUsage(below: layout.volumeData(volume.name)) : 0
                return DiskSpace.Volume(volume.name, links: use.users(of: volume.name).count, bytes: bytes)
            }, failures: found.failures)
    }
}
