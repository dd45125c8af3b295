import Core
import Glibc
import Linux

/// Where a build works: a directory in the store's file system, which goes with the build. Its layers lie here until all is done.
package struct BuildWorkspace: ~Copyable {
    private let store: ImageStore
    private let workspace: Workspace
    private let links: LayerLinks
    /// When the build began.
    private let index: IndexVersion

    package init(in store: ImageStore) throws(OperationError) {
        let index = IndexVersion(of: store.layout)
        let workspace = try store.workspace(collectingGarbage: false)
        // Loads the library of digests: the copies of the builder, one for each step, have it then.
        _ = try Archive.digest([])
        links = LayerLinks(in: workspace.file("l"))
        self.store = store
        self.workspace = workspace
        self.index = index
    }

    /// Everything in it goes. What cannot go now is removed by the next command that works on images.
    package func remove() { try? Files.removeTree(workspace.path) }

    /// Clears away what nobody but this build has held, now that it needs nothing of that any more, and what it has taken the name
    /// of. Where no image has come or gone meanwhile there is none of that, and the store is not gone through.
    /// - Parameter hasNewSteps: there may be something in the store for an image that has not come to be, or of steps that were known by
    ///   the same name.
    package func clearAway(hasNewSteps: Bool) throws(OperationError) {
        guard hasNewSteps || IndexVersion(of: store.layout) != index else { return }
        try store.collectGarbage(releasing: workspace.path)
    }

    package var path: String { workspace.path }
    package func file(_ name: String) -> String { workspace.file(name) }

    /// The layers' directories, topmost first: overlayfs's order. A layer stands where it is topmost.
    package func directories(of layers: [BuiltLayer]) -> [String] {
        Self.topmost(layers).map { directory(of: $0) }
    }

    private static func topmost(_ layers: [BuiltLayer]) -> [BuiltLayer] {
        var seen: Set<Digest> = []
        return layers.reversed().filter { seen.insert($0.diff).inserted }
    }

    private func directory(of layer: BuiltLayer) -> String {
        layer.place.map { workspace.file("layer-\($0)") } ?? store.layout.layer(layer.diff)
    }

    /// The same by names that are short enough for many of them in one mount.
    package func nearDirectories(of layers: [BuiltLayer]) throws(OperationError) -> [String] {
        try noteLinks(to: layers)
        return Self.topmost(layers).map { $0.place == nil ? links.path(of: $0.diff) : directory(of: $0) }
    }

    private func noteLinks(to layers: [BuiltLayer]) throws(OperationError) {
        try links.note(layers.filter { $0.place == nil }.map(\.diff), in: store.layout)
    }

    /// Has ready what a step needs that is carried out on top of these layers, for this process and its copies.
    package func makeReady(for layers: [BuiltLayer]) throws(OperationError) {
        try Archive.load()
        try noteLinks(to: layers)
    }

    /// A directory for one step's changes, with `upper` and `work` in it.
    package func makeUpper(_ name: String) throws(OperationError) -> String {
        let directory = workspace.file(name)
        try Files.makeDirectory(directory, existing: false)
        for name in ["upper", "work"] { try Files.makeDirectory("\(directory)/\(name)", mode: 0o755, existing: false) }
        return directory
    }

    /// Makes a layer of what a step has changed.
    /// - Parameters:
    ///   - number: another one for each.
    ///   - newest: no file's time is later; nil leaves all as they are.
    package func pack(_ upper: String, _ number: Int, newest: Int64?) throws(OperationError) -> BuiltLayer {
        let draft = try store.pack(upper, layer: number, in: workspace, newest: newest)
        return BuiltLayer(blob: draft.blob, diff: draft.diff, size: draft.size, place: number)
    }

    /// What is built on an image; nil when it has been removed since it was found.
    package func begin(from image: Image) throws(OperationError) -> BuiltImage? {
        // Of an image of before this goes through all of its files: nobody has to wait for that.
        let sizes = store.sizes(ofLayersOf: image)
        let lock = try FileLock.store(store.layout)
        guard Files.exists(store.layout.record(image.id)) else { return nil }
        let draft = try store.draft(from: image, layerSizes: sizes)
        try workspace.uses.hold(
            draft.layers.map(\.blob.digest), layers: draft.layers.map(\.diff), in: store.layout, holding: lock)
        lock.release()
        var built = BuiltImage()
        built.config = draft.config
        built.platform = draft.platform
        built.created = image.created
        built.history = draft.history
        built.layers = draft.layers.map { BuiltLayer(blob: $0.blob, diff: $0.diff, size: $0.size, place: nil) }
        return built
    }

    /// What a step has come to before, which stays there until this build has ended; nil where nobody knows.
    package func kept(_ key: Digest) throws(OperationError) -> CachedStep? {
        guard Files.exists(store.path(of: key)) else { return nil }
        let lock = try FileLock.store(store.layout)
        guard let step = store.kept(key) else { return nil }
        try store.noteUse(of: step)
        try workspace.uses.hold([step.layer.blob.digest], layers: [step.layer.diff], in: store.layout, holding: lock)
        return step
    }

    /// Puts an image into the store, and what can be found again when the same is built. Where all of that is there, nothing is
    /// written.
    /// - Parameters:
    ///   - image: nil keeps only the steps.
    ///   - references: none makes an image without a name.
    package func publish(
        _ image: BuiltImage?, as references: [Reference], keeping steps: [CachedStep]
    ) throws(OperationError) -> Digest? {
        let names = try references.map(ImageStore.taggable)
        if steps.contains(where: { $0.layer.place != nil }) { try Archive.syncFileSystem(of: workspace.path) }
        try store.keep(steps, in: workspace)
        guard let image else { return nil }
        let publication = Publication(draft: draft(of: image), references: names)
        return try store.publish([publication], in: workspace)[0]
    }

    /// Writes an image as an archive, without keeping it.
    /// - Parameters:
    ///   - number: another one for each.
    ///   - compression: of its layers; nil leaves them as they are.
    ///   - name: of the output, for errors.
    package func save(
        _ image: BuiltImage, _ number: Int, as references: [Reference], _ form: SavedForm,
        _ compression: SavedCompression?, to output: borrowing Descriptor, named name: String
    ) throws(OperationError) -> WrittenImage {
        let names = try references.map { reference throws(OperationError) in
            try Reference(ImageStore.taggable(reference))
        }
        var draft = draft(of: image)
        if let compression {
            draft = try store.compress(draft, by: compression, to: workspace.file("compressed-\(number)"))
        }
        let prepared = try PreparedImage(draft)
        try store.writeDocuments(of: prepared, number, in: workspace)
        var places = [
            prepared.id: workspace.file("config-\(number)"),
            prepared.manifest.blob.digest: workspace.file("manifest-\(number)"),
        ]
        for layer in draft.layers { if let source = layer.source { places[layer.blob.digest] = source.blob } }
        let part = SavedPart(names: names, manifest: prepared.content, descriptor: prepared.manifest.blob)
        try store.save([part], as: form, to: output, named: name) { places[$0] ?? store.layout.blob($0) }
        return WrittenImage(id: prepared.id, manifest: prepared.manifest.blob.digest)
    }

    private func draft(of image: BuiltImage) -> ImageDraft {
        var draft = ImageDraft()
        draft.config = image.config
        draft.author = image.author
        draft.created = image.created
        draft.history = image.datedHistory
        draft.annotations = image.annotations
        draft.platform = image.platform
        draft.layers = image.layers.map { layer in
            let isHere = layer.place.map { Files.exists(workspace.file("blob-\($0)")) } ?? false
            let source = layer.place.flatMap { place in
                isHere ? (blob: workspace.file("blob-\(place)"), tree: workspace.file("layer-\(place)")) : nil
            }
            return LayerDraft(blob: layer.blob, diff: layer.diff, size: layer.size, source: source)
        }
        return draft
    }
}

/// By it one knows whether the index has been written since: each time that is another file.
private struct IndexVersion: Equatable {
    let inode: ino_t
    let written: [Int]

    init(of layout: StoreLayout) {
        let status = Files.status(layout.index) ?? stat()
        inode = status.st_ino
        written = [Int(status.st_mtim.tv_sec), Int(status.st_mtim.tv_nsec)]
    }
}
