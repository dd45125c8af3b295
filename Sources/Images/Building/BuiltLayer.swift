import Core

/// A layer that a build has made, or found.
package struct BuiltLayer: Equatable, Sendable {
    let blob: Manifest.Blob
    /// Of its uncompressed archive.
    package let diff: Digest
    /// Bytes in regular files.
    package let size: Int64
    /// Of the place in the build's own directory that it is in; nil when it is in the store.
    let place: Int?

    init(blob: Manifest.Blob, diff: Digest, size: Int64, place: Int?) {
        self.blob = blob
        self.diff = diff
        self.size = size
        self.place = place
    }

    /// The same in the store.
    var stored: BuiltLayer { BuiltLayer(blob: blob, diff: diff, size: size, place: nil) }
}

extension BuiltLayer: Record {
    package init(_ reader: RecordReader) throws(RecordError) {
        blob = try reader.object("blob") { reader throws(RecordError) in try Manifest.Blob(reader) }
        diff = try reader.text("diff") { Digest($0) }
        size = try reader.int("size")
        place = try reader.optional("place", \.int).map { Int($0) }
    }

    package var json: JSON {
        let members: JSON = ["blob": blob.json, "diff": .string(diff.description), "size": .number(size)]
        return members.with([("place", place.map { .number($0) })])
    }
}

/// An image that is being built: what a stage has come to.
package struct BuiltImage: Sendable {
    package var config = ImageConfig()
    /// Lowest first.
    package var layers: [BuiltLayer] = []
    package var author: String?
    /// When the last of it was made: one whose steps were all there before is the same image again.
    package var created = Timestamp(nanoseconds: 0)
    var history: [JSON] = []
    /// Of what it is built on; nil is this host's.
    package var platform: Platform?
    /// Of its manifest.
    package var annotations: [String: String] = [:]

    package init() {}

    /// Nothing of one that is built on nothing has a time before its first files have.
    package var isDated: Bool { created.nanoseconds != 0 }

    /// What has none was made with the image.
    var datedHistory: [JSON] {
        history.map { entry in
            let isOpen = entry["created"] == nil && entry["created_by"] != nil
            return isOpen ? entry.with([("created", .string(created.description))]) : entry
        }
    }

    /// - Parameter instruction: as it was carried out.
    package mutating func addHistory(_ instruction: String, addsLayer: Bool) {
        let entry: JSON = ["created_by": .string(instruction)]
        history.append(
            entry.with([
                ("created", isDated ? .string(created.description) : nil),
                ("author", author.map { .string($0) }), ("comment", "mydocker.dockerfile"),
                ("empty_layer", addsLayer ? nil : true),
            ]))
    }
}

/// What an image that went out of a build is known by.
package struct WrittenImage: Sendable {
    package let id: Digest
    package let manifest: Digest

    package init(id: Digest, manifest: Digest) {
        self.id = id
        self.manifest = manifest
    }
}
