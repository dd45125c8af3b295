import Core

/// The documents of an image, byte for byte as the store has them. They depend on its draft alone.
struct PreparedImage {
    /// One that is a blob.
    struct Document {
        let blob: Manifest.Blob
        let bytes: [UInt8]

        init(_ bytes: [UInt8], _ mediaType: String) throws(OperationError) {
            self.bytes = bytes
            blob = Manifest.Blob(mediaType: mediaType, digest: try Archive.digest(bytes), size: Int64(bytes.count))
        }
    }

    let config: Document
    let manifest: Document
    /// What a run needs of it.
    let record: [UInt8]
    /// Of the manifest as it is made here.
    let content: Manifest

    init(_ draft: ImageDraft) throws(OperationError) {
        try ImageStore.checkDepth(draft.layers.count)
        let document = draft.document.json.compact
        guard draft.original != nil || !document.hasForeignBytes else {
            throw OperationError(
                "write image configuration",
                reason: "it is JSON, which cannot hold words, variables, labels or a message that are not UTF-8")
        }
        let config = try Document(draft.original?.config ?? Array(document.utf8), Manifest.configType)
        let content = Manifest(config: config.blob, layers: draft.layers.map(\.blob), annotations: draft.annotations)
        let manifest = try Document(
            draft.original?.manifest ?? Array(content.json.compact.utf8), Manifest.mediaType)
        let record = ImageRecord(
            id: config.blob.digest, manifest: manifest.blob.digest, created: draft.created,
            layers: draft.layers.map(\.diff), layerSizes: draft.layers.map(\.size),
            blobs: [manifest.blob.digest, config.blob.digest] + draft.layers.map(\.blob.digest),
            config: draft.config, platform: draft.platform)
        (self.config, self.manifest, self.content) = (config, manifest, content)
        self.record = Array(record.json.versioned(1).compact.utf8)
    }

    var id: Digest { config.blob.digest }

    /// By their names in a workspace.
    /// - Parameter number: another one for each image there.
    func files(_ number: Int) -> [(name: String, bytes: [UInt8])] {
        [("config-\(number)", config.bytes), ("manifest-\(number)", manifest.bytes), ("record-\(number)", record)]
    }
}
