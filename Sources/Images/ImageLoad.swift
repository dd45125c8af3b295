import Core
import Glibc
import Linux

extension ImageStore {
    /// Takes over the images of an OCI image layout: a directory, or an archive of one, as `docker save` (25 and
    /// later), `podman save --format oci-archive` and `skopeo` write them.
    /// - Parameter source: a path, or `-` for standard input.
    /// - Returns: the ids, in the order of the layout's index.
    package func load(_ source: String) throws(OperationError) -> [Digest] {
        if Files.isDirectory(source) { return try load(layout: source, named: source, in: workspace()) }
        let input = try ImageStore.open(source)
        let workspace = try workspace()
        let directory = workspace.file("archive")
        try Files.makeDirectory(directory)
        let shown = source == "-" ? "standard input" : source
        _ = try Archive.extract(input, copy: nil, to: directory, named: shown)
        return try load(layout: directory, named: shown, in: workspace)
    }

    private func load(
        layout source: String, named name: String, in workspace: borrowing Workspace
    ) throws(OperationError) -> [Digest] {
        guard Files.exists(source + "/oci-layout") else {
            throw OperationError("load images", name, reason: "it is no OCI image layout")
        }
        let loader = LayoutLoader(store: self, source: source)
        var ids: [Digest] = []
        for descriptor in try loader.manifests() {
            // One after the other: the next image may have layers of this one.
            ids.append(try loader.load(descriptor, in: try self.workspace()))
        }
        guard !ids.isEmpty else { throw OperationError("load images", name, reason: "there is no image in it") }
        return ids
    }
}

/// Reads one image of a layout that came from elsewhere: nothing in it is what it says before it was hashed.
private struct LayoutLoader {
    let store: ImageStore
    let source: String

    func manifests() throws(OperationError) -> [JSON] {
        let bytes = try read("index.json")
        return try ImageStore.parse(bytes, named: source + "/index.json") { json throws(RecordError) in
            try RecordReader(json).value("manifests", \.array)
        }
    }

    func load(_ descriptor: JSON, in workspace: borrowing Workspace) throws(OperationError) -> Digest {
        let manifestBytes = try content(of: descriptor)
        let manifest = try ImageStore.parse(manifestBytes, named: source) { json throws(RecordError) in
            try Manifest(RecordReader(json))
        }
        let configBytes = try content(of: manifest.config.json)
        var (draft, layers) = try ImageStore.parse(configBytes, named: source) { json throws(RecordError) in
            try LayoutLoader.draft(json)
        }
        guard layers.count == manifest.layers.count else {
            throw OperationError("load image", source, reason: "its layers are not those of its configuration")
        }
        draft.original = (configBytes, manifestBytes)
        for (number, pair) in zip(manifest.layers, layers).enumerated() {
            draft.layers.append(try layer(pair.0, pair.1, number, in: workspace))
        }
        return try store.publish(draft, as: LayoutLoader.reference(descriptor), in: workspace)
    }

    private func layer(
        _ blob: Manifest.Blob, _ diff: Digest, _ number: Int, in workspace: borrowing Workspace
    ) throws(OperationError) -> LayerDraft {
        let path = path(blob.digest)
        let input = try open("blobs/sha256/\(blob.digest.hex)")
        let layer = try store.unpack(input, named: path, layer: number, in: workspace)
        guard layer.diff == diff, layer.blob.digest == blob.digest else {
            throw OperationError("load layer", path, reason: "its content does not have the digest that it should have")
        }
        return layer
    }

    private func content(of descriptor: JSON) throws(OperationError) -> [UInt8] {
        guard let digest = descriptor["digest"]?.string.flatMap({ Digest($0) }) else {
            throw OperationError("load image", source, reason: "a descriptor has no SHA-256 digest")
        }
        let bytes = try read("blobs/sha256/\(digest.hex)")
        guard try Archive.digest(bytes) == digest else {
            throw OperationError("load image", path(digest), reason: "its content does not have its digest")
        }
        return bytes
    }

    private func read(_ name: String) throws(OperationError) -> [UInt8] {
        try Files.read(open(name), named: "\(source)/\(name)")
    }

    /// No symbolic link of an archive leads out of it, and no pipe of it makes us wait.
    private func open(_ name: String) throws(OperationError) -> Descriptor {
        let root = try Descriptor.open(source, O_RDONLY | O_DIRECTORY)
        return try root.open(inRoot: name, O_RDONLY | O_NONBLOCK)
    }

    private func path(_ digest: Digest) -> String { "\(source)/blobs/sha256/\(digest.hex)" }

    private static func draft(_ json: JSON) throws(RecordError) -> (ImageDraft, [Digest]) {
        let reader = try RecordReader(json)
        var draft = ImageDraft()
        draft.config = try ImageConfig(json["config"] ?? [:])
        let texts = try reader.object("rootfs") { reader throws(RecordError) in try reader.strings("diff_ids") }
        let layers = texts.compactMap { Digest($0) }
        guard layers.count == texts.count else { throw RecordError("rootfs.diff_ids is not valid") }
        return (draft, layers)
    }

    /// A name in full, as containerd and podman note it; a tag alone names nothing.
    private static func reference(_ descriptor: JSON) -> String? {
        let annotations = descriptor["annotations"]
        for key in ["io.containerd.image.name", "org.opencontainers.image.ref.name"] {
            if let text = annotations?[key]?.string, let reference = try? Reference(text), reference.tag != nil {
                return reference.text
            }
        }
        return nil
    }
}
