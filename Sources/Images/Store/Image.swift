import Core
import Linux

/// An image in the store, ready to be run.
package struct Image: Sendable {
    /// The digest of its configuration: what users know an image by.
    package let id: Digest
    /// `name:tag`, sorted.
    package let references: [String]
    /// `name@sha256:…`, by which registries have it, sorted.
    package let sources: [String]
    package let config: ImageConfig
    package let created: Timestamp
    /// Bytes in the files of all layers.
    package let size: Int64
    /// The digest of its manifest.
    package let manifest: Digest
    /// Lowest first, by the digests of their uncompressed archives.
    package let layers: [Digest]
    /// Bytes in the files of each; empty where nobody has noted them down.
    package let layerSizes: [Int64]
    /// Absolute paths, topmost first: overlayfs's order.
    package let layerDirectories: [String]
    /// What it was made for; nil where nobody has noted it down.
    package let platform: Platform?
}

/// One line of `image list`: an image by one of its names.
package struct ImageEntry: Equatable, Sendable {
    package let id: Digest
    /// Nil for an image that lost its last name to another.
    package let reference: String?
    package let created: Timestamp
    package let size: Int64
    package var labels: [String: String] = [:]
    /// `name@sha256:…`, by which registries have the image.
    package var sources: [String] = []
    /// The one that goes with this name.
    package var source: String?
}

/// What `resolve` needs of an image, in one small file: manifest and configuration, which can be long, stay unread.
struct ImageRecord: Record {
    var id: Digest
    var manifest: Digest
    var created: Timestamp
    var size: Int64
    /// Lowest first.
    var layers: [Digest]
    /// Bytes in the files of each; empty in records of before.
    var layerSizes: [Int64] = []
    /// Everything of the image in `blobs`: what must not be collected as garbage.
    var blobs: [Digest]
    var config: ImageConfig
    /// What it was made for; nil is this host's, and in records of before.
    var platform: Platform?

    init(
        id: Digest, manifest: Digest, created: Timestamp, layers: [Digest], layerSizes: [Int64], blobs: [Digest],
        config: ImageConfig, platform: Platform?
    ) {
        self.id = id
        self.manifest = manifest
        self.created = created
        size = layerSizes.reduce(0) { $0.addingSaturated($1) }
        self.layers = layers
        self.layerSizes = layerSizes
        self.blobs = blobs
        self.config = config
        self.platform = platform
    }

    init(_ reader: RecordReader) throws(RecordError) {
        id = try reader.text("id") { Digest($0) }
        manifest = try reader.text("manifest") { Digest($0) }
        created = Timestamp(nanoseconds: try reader.int("created"))
        size = try reader.int("size")
        layers = try ImageRecord.digests("layers", reader)
        layerSizes = try reader.optional("layerSizes", \.array)?.compactMap(\.int) ?? []
        guard layerSizes.isEmpty || layerSizes.count == layers.count else {
            throw RecordError("layerSizes is not valid")
        }
        blobs = try ImageRecord.digests("blobs", reader)
        config = try ImageConfig(try reader.value("config") { $0 })
        platform = try reader.optional("platform") { Platform($0) }
    }

    private static func digests(_ key: String, _ reader: RecordReader) throws(RecordError) -> [Digest] {
        let texts = try reader.strings(key)
        let digests = texts.compactMap { Digest($0) }
        guard digests.count == texts.count else { throw RecordError("\(key) is not valid") }
        return digests
    }

    var json: JSON {
        [
            "id": .string(id.description),
            "manifest": .string(manifest.description),
            "created": .number(created.nanoseconds),
            "size": .number(size),
            "layers": .strings(layers.map(\.description)),
            "layerSizes": .array(layerSizes.map { .number($0) }),
            "blobs": .strings(blobs.map(\.description)),
            "config": config.json,
            "platform": platform?.json ?? .null,
        ]
    }
}
