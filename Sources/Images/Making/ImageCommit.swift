import Core
import Glibc
import Linux

/// What `commit` makes an image of.
package struct CommitRequest: Sendable {
    package enum Base: Sendable {
        case image(Image)
        /// Plain directories, topmost first, as overlayfs has them: each becomes a layer.
        case directories([String])

        fileprivate var directories: [String] {
            if case .directories(let directories) = self { directories } else { [] }
        }
    }

    /// The upper directory of the container's overlay.
    package var upperDirectory: String
    /// Paths in it that are no part of the image.
    package var leftOut: [String] = []
    package var base: Base
    /// Nil makes an image without a name.
    package var reference: Reference?
    /// What the container ran with; nil takes the base's.
    package var config: ImageConfig?
    /// Instructions of a Dockerfile, on top of `config`.
    package var changes: [String] = []
    package var author: String?
    package var message: String?
    /// Asked once all was read and nothing is published yet: whether what was read was whole.
    package var check: @Sendable () throws(OperationError) -> Void = {}

    package init(upperDirectory: String, base: Base, reference: Reference?) {
        self.upperDirectory = upperDirectory
        self.base = base
        self.reference = reference
    }
}

extension ImageStore {
    /// Makes an image of what a container changed, on top of what it was started from.
    ///
    /// Consistent only while nothing runs in the container, or it is frozen: that is up to the caller.
    /// - Returns: the image's id.
    package func commit(_ request: CommitRequest) throws(OperationError) -> Digest {
        let name = try request.reference.map(ImageStore.taggable)
        var draft = try draft(for: request)
        try ImageStore.checkDepth(draft.layers.count + request.base.directories.count + 1)
        try ConfigChange.apply(request.changes, to: &draft.config)
        let workspace = try workspace()
        for directory in request.base.directories.reversed() {
            draft.layers.append(try pack(directory, layer: draft.layers.count, in: workspace))
            draft.addHistory("", comment: "Copied from \(directory)")
        }
        draft.layers.append(
            try pack(
                request.upperDirectory, layer: draft.layers.count, in: workspace, leavingOut: request.leftOut))
        try request.check()
        draft.addHistory((draft.config.command ?? []).joined(separator: " "), comment: request.message)
        return try publish(draft, as: name, in: workspace)
    }

    private func draft(for request: CommitRequest) throws(OperationError) -> ImageDraft {
        var draft = ImageDraft()
        if case .image(let image) = request.base { draft = try self.draft(from: image) }
        if let config = request.config { draft.config = config }
        draft.created = .now()
        draft.author = request.author
        return draft
    }

    /// The same layers and history, which stay where they are.
    func draft(from image: Image, layerSizes: [Int64]? = nil) throws(OperationError) -> ImageDraft {
        var draft = ImageDraft()
        draft.config = image.config
        let manifest = try readBlob(image.manifest) { json throws(RecordError) in
            try Manifest(RecordReader(json))
        }
        draft.history = try readBlob(image.id) { json throws(RecordError) in
            try RecordReader(json).optional("history", \.array) ?? []
        }
        draft.platform = try platform(of: image)
        guard manifest.layers.count == image.layers.count else {
            throw OperationError("read image", layout.blob(image.manifest), reason: "it has another number of layers")
        }
        for ((blob, diff), size) in zip(zip(manifest.layers, image.layers), layerSizes ?? sizes(ofLayersOf: image)) {
            draft.layers.append(LayerDraft(blob: blob, diff: diff, size: size, source: nil))
        }
        return draft
    }
}
