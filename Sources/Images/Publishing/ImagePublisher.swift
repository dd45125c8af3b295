import Core
import Glibc
import Linux

/// A layer that is not in the store yet, or is there already.
struct LayerDraft {
    let blob: Manifest.Blob
    let diff: Digest
    let size: Int64
    /// Where blob and unpacked tree are now; nil when both are in the store.
    let source: (blob: String, tree: String)?
    /// Its tree has marks that `ImpliedDirectories` settles.
    var hasImpliedDirectories = false
}

/// An image all of whose parts are in a workspace or the store.
struct ImageDraft {
    var config = ImageConfig()
    var author: String?
    var created = Timestamp.now()
    /// Lowest first.
    var layers: [LayerDraft] = []
    var history: [JSON] = []
    /// Of the manifest that is made here.
    var annotations: [String: String] = [:]
    /// What it was made for; nil is this host's.
    var platform: Platform?
    /// Configuration and manifest of an image that came from elsewhere: byte for byte, so that it keeps its id.
    var original: (config: [UInt8], manifest: [UInt8]?)?

    mutating func addHistory(_ instruction: String, comment: String?) {
        var entry: [(key: String, value: JSON)] = [
            ("created", .string(created.description)), ("created_by", .string(instruction)),
        ]
        if let author { entry.append(("author", .string(author))) }
        if let comment, !comment.isEmpty { entry.append(("comment", .string(comment))) }
        history.append(.object(entry))
    }

    var document: ImageDocument {
        ImageDocument(
            created: created, author: author, config: config, layers: layers.map(\.diff), history: history,
            platform: platform ?? .host)
    }
}

/// An image and all its names; without one it is known by its id alone.
struct Publication {
    let draft: ImageDraft
    let references: [String]
    /// `NAME@sha256:…`, by which a registry has it.
    var source: String?
}

// MARK: - Layers

extension ImageStore {
    /// Unpacks an archive and keeps it as it came.
    /// - Parameter takes: whether the file itself may be what is kept: it is read from its start, and nobody else changes it.
    func unpack(
        _ input: borrowing Descriptor, named name: String, layer number: Int, within budget: UnpackBudget,
        in workspace: borrowing Workspace, taking takes: Bool = false
    ) throws(OperationError) -> LayerDraft {
        let blobPath = workspace.file("blob-\(number)")
        let tree = try newTree(number, in: workspace)
        if takes {
            try take(input, as: blobPath, named: name)
            try FaultPoint.pass("unpack archive", name)
            let content = try Archive.extract(input, copy: nil, to: tree, within: budget, named: name)
            return draft(content, blob: blobPath, tree: tree)
        }
        let blob = try Descriptor.open(blobPath, O_RDWR | O_CREAT | O_EXCL, mode: 0o644, as: "create")
        try FaultPoint.pass("copy archive", name)
        // Only a file that is read from its start can be shared whole.
        let cloned = lseek(input.number, 0, SEEK_CUR) == 0 && Archive.clone(input, to: blob)
        try FaultPoint.pass("unpack archive", name)
        let content =
            cloned
            ? try Archive.extract(blob, copy: nil, to: tree, within: budget, named: name)
            : try Archive.extract(input, copy: .some(blob), to: tree, within: budget, named: name)
        return draft(content, blob: blobPath, tree: tree)
    }

    /// Gives a file another name and what a blob has: its archive may have said anything about it.
    private func take(
        _ file: borrowing Descriptor, as path: String, named name: String
    ) throws(OperationError) {
        try FaultPoint.pass("link archive", name)
        guard Files.makeHardLink(path, to: file) else {
            throw OperationError("link archive", name, errno: errno)
        }
        try FaultPoint.pass("set owner of", path)
        guard fchown(file.number, 0, 0) == 0 else { throw OperationError("set owner of", path, errno: errno) }
        try FaultPoint.pass("set mode of", path)
        guard fchmod(file.number, 0o644) == 0 else { throw OperationError("set mode of", path, errno: errno) }
        // By it `damages` knows whether somebody has written to it since.
        try FaultPoint.pass("set time of", path)
        guard futimens(file.number, nil) == 0 else { throw OperationError("set time of", path, errno: errno) }
    }

    /// Archives a tree and unpacks the archive again: a layer is always what its blob says, here and elsewhere.
    /// - Parameters:
    ///   - newest: seconds; no file's time is later. Nil leaves all as they are.
    ///   - leftOut: paths from the top that are no part of the layer.
    func pack(
        _ directory: String, layer number: Int, in workspace: borrowing Workspace, newest: Int64? = nil,
        leavingOut leftOut: [String] = []
    ) throws(OperationError) -> LayerDraft {
        let blobPath = workspace.file("blob-\(number)")
        let tree = try newTree(number, in: workspace)
        let blob = try Descriptor.open(blobPath, O_RDWR | O_CREAT | O_EXCL, mode: 0o644, as: "create")
        try FaultPoint.pass("archive", directory)
        let written = try Archive.create(blob, from: directory, newest: newest, leavingOut: leftOut)
        lseek(blob.number, 0, SEEK_SET)
        try FaultPoint.pass("unpack archive", blobPath)
        let content = try Archive.extract(blob, copy: nil, to: tree, within: nil, named: blobPath)
        guard content.diff == written.diff else {
            throw OperationError("archive", directory, reason: "what was read back is not what was written")
        }
        return draft(content, blob: blobPath, tree: tree)
    }

    func draft(_ content: Archive.Content, blob: String, tree: String) -> LayerDraft {
        LayerDraft(
            blob: content.layer(of: .oci), diff: content.diff, size: content.size, source: (blob, tree),
            hasImpliedDirectories: content.hasImpliedDirectories)
    }

    /// The umask must not decide who may enter a container's root directory.
    func newTree(_ number: Int, in workspace: borrowing Workspace) throws(OperationError) -> String {
        let tree = workspace.file("layer-\(number)")
        try Files.makeDirectory(tree, mode: 0o755, existing: false)
        try FaultPoint.pass("set mode of", tree)
        guard tree.withKernelString({ chmod($0, 0o755) }) == 0 else {
            throw OperationError("set mode of", tree, errno: errno)
        }
        return tree
    }
}

// MARK: - Publishing

extension ImageStore {
    /// Puts an image into the store: until the index is replaced, at the very end, nobody sees any of it.
    func publish(
        _ draft: ImageDraft, as reference: String?, in workspace: borrowing Workspace
    ) throws(OperationError) -> Digest {
        let references = reference.map { [$0] } ?? []
        return try publish([Publication(draft: draft, references: references)], in: workspace)[0]
    }

    /// Puts several into it at once.
    /// - Returns: their ids, in their order.
    func publish(
        _ images: [Publication], in workspace: borrowing Workspace
    ) throws(OperationError) -> [Digest] {
        var prepared: [Prepared] = []
        for (number, image) in images.enumerated() {
            prepared.append(try prepare(image.draft, number, in: workspace))
            try ImpliedDirectories(layers: image.draft.layers, layout: layout).settle()
        }
        try sync(images, prepared, in: workspace)
        let lock = try FileLock.store(layout)
        var index = try ImageIndex.read(layout.index)
        for (image, prepared) in zip(images, prepared) {
            try place(image.draft, prepared, in: workspace, holding: lock)
            for reference in image.references.isEmpty ? [nil] : image.references.map(Optional.some) {
                index.add(
                    ImageIndex.Entry(
                        manifest: prepared.manifest.digest, manifestSize: prepared.manifest.size, image: prepared.id,
                        reference: reference, scope: scope, source: image.source, isPulled: image.source != nil))
            }
        }
        for directory in [layout.blobs, layout.layers, layout.records] {
            try Files.syncDirectory(of: directory + "/")
        }
        try write(index, holding: lock)
        return prepared.map(\.id)
    }

    /// Most of the writing, before others have to wait for the lock. New layers are too many files for one call each; without any,
    /// what others have written to the file system is not waited for.
    private func sync(
        _ images: [Publication], _ prepared: [Prepared], in workspace: borrowing Workspace
    ) throws(OperationError) {
        if images.contains(where: { $0.draft.layers.contains { $0.source != nil } }) {
            return try Archive.syncFileSystem(of: workspace.path)
        }
        for image in prepared { for name in image.files { try Files.sync(workspace.file(name)) } }
    }

    struct Prepared {
        let number: Int
        let id: Digest
        let manifest: Manifest.Blob
        /// Of the manifest as it was made here.
        let content: Manifest
        /// In the workspace.
        var files: [String] { ["config", "manifest", "record"].map { "\($0)-\(number)" } }
    }

    /// Writes configuration, manifest and record to the workspace.
    func prepare(
        _ draft: ImageDraft, _ number: Int, in workspace: borrowing Workspace
    ) throws(OperationError) -> Prepared {
        try ImageStore.checkDepth(draft.layers.count)
        let document = draft.document.json.compact
        guard draft.original != nil || !document.hasForeignBytes else {
            throw OperationError(
                "write image configuration",
                reason: "it is JSON, which cannot hold words, variables, labels or a message that are not UTF-8")
        }
        let config = try writeBlob(
            draft.original?.config ?? Array(document.utf8), Manifest.configType, "config-\(number)", in: workspace)
        let content = Manifest(config: config, layers: draft.layers.map(\.blob), annotations: draft.annotations)
        let manifest = try writeBlob(
            draft.original?.manifest ?? Array(content.json.compact.utf8), Manifest.mediaType, "manifest-\(number)",
            in: workspace)
        let record = ImageRecord(
            id: config.digest, manifest: manifest.digest, created: draft.created, layers: draft.layers.map(\.diff),
            layerSizes: draft.layers.map(\.size),
            blobs: [manifest.digest, config.digest] + draft.layers.map(\.blob.digest), config: draft.config,
            platform: draft.platform)
        try Files.create(workspace.file("record-\(number)"), Array(record.json.versioned(1).compact.utf8), mode: 0o644)
        return Prepared(number: number, id: config.digest, manifest: manifest, content: content)
    }

    private func writeBlob(
        _ bytes: [UInt8], _ mediaType: String, _ name: String, in workspace: borrowing Workspace
    ) throws(OperationError) -> Manifest.Blob {
        try Files.create(workspace.file(name), bytes, mode: 0o644)
        return Manifest.Blob(mediaType: mediaType, digest: try Archive.digest(bytes), size: Int64(bytes.count))
    }

    private func place(
        _ draft: ImageDraft, _ prepared: Prepared, in workspace: borrowing Workspace, holding lock: borrowing FileLock
    ) throws(OperationError) {
        for layer in draft.layers {
            if let source = layer.source {
                try moveBlob(source.blob, layer.blob)
                try move(source.tree, to: layout.layer(layer.diff))
            } else if !Files.isDirectory(layout.layer(layer.diff)) || !Files.exists(layout.blob(layer.blob.digest)) {
                throw OperationError("commit image", reason: "the image that it is based on was removed meanwhile")
            }
        }
        try moveBlob(workspace.file("config-\(prepared.number)"), prepared.content.config)
        try moveBlob(workspace.file("manifest-\(prepared.number)"), prepared.manifest)
        try moveRecord(prepared, in: workspace)
    }

    /// One of the same image by another manifest stays, unless something of that is gone.
    private func moveRecord(
        _ prepared: Prepared, in workspace: borrowing Workspace
    ) throws(OperationError) {
        let known: ImageRecord?
        do throws(OperationError) { known = try record(prepared.id) } catch {
            if error.kind == .newerVersion { return }
            known = nil
        }
        guard known?.manifest == prepared.manifest.digest || !damages(of: prepared.id).isEmpty else { return }
        try Files.move(workspace.file("record-\(prepared.number)"), to: layout.record(prepared.id))
    }

    /// One that has another length than it should is replaced.
    func moveBlob(_ source: String, _ blob: Manifest.Blob) throws(OperationError) {
        let target = layout.blob(blob.digest)
        if let status = Files.status(target), Int64(status.st_size) == blob.size { return }
        try Files.move(source, to: target)
    }

    /// What is there already has the same content, and containers may be using it.
    func move(_ source: String, to target: String) throws(OperationError) {
        if Files.exists(target) { return }
        try Files.move(source, to: target)
    }
}
