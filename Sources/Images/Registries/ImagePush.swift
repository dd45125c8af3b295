import Core
import Glibc
import Linux
import Registry
import Transfer

extension ImageStore {
    /// Brings an image to a registry, byte for byte as it is in the store: its manifest last, so that nobody sees half of it.
    /// - Returns: the manifest's digest and length.
    package func push(
        _ image: Image, as reference: Reference, to session: RegistrySession,
        telling progress: any TransferProgress
    ) throws(OperationError) -> (Digest, Int64) {
        let stored = try storedManifest(manifest(of: image, named: reference.text))
        let manifest = stored.manifest
        let connection = try session.connection()
        try session.open(connection)
        var blobs = manifest.layers.filter { $0.places.isEmpty }
        blobs = blobs.enumerated().filter { index, blob in !blobs[..<index].contains(blob) }.map(\.element)
        let push = ImagePush(
            store: self, session: session, others: try repositories(at: reference), progress: progress)
        let (store, layers) = (self, blobs)
        for blob in layers { progress.note(blob.digest.hex, .preparing) }
        try WorkerThread.each(below: layers.count, limit: ImagePush.concurrency, cancelling: session.cancellation) {
            number throws(OperationError) in
            let (blob, connection) = (layers[number], try session.connection())
            push.tell(blob, try push.send(blob, store.layout.blob(blob.digest), connection))
        }
        _ = try push.send(manifest.config, layout.blob(manifest.config.digest), connection)
        try session.putManifest(
            stored.bytes, type: stored.descriptor.mediaType, as: reference.tag ?? Reference.defaultTag, connection)
        try note(image.id, reference, reference.pinned(to: stored.descriptor.digest))
        return (stored.descriptor.digest, stored.descriptor.size)
    }

    /// Which images of the same registry have a blob: it may be taken over from there.
    private func repositories(at reference: Reference) throws(OperationError) -> [Digest: [String]] {
        var found: [Digest: [String]] = [:]
        for entry in try ImageIndex.read(layout.index).entries {
            guard let source = entry.source.flatMap({ try? Reference($0) }), source.registry == reference.registry,
                source.repository != reference.repository, let record = try? record(entry.image)
            else { continue }
            for blob in record.blobs where !(found[blob, default: []].contains(source.repository)) {
                found[blob, default: []].append(source.repository)
            }
        }
        return found
    }

    /// What the registry calls it, from now on.
    private func note(_ image: Digest, _ reference: Reference, _ source: String) throws(OperationError) {
        let lock = try FileLock.store(layout)
        var index = try ImageIndex.read(layout.index)
        // It may have lost its name meanwhile.
        guard index.setSource(source, of: image, reference.text) else { return }
        try write(index, holding: lock)
    }
}

/// The blobs of one push.
private struct ImagePush: Sendable {
    /// How many layers go at a time: Docker's number is 5, that of a pull 3.
    static let concurrency = 3
    let store: ImageStore
    let session: RegistrySession
    /// Other repositories of the registry by what they have.
    let others: [Digest: [String]]
    let progress: any TransferProgress

    func send(
        _ blob: Manifest.Blob, _ path: String, _ connection: Connection
    ) throws(OperationError) -> RegistrySession.BlobPresence {
        let file = try Descriptor.open(path, O_RDONLY)
        var status = stat()
        guard fstat(file.number, &status) == 0, Int64(status.st_size) == blob.size else {
            throw OperationError(
                "push", path, reason: "it has another length than the image says",
                remedy: "pull or build the image anew",
                kind: .damaged)
        }
        return try session.upload(
            blob.digest.description, file: file.number, size: blob.size, mountableFrom: others[blob.digest] ?? [],
            connection
        ) { progress.note(blob.digest.hex, .uploading($0, of: blob.size)) }
    }

    func tell(_ blob: Manifest.Blob, _ found: RegistrySession.BlobPresence) {
        switch found {
        case .present: progress.note(blob.digest.hex, .presentThere)
        case .mounted(let repository): progress.note(blob.digest.hex, .mounted(from: repository))
        case .missing: progress.note(blob.digest.hex, .pushed)
        }
    }
}
