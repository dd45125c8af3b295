import Core
import Glibc
import Linux
import Registry
import Synchronization
import Transfer

extension ImageStore {
    /// Brings an image to a registry: its manifest last, so that nobody sees half of it. What came from a registry goes byte for
    /// byte as it is here. Of all else the layers that are not compressed yet are compressed on their way, with gzip.
    /// - Returns: the digest and length of the manifest that is there now.
    package func push(
        _ image: Image, as reference: Reference, to session: RegistrySession,
        telling progress: any TransferProgress
    ) throws(OperationError) -> (Digest, Int64) {
        let stored = try storedManifest(manifest(of: image, named: reference.text))
        let plan = PushPlan(
            stored.manifest, diffs: image.layers,
            isKept: try ImageIndex.read(layout.index).isPulled(stored.descriptor.digest))
        let connection = try session.connection()
        try session.open(connection)
        let push = ImagePush(
            store: self, session: session, others: try repositories(at: reference), progress: progress)
        let bytes = stored.replacing(try push.send(plan.layers))
        let config = stored.manifest.config
        _ = try push.send(config, layout.blob(config.digest), for: config, connection)
        let digest = try Archive.digest(bytes)
        try session.putManifest(
            bytes, type: stored.descriptor.mediaType, as: reference.tag ?? Reference.defaultTag, connection)
        try note(image.id, reference, reference.pinned(to: digest))
        return (digest, Int64(bytes.count))
    }

    /// Where images of the same registry are that have a blob here: it may be taken over from there, compressed too.
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
    /// Other repositories of the registry, by what those images consist of that are here and there.
    let others: [Digest: [String]]
    let progress: any TransferProgress

    /// - Returns: what those have become that are there compressed, by what they were.
    func send(_ layers: [PushPlan.Layer]) throws(OperationError) -> [Manifest.Blob: Manifest.Blob] {
        for layer in layers { progress.note(layer.blob.digest.hex, .preparing) }
        let compressed = CompressedBlobs()
        try findCompressed(layers.filter { $0.diff != nil }, compressed)
        let found = compressed.all
        let rest = layers.filter { found[$0.blob] == nil }
        guard rest.contains(where: { $0.diff != nil }) else {
            try send(rest, in: nil, compressed)
            return compressed.all
        }
        // Not before there is something to compress: a push of what is there needs no room on the disk.
        let workspace = try store.workspace()
        try send(rest, in: workspace.path, compressed)
        workspace.remove()
        return compressed.all
    }

    /// Asks for those of which it is known what they come to compressed.
    private func findCompressed(
        _ layers: [PushPlan.Layer], _ compressed: CompressedBlobs
    ) throws(OperationError) {
        try WorkerThread.each(below: layers.count, limit: Self.concurrency, cancelling: session.cancellation) {
            number throws(OperationError) in
            let layer = layers[number].blob
            guard let known = store.compressed(layer.digest) else { return }
            let found = try session.find(
                known.digest.description, mountableFrom: places(of: known.digest, layer.digest),
                try session.connection())
            if found == .missing { return }
            tell(layer, found)
            compressed.add(layer, known.blob(of: layer))
        }
    }

    /// - Parameter directory: for what is compressed; nil where nothing is.
    private func send(
        _ layers: [PushPlan.Layer], in directory: String?, _ compressed: CompressedBlobs
    ) throws(OperationError) {
        try WorkerThread.each(below: layers.count, limit: Self.concurrency, cancelling: session.cancellation) {
            number throws(OperationError) in
            let (blob, connection) = (layers[number].blob, try session.connection())
            if let diff = layers[number].diff, let directory {
                compressed.add(blob, try sendCompressed(blob, diff, by: "\(directory)/gzip-\(number)", connection))
            } else {
                tell(blob, try send(blob, store.layout.blob(blob.digest), for: blob, connection))
            }
        }
    }

    /// Brings a layer there compressed.
    /// - Parameter file: does not exist, and is gone again afterwards.
    private func sendCompressed(
        _ layer: Manifest.Blob, _ diff: Digest, by file: String, _ connection: Connection
    ) throws(OperationError) -> Manifest.Blob {
        let compressed = try ImageStore.compress(
            layer, diff, at: store.layout.blob(layer.digest), to: file, by: .gzip
        ) { () throws(OperationError) in
            try Interruption.check("push", layer.digest.description)
            if session.cancellation.isCancelled {
                throw OperationError("push", layer.digest.description, reason: "it was stopped")
            }
        }
        store.note(CompressedLayer(digest: compressed.digest, size: compressed.size), of: layer.digest)
        tell(layer, try send(compressed, file, for: layer, connection))
        try Files.remove(file)
        return compressed
    }

    /// Where a blob may be taken over from, by what it is and what it is here.
    private func places(of blob: Digest, _ here: Digest) -> [String] {
        let places = others[blob] ?? []
        return blob == here ? places : places + (others[here] ?? []).filter { !places.contains($0) }
    }

    /// - Parameter shown: what it is here, by which the progress is told.
    func send(
        _ blob: Manifest.Blob, _ path: String, for shown: Manifest.Blob, _ connection: Connection
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
            blob.digest.description, file: file.number, size: blob.size,
            mountableFrom: places(of: blob.digest, shown.digest), connection
        ) { progress.note(shown.digest.hex, .uploading($0, of: blob.size)) }
    }

    private func tell(_ blob: Manifest.Blob, _ found: RegistrySession.BlobPresence) {
        switch found {
        case .present: progress.note(blob.digest.hex, .presentThere)
        case .mounted(let repository): progress.note(blob.digest.hex, .mounted(from: repository))
        case .missing: progress.note(blob.digest.hex, .pushed)
        }
    }

    private final class CompressedBlobs: Sendable {
        private let blobs = Mutex<[Manifest.Blob: Manifest.Blob]>([:])
        func add(_ blob: Manifest.Blob, _ compressed: Manifest.Blob) { blobs.withLock { $0[blob] = compressed } }
        var all: [Manifest.Blob: Manifest.Blob] { blobs.withLock { $0 } }
    }
}
