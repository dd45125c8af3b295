import Core
import Glibc
import Linux

/// An image that was loaded, under one of the names that its archive gives it.
package struct LoadedImage: Hashable, Sendable {
    package let id: Digest
    /// Nil when the archive gives it none.
    package let reference: String?
}

extension ImageStore {
    /// Takes over the images of an archive or directory: an OCI image layout, or what `docker save` of any age,
    /// `podman save`, `skopeo` and Bazel write. All of them, or none.
    /// - Parameters:
    ///   - source: a path, or `-` for standard input.
    ///   - budget: that was used by nobody yet; for the archive, and once more for all layers in it.
    /// - Returns: each image under each of the archive's own names, in the archive's order.
    package func load(
        _ source: String, within budget: UnpackBudget = UnpackBudget(size: UnpackBudget.standardSize)
    ) throws(OperationError) -> [LoadedImage] {
        if Files.isDirectory(source) {
            return try load(SavedDirectory(source, shown: source), within: budget, in: workspace())
        }
        let input = try ImageStore.open(source)
        let workspace = try workspace()
        let directory = workspace.file("archive")
        try Files.makeDirectory(directory)
        let shown = source == "-" ? "standard input" : source
        // Not as a layer is: no device and nothing else comes to be that does something when it is opened.
        let root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY, as: "open directory")
        _ = try TreeArchive.restore(input, to: "", below: root, within: budget, named: shown)
        let saved = SavedDirectory(directory, shown: shown, isOurs: true)
        return try load(saved, within: budget.renewed(), in: workspace)
    }

    private func load(
        _ directory: SavedDirectory, within budget: UnpackBudget, in workspace: borrowing Workspace
    ) throws(OperationError) -> [LoadedImage] {
        let images = try directory.images()
        guard !images.isEmpty else {
            throw OperationError("load images", directory.shown, reason: "there is no image in it")
        }
        for image in images { try ImageStore.checkDepth(image.layers.count) }
        var shelf = LayerShelf(store: self, directory: directory, budget: budget)
        var publications: [Publication] = []
        for image in images {
            var draft = ImageDraft()
            draft.config = image.document.config
            draft.created = image.document.created ?? draft.created
            draft.platform = image.document.platform
            draft.original = (image.config, image.manifest)
            for layer in image.layers { draft.layers.append(try shelf.layer(layer, in: workspace)) }
            publications.append(Publication(draft: draft, references: image.references))
        }
        let ids = try publish(publications, in: workspace)
        return zip(ids, images).flatMap { id, image in
            let names = image.references.isEmpty ? [nil] : image.references.map(Optional.some)
            return names.map { LoadedImage(id: id, reference: $0) }
        }
    }
}

/// The layers that were unpacked so far: images of one archive have many in common, and one image may have a layer twice.
private struct LayerShelf {
    let store: ImageStore
    let directory: SavedDirectory
    let budget: UnpackBudget
    private var layers: [SavedImage.Layer: LayerDraft] = [:]

    init(store: ImageStore, directory: SavedDirectory, budget: UnpackBudget) {
        self.store = store
        self.directory = directory
        self.budget = budget
    }

    mutating func layer(
        _ layer: SavedImage.Layer, in workspace: borrowing Workspace
    ) throws(OperationError) -> LayerDraft {
        if let known = layers[layer] { return known }
        let input = try directory.open(layer.path)
        let name = directory.path(layer.path)
        let draft = try store.unpack(
            input, named: name, layer: layers.count, within: budget, in: workspace, taking: directory.isOurs)
        guard draft.diff == layer.diff, layer.blob == nil || layer.blob == draft.blob.digest,
            layer.size == nil || layer.size == draft.blob.size
        else {
            throw OperationError("load layer", name, reason: "its content does not have the digest that it should have")
        }
        layers[layer] = draft
        return draft
    }
}
