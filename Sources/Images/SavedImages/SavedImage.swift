import Core

/// An image of a `SavedDirectory`: its documents are read and checked, its layers are not.
struct SavedImage {
    struct Layer: Hashable {
        let path: String
        /// Of the archive as it is there; nil where nothing says so.
        let blob: Digest?
        /// Bytes of that archive, likewise.
        var size: Int64? = nil
        /// Of the tar stream in it.
        let diff: Digest
    }

    let id: Digest
    let config: [UInt8]
    /// Nil for a docker-archive, which has none.
    let manifest: [UInt8]?
    let document: SavedDocument
    /// Lowest first.
    let layers: [Layer]
    /// `name:tag`, each once.
    var references: [String] = []

    mutating func add(_ references: [String]) {
        for reference in references where !self.references.contains(reference) { self.references.append(reference) }
    }
}

extension [SavedImage] {
    /// An image that is there already by the same manifest gets the names of the new one.
    mutating func merge(_ image: SavedImage) {
        if let index = firstIndex(where: { $0.id == image.id && $0.manifest == image.manifest }) {
            self[index].add(image.references)
        } else {
            append(image)
        }
    }
}

/// What an image's configuration says.
struct SavedDocument {
    let config: ImageConfig
    /// Of the layers' tar streams, lowest first.
    let layers: [Digest]
    /// Nil when it says nothing.
    let platform: Platform?
    let created: Timestamp?

    init(_ json: JSON) throws(RecordError) {
        let reader = try RecordReader(json)
        let object: JSON? = try reader.optional("config") { $0 }
        config = try ImageConfig(object ?? [:])
        let texts = try reader.object("rootfs") { reader throws(RecordError) in try reader.strings("diff_ids") }
        layers = texts.compactMap { Digest($0) }
        guard layers.count == texts.count else { throw RecordError("rootfs.diff_ids is not valid") }
        platform = Platform(json)
        created = json["created"]?.string.flatMap { Timestamp(parsing: $0) }
    }
}
