import Core
import Glibc
import Linux
import Registry
import Synchronization
import Transfer

/// An image that was asked for at a registry.
package struct PulledImage: Sendable {
    package let id: Digest
    /// By which the registry has it.
    package let digest: Digest
    /// Whether it, or the name for it, was not here before.
    package let isNew: Bool
}

extension ImageStore {
    /// Brings an image from a registry: until the index is replaced, at the very end, nobody sees any of it. What a pull that
    /// is killed has of layers is gone on with by the next one.
    ///
    /// Signals are for the thread that calls; it has to be another one that does this (`WorkerThread.result`).
    /// - Parameters:
    ///   - platform: nil is this host's, where there is a choice.
    ///   - budget: that was used by nobody yet.
    package func pull(
        _ reference: Reference, for platform: Platform?, from session: RegistrySession, within budget: UnpackBudget,
        telling progress: any TransferProgress
    ) throws(OperationError) -> PulledImage {
        let connection = try session.connection()
        if platform == nil, let current = try unchanged(reference, session, connection) { return current }
        let remote = try RemoteImage.find(reference, for: platform, session, connection)
        let source = reference.pinned(to: remote.digest)
        // A digest says more than a tag.
        let shown = reference.digest == nil ? reference.text : nil
        let id = remote.manifest.config.digest
        // What is not whole comes anew, and cannot be asked what it is for.
        if try isWhole(id, in: ImageIndex.read(layout.index)), try isFor(platform, id),
            let known = try name(known: id, shown, source, remote, of: reference)
        {
            return PulledImage(id: id, digest: remote.digest, isNew: known)
        }
        let pull = ImagePull(
            store: self, reference: reference, platform: platform, session: session, budget: budget, progress: progress)
        let draft = try pull.configuration(of: remote, connection)
        try discardDamages(of: id)
        do throws(OperationError) {
            try pull.publish(draft, remote, as: shown, source)
        } catch {
            // What was whole already waits for the next pull, and takes no more room than its archive.
            try? clearWorkspaces()
            throw error
        }
        return PulledImage(id: id, digest: remote.digest, isNew: true)
    }

    /// The image that a tag has here, when the registry has nothing else under it.
    private func unchanged(
        _ reference: Reference, _ session: RegistrySession, _ connection: Connection
    ) throws(OperationError) -> PulledImage? {
        guard reference.digest == nil, let tag = reference.tag else { return nil }
        let index = try ImageIndex.read(layout.index)
        let named = index.entries.first { $0.reference == reference.text }
        guard let named, let source = named.source, isWhole(named.image, in: index),
            try !isOfAnother(named.image, than: nil),
            let digest = try session.manifestDigest(tag, connection).flatMap({ Digest($0) }),
            source == reference.pinned(to: digest)
        else { return nil }
        try syncNames()
        return PulledImage(id: named.image, digest: digest, isNew: false)
    }

    /// - Parameter wanted: nil takes whatever a name leads to.
    private func isFor(_ wanted: Platform?, _ id: Digest) throws(OperationError) -> Bool {
        guard let wanted else { return true }
        return try !isOfAnother(id, than: wanted)
    }

    /// Whether an image that is here is not for the platform that is wanted; nil is this host's.
    private func isOfAnother(_ id: Digest, than wanted: Platform?) throws(OperationError) -> Bool {
        let index = try ImageIndex.read(layout.index)
        guard index.contains(id) else { return false }
        guard let platform = try platform(of: image(id, in: index)) else { return false }
        return platform.rank(for: wanted) == nil
    }

    /// Names an image that is here already.
    /// - Returns: whether that changed anything; nil when the image is not here, or not whole.
    private func name(
        known id: Digest, _ name: String?, _ source: String, _ remote: RemoteImage, of reference: Reference
    ) throws(OperationError) -> Bool? {
        guard try isWhole(id, in: ImageIndex.read(layout.index)) else { return nil }
        let lock = try FileLock.store(layout)
        var index = try ImageIndex.read(layout.index)
        guard isWhole(id, in: index) else { return nil }
        // The layers themselves stay at the registry: those that are here go out under this name, too.
        guard try record(id).layers.count == remote.manifest.layers.count else {
            throw RemoteImage.hasOtherLayers(reference)
        }
        let local = try localForm(of: remote.manifestBytes, for: id)
        let entry = ImageIndex.Entry(
            manifest: try Archive.digest(local), manifestSize: Int64(local.count), image: id, reference: name,
            scope: scope, source: source, isPulled: local == remote.manifestBytes)
        if index.says(entry) {
            lock.release()
            try syncNames()
            return false
        }
        let path = layout.blob(entry.manifest)
        if !Files.exists(path) { try Files.replace(path, local, mode: 0o644, durable: true) }
        index.add(entry)
        try write(index, holding: lock)
        return true
    }

    private func isWhole(_ id: Digest, in index: ImageIndex) -> Bool {
        index.contains(id) && damages(of: id).isEmpty
    }
}

/// One pull, once its documents are known.
private struct ImagePull {
    let store: ImageStore
    let reference: Reference
    let platform: Platform?
    let session: RegistrySession
    let budget: UnpackBudget
    let progress: any TransferProgress
    /// How many layers come at a time: Docker's number.
    private static let concurrency = 3

    /// The draft without its layers, and what these are.
    struct Configuration {
        var draft: ImageDraft
        /// Lowest first.
        let layers: [Digest]
    }

    func configuration(
        of remote: RemoteImage, _ connection: Connection
    ) throws(OperationError) -> Configuration {
        let blob = remote.manifest.config
        let bytes = try session.smallBlob(
            blob.digest.description, size: blob.size, of: reference, connection)
        guard try Archive.digest(bytes) == blob.digest else {
            throw OperationError(
                "image config verification failed for digest \(blob.digest): it has other content", kind: .damaged)
        }
        let document = try ImageStore.parse(bytes, named: "\(reference)") { json throws(RecordError) in
            try SavedDocument(json)
        }
        // Of one that nobody has asked for there is nothing to choose: who runs it is warned.
        if let platform, let built = document.platform, built.rank(for: platform) == nil {
            throw Platform.refusal(of: reference.description, [built], wanted: platform)
        }
        let blobs = remote.manifest.layers.map(\.digest)
        // Nor is one archive two different trees, or described in two ways: each would be brought by a thread of its own.
        guard document.layers.count == blobs.count,
            Set(zip(blobs, document.layers).map { [$0, $1] }).count == Set(blobs).count,
            Set(remote.manifest.layers).count == Set(blobs).count
        else { throw RemoteImage.hasOtherLayers(reference) }
        var draft = ImageDraft()
        draft.config = document.config
        draft.created = document.created ?? draft.created
        draft.platform = document.platform
        draft.original = (bytes, remote.manifestBytes)
        return Configuration(draft: draft, layers: document.layers)
    }

    func publish(
        _ configuration: Configuration, _ remote: RemoteImage, as name: String?, _ source: String
    ) throws(OperationError) {
        try budget.check(remote.manifest.layers.map(\.size), of: reference.description)
        let layers = zip(remote.manifest.layers, configuration.layers).map { Layer(blob: $0, diff: $1) }
        let workspace = try store.workspace()
        // What is here stays, however long the rest is waited for.
        let absent = try missing(layers, holdingOthersIn: workspace)
        let locks = DownloadLocks(in: store.layout)
        try locks.take(absent.map(\.blob.digest)) { progress.note($0.hex, .waiting) }
        // While we waited another one may have brought them.
        let wanted = try missing(layers, holdingOthersIn: workspace)
        for layer in absent where !wanted.contains(layer) { locks.giveBack(layer.blob.digest) }
        let drafts = try bring(wanted, locks, in: workspace)
        let sizes = try wanted.count < layers.count ? store.recordedSizes() : [:]
        var draft = configuration.draft
        draft.layers = layers.map { layer in
            if let new = drafts[layer] { return new }
            progress.note(layer.blob.digest.hex, .present)
            // As unpacking counts it, so that the size does not depend on what was here.
            let size = sizes[layer.diff] ?? Files.contentSize(below: store.layout.layer(layer.diff))
            return LayerDraft(blob: layer.blob, diff: layer.diff, size: size, source: nil)
        }
        _ = try store.publish(
            [Publication(draft: draft, references: name.map { [$0] } ?? [], source: source)], in: workspace)
        locks.discard()
    }

    struct Layer: Hashable {
        let blob: Manifest.Blob
        let diff: Digest
    }

    /// The same, when all others stay until the workspace goes.
    private func missing(
        _ layers: [Layer], holdingOthersIn workspace: borrowing Workspace
    ) throws(OperationError) -> [Layer] {
        let lock = try FileLock.store(store.layout)
        let missing = missing(layers)
        let present = layers.filter { !missing.contains($0) }
        try workspace.uses.hold(
            present.map(\.blob.digest), layers: present.map(\.diff), in: store.layout, holding: lock)
        return missing
    }

    /// Those that are not in the store, each once.
    private func missing(_ layers: [Layer]) -> [Layer] {
        var seen: Set<Layer> = []
        return layers.filter { layer in
            // One of another length is damaged, whoever has it.
            let size = Files.status(store.layout.blob(layer.blob.digest)).map { Int64($0.st_size) }
            let isThere = Files.isDirectory(store.layout.layer(layer.diff)) && size == layer.blob.size
            return !isThere && seen.insert(layer).inserted
        }
    }

    private func bring(
        _ layers: [Layer], _ locks: DownloadLocks, in workspace: borrowing Workspace
    ) throws(OperationError) -> [Layer: LayerDraft] {
        var trees: [(String, String)] = []
        for number in layers.indices {
            trees.append(
                (try store.newTree(2 * number, in: workspace), try store.newTree(2 * number + 1, in: workspace)))
        }
        let finished = FinishedLayers()
        for layer in layers { progress.note(layer.blob.digest.hex, .begun) }
        let places = trees
        let arrival = LayerArrival(store: store, locks: locks, uses: workspace.uses)
        try WorkerThread.each(below: layers.count, limit: Self.concurrency, cancelling: session.cancellation) {
            number throws(OperationError) in
            let layer = layers[number]
            let pull = LayerPull(
                store: store, session: session, reference: reference, blob: layer.blob, diff: layer.diff,
                budget: budget, progress: progress)
            let draft = try pull.run(into: (first: places[number].0, second: places[number].1))
            finished.add(layer, try arrival.store(draft))
        }
        return finished.all
    }

    private final class FinishedLayers: Sendable {
        private let drafts = Mutex<[Layer: LayerDraft]>([:])
        func add(_ layer: Layer, _ draft: LayerDraft) { drafts.withLock { $0[layer] = draft } }
        var all: [Layer: LayerDraft] { drafts.withLock { $0 } }
    }
}
