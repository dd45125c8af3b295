import Core

/// An OCI image manifest: the blobs that make up an image.
struct Manifest {
    /// A blob by digest, size and kind.
    struct Blob: Hashable, Sendable {
        var mediaType: String
        var digest: Digest
        var size: Int64
        /// Where else it may be had, of one that no registry may keep.
        var places: [String] = []

        init(mediaType: String, digest: Digest, size: Int64) {
            self.mediaType = mediaType
            self.digest = digest
            self.size = size
        }

        init(_ reader: RecordReader) throws(RecordError) {
            mediaType = try reader.string("mediaType")
            digest = try reader.text("digest") { Digest($0) }
            size = try reader.int("size")
            places = try reader.optional("urls", \.strings) ?? []
        }

        var json: JSON {
            ["mediaType": .string(mediaType), "digest": .string(digest.description), "size": .number(size)]
        }
    }

    static let mediaType = "application/vnd.oci.image.manifest.v1+json"
    static let configType = "application/vnd.oci.image.config.v1+json"
    /// OCI's, and Docker's.
    static let imageConfigTypes = [configType, "application/vnd.docker.container.image.v1+json"]
    static let layerType = "application/vnd.oci.image.layer.v1.tar"

    var config: Blob
    /// Lowest first.
    var layers: [Blob]
    /// What others are told of the image beside it.
    var annotations: [String: String] = [:]

    init(config: Blob, layers: [Blob], annotations: [String: String] = [:]) {
        self.config = config
        self.layers = layers
        self.annotations = annotations
    }

    init(_ reader: RecordReader) throws(RecordError) {
        config = try reader.object("config") { reader throws(RecordError) in try Blob(reader) }
        layers = try reader.objects("layers") { reader throws(RecordError) in try Blob(reader) }
    }

    /// The same archives in the same order.
    func hasLayers(of other: Manifest) -> Bool {
        layers.elementsEqual(other.layers) { $0.digest == $1.digest && $0.size == $1.size }
    }

    var json: JSON {
        let members: JSON = [
            "schemaVersion": 2,
            "mediaType": .string(Manifest.mediaType),
            "config": config.json,
            "layers": .array(layers.map(\.json)),
        ]
        let texts = annotations.sorted { $0.key < $1.key }.map { (key: $0.key, value: JSON.string($0.value)) }
        return members.with([("annotations", texts.isEmpty ? nil : .object(texts))])
    }
}

/// An OCI image configuration, whose digest is the image's id.
struct ImageDocument {
    var created: Timestamp
    var author: String?
    var config: ImageConfig
    /// Lowest first.
    var layers: [Digest]
    /// As objects: what other programs wrote there is kept.
    var history: [JSON]
    var platform = Platform.host

    var json: JSON {
        var members: [(key: String, value: JSON)] = [("created", .string(created.description))]
        if let author { members.append(("author", .string(author))) }
        members.append(("architecture", .string(platform.architecture)))
        if let variant = platform.variant { members.append(("variant", .string(variant))) }
        members += [
            ("os", .string(platform.system)),
            ("config", config.json),
            ("rootfs", ["type": "layers", "diff_ids": .strings(layers.map(\.description))]),
            ("history", .array(history)),
        ]
        return .object(members)
    }
}
