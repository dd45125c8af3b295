import Core
import Images
import Linux
import Records

extension Engine {
    /// What images and containers have on disk.
    /// - Returns: that, and what could not be read of it.
    package func diskSpace() throws(OperationError) -> (space: DiskSpace, failures: [OperationError]) {
        let containers = try containers(all: true, sizes: true)
        let images = try images()
        let layers = try imageStore.storedLayers()
        var users: [String: Int] = [:]
        for id in try containerStore.ids() {
            if let image = (try? containerStore.definition(id))??.imageID { users[image, default: 0] += 1 }
        }
        func bytes(_ isCounted: (StoredLayer) -> Bool) -> Int64 {
            layers.reduce(0) { isCounted($1) ? $0 + $1.bytes : $0 }
        }
        let space = DiskSpace(
            images: images.elements.map { image in
                DiskSpace.Image(
                    image, shared: bytes { $0.images.contains(image.id) && $0.images.count > 1 },
                    own: bytes { $0.images == [image.id] }, containers: users[image.id] ?? 0)
            },
            layers: (bytes { _ in true }, bytes { layer in !layer.images.contains { users[$0] != nil } }),
            containers: containers.elements)
        return (space, containers.failures + images.failures)
    }
}
