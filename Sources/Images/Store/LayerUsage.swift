import Core
import Linux

/// A layer of the store.
package struct StoredLayer: Sendable {
    /// Bytes on disk.
    package let bytes: Int64
    /// The images that have it, by their ids.
    package let images: Set<String>
}

extension ImageStore {
    /// All layers of all images; what of an image cannot be read has none.
    package func storedLayers() throws(OperationError) -> [StoredLayer] {
        try layerUsers(ImageIndex.read(layout.index)).map { digest, images in
            StoredLayer(bytes: Files.diskUsage(below: layout.layer(digest)), images: images)
        }
    }

    /// Bytes on disk that are an image's alone.
    package func ownBytes(of image: String) throws(OperationError) -> Int64 {
        try layerUsers(ImageIndex.read(layout.index)).reduce(0) { sum, layer in
            layer.value == [image] ? sum + Files.diskUsage(below: layout.layer(layer.key)) : sum
        }
    }

    /// Bytes in the files of layers, as records of images have them.
    func recordedSizes() throws(OperationError) -> [Digest: Int64] {
        var sizes: [Digest: Int64] = [:]
        for image in try ImageIndex.read(layout.index).images {
            guard let record = try? record(image), !record.layerSizes.isEmpty else { continue }
            for (layer, size) in zip(record.layers, record.layerSizes) { sizes[layer] = size }
        }
        return sizes
    }

    private func layerUsers(_ index: ImageIndex) -> [Digest: Set<String>] {
        var users: [Digest: Set<String>] = [:]
        for image in index.images {
            for layer in (try? record(image))?.layers ?? [] { users[layer, default: []].insert(image.description) }
        }
        return users
    }
}
