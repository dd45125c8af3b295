import Core
import Linux

/// A manifest that is in the store.
struct StoredManifest {
    let bytes: [UInt8]
    /// All that it says.
    let json: JSON
    let manifest: Manifest
    /// Of the bytes.
    let descriptor: Manifest.Blob
}

extension StoredManifest {
    /// - Parameter digest: of the bytes.
    init(_ bytes: [UInt8], _ digest: Digest, named name: String) throws(OperationError) {
        (json, manifest) = try ImageStore.parse(bytes, named: name) { json throws(RecordError) in
            (json, try Manifest(RecordReader(json)))
        }
        self.bytes = bytes
        descriptor = Manifest.Blob(
            mediaType: json["mediaType"]?.string ?? Manifest.mediaType, digest: digest, size: Int64(bytes.count))
    }
}

extension ImageStore {
    /// The manifest of an image under one of its names: what was built twice of the same layers and configuration may differ
    /// in its annotations, and each name has its own.
    /// - Parameter name: without one, or where its manifest has other layers than those that came and were checked, the image's own.
    package func manifest(of image: Image, named name: String?) throws(OperationError) -> Digest {
        let entries = try ImageIndex.read(layout.index).entries
        guard let name, let entry = entries.first(where: { $0.image == image.id && $0.reference == name }),
            entry.manifest != image.manifest, let other = try? storedManifest(entry.manifest),
            let own = try? storedManifest(image.manifest)
        else { return image.manifest }
        return other.manifest.hasLayers(of: own.manifest) ? entry.manifest : image.manifest
    }

    func storedManifest(_ digest: Digest) throws(OperationError) -> StoredManifest {
        let path = layout.blob(digest)
        return try StoredManifest(Files.readRecord(path), digest, named: path)
    }

    /// What a registry says of an image that is here, in the form in which its layers are here: what a name says beside them,
    /// such as annotations, stays. One of another type is not brought into that form, and its name has the image's own.
    func localForm(of bytes: [UInt8], for id: Digest) throws(OperationError) -> [UInt8] {
        let remote = try StoredManifest(bytes, Archive.digest(bytes), named: "manifest")
        let own = try storedManifest(record(id).manifest)
        guard !remote.manifest.hasLayers(of: own.manifest), let layers = own.json["layers"],
            remote.descriptor.mediaType == own.descriptor.mediaType,
            remote.manifest.layers.count == own.manifest.layers.count
        else { return bytes }
        return Array(remote.json.replacing("layers", by: layers).compact.utf8)
    }
}
