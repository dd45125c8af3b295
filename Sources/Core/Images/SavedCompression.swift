/// How the layers of an image are compressed in an archive of it, where they do not stay as they are.
package struct SavedCompression: Equatable, Sendable {
    /// In buildx's words.
    package enum Kind: String, CaseIterable, Sendable {
        case uncompressed, gzip, zstd
    }

    package let kind: Kind
    /// Also layers that are compressed in another way; else only those that are not.
    package let isForced: Bool

    package init(_ kind: Kind, isForced: Bool) {
        self.kind = kind
        self.isForced = isForced
    }
}
