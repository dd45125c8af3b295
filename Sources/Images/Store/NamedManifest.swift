import Core
import Linux

/// A manifest that is in the store.
struct StoredManifest {
    let bytes: [UInt8]
    let manifest: Manifest
    /// Of the bytes.
    let descriptor: Manifest.Blob
}

extension ImageStore {
    /// The manifest of an image under one of its names: what was built twice of the same layers and configuration may differ
    /// in its annotations, and each name has its own.
    /// - Parameter name: without one, or where layers that its manifest wants were pulled in another form, the image's own.
    package func manifest(of image: Image, named name: String?) throws(OperationError) -> Digest {
        let entries = try ImageIndex.read(layout.index).entries
        guard let name, let entry = entries.first(where: { $0.image == image.id && $0.reference == name }),
            entry.manifest != image.manifest, let other = try? storedManifest(entry.manifest)
        else { return image.manifest }
        let blobs = try record(image.id).blobs
        return other.manifest.layers.allSatisfy { blobs.contains($0.digest) } ? entry.manifest : image.manifest
    }

    func storedManifest(_ digest: Digest) throws(OperationError) -> StoredManifest {
        let path = layout.blob(digest)
        let bytes = try Files.readRecord(path)
        let (manifest, type) = try ImageStore.parse(bytes, named: path) { json throws(RecordError) in
            (try Manifest(RecordReader(json)), json["mediaType"]?.string ?? Manifest.mediaType)
        }
        return StoredManifest(
            bytes: bytes, manifest: manifest,
            descriptor: Manifest.Blob(mediaType: type, digest: digest, size: Int64(bytes.count)))
    }
}
