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

    /// Puts several into it at once. Where the store would be the same afterwards, nothing is written.
    /// - Returns: their ids, in their order.
    func publish(
        _ images: [Publication], in workspace: borrowing Workspace
    ) throws(OperationError) -> [Digest] {
        let prepared = try images.map { image throws(OperationError) in try PreparedImage(image.draft) }
        if try isPublished(images, prepared) { return prepared.map(\.id) }
        for (number, image) in images.enumerated() {
            try writeDocuments(of: prepared[number], number, in: workspace)
            try ImpliedDirectories(layers: image.draft.layers, layout: layout).settle()
        }
        try sync(images, prepared, in: workspace)
        let lock = try FileLock.store(layout)
        var index = try ImageIndex.read(layout.index)
        for (number, image) in images.enumerated() {
            try place(image.draft, prepared[number], number, in: workspace, holding: lock)
        }
        add(images, prepared, to: &index)
        try syncParts()
        try write(index, holding: lock)
        return prepared.map(\.id)
    }

    /// Most of the writing, before others have to wait for the lock. New layers are too many files for one call each; without any,
    /// what others have written to the file system is not waited for.
    private func sync(
        _ images: [Publication], _ prepared: [PreparedImage], in workspace: borrowing Workspace
    ) throws(OperationError) {
        if images.contains(where: { $0.draft.layers.contains { $0.source != nil } }) {
            return try Archive.syncFileSystem(of: workspace.path)
        }
        for (number, image) in prepared.enumerated() {
            for file in image.files(number) { try Files.sync(workspace.file(file.name)) }
        }
    }

    /// To the workspace.
    func writeDocuments(
        of image: PreparedImage, _ number: Int, in workspace: borrowing Workspace
    ) throws(OperationError) {
        for file in image.files(number) { try Files.create(workspace.file(file.name), file.bytes, mode: 0o644) }
    }

    /// Gives the images their names.
    func add(_ images: [Publication], _ prepared: [PreparedImage], to index: inout ImageIndex) {
        for (image, prepared) in zip(images, prepared) {
            let manifest = prepared.manifest.blob
            for reference in image.references.isEmpty ? [nil] : image.references.map(Optional.some) {
                index.add(
                    ImageIndex.Entry(
                        manifest: manifest.digest, manifestSize: manifest.size, image: prepared.id,
                        reference: reference, scope: scope, source: image.source, isPulled: image.source != nil))
            }
        }
    }

    private func place(
        _ draft: ImageDraft, _ prepared: PreparedImage, _ number: Int, in workspace: borrowing Workspace,
        holding lock: borrowing FileLock
    ) throws(OperationError) {
        for layer in draft.layers {
            if let source = layer.source {
                try moveBlob(source.blob, layer.blob)
                try move(source.tree, to: layout.layer(layer.diff))
            } else if !Files.isDirectory(layout.layer(layer.diff)) || !Files.exists(layout.blob(layer.blob.digest)) {
                throw OperationError("commit image", reason: "the image that it is based on was removed meanwhile")
            }
        }
        for (name, document) in [("config", prepared.config), ("manifest", prepared.manifest)] where !has(document) {
            try Files.move(workspace.file("\(name)-\(number)"), to: layout.blob(document.blob.digest))
        }
        guard !hasOtherRecord(than: prepared) else { return }
        try Files.move(workspace.file("record-\(number)"), to: layout.record(prepared.id))
    }

    /// One that has another length than it should is replaced. What comes has the content of its digest, and is older than every
    /// record: only what somebody has written to since is read to see that (`damages`), also where images have it already.
    func moveBlob(_ source: String, _ blob: Manifest.Blob) throws(OperationError) {
        let target = layout.blob(blob.digest)
        if let status = Files.status(target), Int64(status.st_size) == blob.size { return }
        try FaultPoint.pass("set time of", source)
        let times = [timespec(), timespec()]
        guard source.withKernelString({ utimensat(AT_FDCWD, $0, times, AT_SYMLINK_NOFOLLOW) }) == 0 else {
            throw OperationError("set time of", source, errno: errno)
        }
        try Files.move(source, to: target)
    }

    /// What is there already has the same content, and containers may be using it.
    func move(_ source: String, to target: String) throws(OperationError) {
        if Files.exists(target) { return }
        try Files.move(source, to: target)
    }
}
