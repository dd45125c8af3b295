import Core

/// What a push brings to a registry of a manifest, and in which form.
struct PushPlan: Equatable {
    struct Layer: Hashable, Sendable {
        /// As it is in the store.
        let blob: Manifest.Blob
        /// Of one that is compressed on its way, the digest of its tar stream; nil for one that goes as it is.
        let diff: Digest?
    }

    /// Each once, but for those that no registry may keep.
    let layers: [Layer]

    /// - Parameters:
    ///   - diffs: the digests of the layers' tar streams, as the image's configuration has them.
    ///   - isKept: it came from a registry, and is to have the same digest again.
    init(_ manifest: Manifest, diffs: [Digest], isKept: Bool) {
        let isKept = isKept || diffs.count != manifest.layers.count
        var seen: Set<Layer> = []
        layers = manifest.layers.enumerated().compactMap { index, blob in
            guard blob.places.isEmpty else { return nil }
            let layer = Layer(blob: blob, diff: !isKept && Self.isToBeCompressed(blob) ? diffs[index] : nil)
            return seen.insert(layer).inserted ? layer : nil
        }
    }

    /// Not compressed, or in a way that no registry's clients know. What is compressed and does not say so goes the same way: it is
    /// read by its content, and gets the type of what has become of it.
    private static func isToBeCompressed(_ blob: Manifest.Blob) -> Bool {
        guard let compression = LayerType(blob.mediaType)?.compression else { return false }
        return compression == .none || !compression.isStandard
    }
}

extension StoredManifest {
    /// Its bytes with some of its layers in another form. Whatever else it says stays, in its order.
    func replacing(_ others: [Manifest.Blob: Manifest.Blob]) -> [UInt8] {
        if others.isEmpty { return bytes }
        let layers = zip(json["layers"]?.array ?? [], manifest.layers).map { descriptor, blob in
            others[blob].map { descriptor.describing($0) } ?? descriptor
        }
        return Array(json.replacing("layers", by: .array(layers)).compact.utf8)
    }
}

extension JSON {
    /// The same object with another value for a member that it has.
    func replacing(_ key: String, by value: JSON) -> JSON {
        guard let members else { return self }
        return .object(members.map { (key: $0.key, value: $0.key == key ? value : $0.value) })
    }

    /// A descriptor of another blob in place of its own, whose bytes it may have had with it.
    fileprivate func describing(_ blob: Manifest.Blob) -> JSON {
        let members = members?.filter { $0.key != "data" } ?? []
        return JSON.object(members).replacing("mediaType", by: .string(blob.mediaType))
            .replacing("digest", by: .string(blob.digest.description)).replacing("size", by: .number(blob.size))
    }
}
