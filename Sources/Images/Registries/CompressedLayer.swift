import Core
import Glibc
import Linux

/// What a layer's archive has become when it was pushed. An extended attribute of its file in the store says so, which goes
/// with that, whoever removes it.
struct CompressedLayer: Equatable {
    let digest: Digest
    /// Bytes.
    let size: Int64

    /// Nobody but root may set it, and no archive can bring it: a layer that was loaded must not say what is pushed in its place.
    fileprivate static let attribute = "trusted.mydocker.gzip"
    fileprivate static let longest = 128

    init(digest: Digest, size: Int64) {
        self.digest = digest
        self.size = size
    }

    init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false)
        guard words.count == 2, let digest = Digest(String(words[0])), let size = Int64(words[1]), size > 0 else {
            return nil
        }
        self.init(digest: digest, size: size)
    }

    var text: String { "\(digest) \(size)" }

    /// As a manifest has it, in place of what it was.
    func blob(of layer: Manifest.Blob) -> Manifest.Blob {
        Manifest.Blob(
            mediaType: (LayerType(layer.mediaType) ?? .oci).compressed(by: .gzip), digest: digest, size: size)
    }
}

extension ImageStore {
    /// What is not on record, or cannot be read, is compressed anew.
    func compressed(_ blob: Digest) -> CompressedLayer? {
        guard let file = try? Descriptor.open(layout.blob(blob), O_RDONLY),
            let value = file.attribute(CompressedLayer.attribute, limit: CompressedLayer.longest)
        else { return nil }
        return CompressedLayer(String(kernel: value))
    }

    /// Where that cannot be kept, it is only not known the next time.
    func note(_ compressed: CompressedLayer, of blob: Digest) {
        let path = layout.blob(blob)
        guard let file = try? Descriptor.open(path, O_RDONLY) else { return }
        try? file.setAttribute(CompressedLayer.attribute, to: Array(compressed.text.utf8), of: path)
    }

    /// An image with the archives of its layers in the form that is wanted.
    /// - Parameter target: the beginning of the names of new files.
    func compress(
        _ draft: ImageDraft, by wish: SavedCompression, to target: String
    ) throws(OperationError) -> ImageDraft {
        var changed = draft
        for (number, layer) in draft.layers.enumerated() {
            guard let compression = try Self.change(of: layer, by: wish) else { continue }
            let place = layer.source ?? (blob: layout.blob(layer.blob.digest), tree: layout.layer(layer.diff))
            let file = "\(target)-\(number)"
            let blob = try Self.compress(layer.blob, layer.diff, at: place.blob, to: file, by: compression) {
                () throws(OperationError) in try Interruption.check("compress", place.blob)
            }
            changed.layers[number] = LayerDraft(
                blob: blob, diff: layer.diff, size: layer.size, source: (blob: file, tree: place.tree))
        }
        return changed
    }

    /// Nil where a layer stays as it is.
    private static func change(
        of layer: LayerDraft, by wish: SavedCompression
    ) throws(OperationError) -> Archive.Compression? {
        if let type = LayerType(layer.blob.mediaType) {
            return type.change(by: wish, isPlain: layer.blob.digest == layer.diff)
        }
        guard wish.isForced else { return nil }
        throw OperationError(
            "compress", layer.blob.digest.description,
            reason: "what it is compressed by is not known of a layer of the type \(layer.blob.mediaType)",
            remedy: "leave force-compression out", kind: .unsupported)
    }

    /// Writes the archive of a layer anew in another compression.
    /// - Parameters:
    ///   - diff: the digest of its tar stream.
    ///   - target: a new file.
    ///   - check: is called all the while; what it throws is the end.
    static func compress(
        _ blob: Manifest.Blob, _ diff: Digest, at source: String, to target: String,
        by compression: Archive.Compression,
        checking check: @escaping () throws(OperationError) -> Void
    ) throws(OperationError) -> Manifest.Blob {
        let input = try Descriptor.open(source, O_RDONLY)
        let output = try Descriptor.open(target, O_WRONLY | O_CREAT | O_EXCL, as: "create")
        try FaultPoint.pass("compress", source)
        let content = try Archive.compress(input, to: output, by: compression, named: (source, target), checking: check)
        guard content.diff == diff else {
            throw OperationError(
                "compress", source, reason: "its content is not that of its digest",
                remedy: "pull or build the image anew", kind: .damaged)
        }
        return content.layer(of: LayerType(blob.mediaType) ?? .oci)
    }
}
