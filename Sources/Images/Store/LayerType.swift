import Core

/// What the media type of a layer says: which kind of archive that is, and how it is compressed.
struct LayerType: Equatable, Sendable {
    /// Without the compression.
    let kind: String
    let compression: Archive.Compression

    /// Of what is made here.
    static let oci = LayerType(kind: Manifest.layerType, compression: .none)

    private static let docker = "application/vnd.docker.image.rootfs."
    /// OCI's and Docker's, also those that were not to be passed on.
    private static let kinds = [
        Manifest.layerType, "application/vnd.oci.image.layer.nondistributable.v1.tar", docker + "diff.tar",
        docker + "foreign.diff.tar",
    ]

    private init(kind: String, compression: Archive.Compression) {
        self.kind = kind
        self.compression = compression
    }

    /// Nil for what is no layer, or one of another form.
    init?(_ mediaType: String) {
        let all = Self.kinds.flatMap { kind in
            Archive.Compression.allCases.map { LayerType(kind: kind, compression: $0) }
        }
        guard let found = all.first(where: { $0.texts.contains(mediaType) }) else { return nil }
        self = found
    }

    /// Both are read everywhere, whatever the kind.
    private var texts: [String] {
        compression == .none ? [kind] : ["\(kind)+\(compression.name)", "\(kind).\(compression.name)"]
    }

    /// What a layer is to be compressed by; nil where it stays as it is.
    /// - Parameter isPlain: whether it is its tar stream; some that say so are not, and are to be what they say.
    func change(by wish: SavedCompression, isPlain: Bool) -> Archive.Compression? {
        let wanted: Archive.Compression =
            switch wish.kind {
            case .uncompressed: .none
            case .gzip: .gzip
            case .zstd: .zstd
            }
        let isToChange = wanted != compression || compression == .none && !isPlain
        return isToChange && (wish.isForced || compression == .none) ? wanted : nil
    }

    /// The media type of the same in another compression.
    func compressed(by other: Archive.Compression) -> String {
        guard other != .none else { return kind }
        return kind + (kind.hasPrefix(Self.docker) ? "." : "+") + other.name
    }
}

extension Archive.Content {
    /// The archive as the blob of a layer.
    func layer(of type: LayerType) -> Manifest.Blob {
        Manifest.Blob(mediaType: type.compressed(by: compression), digest: blob, size: blobSize)
    }
}

extension Archive.Compression {
    /// Whether others can be expected to know it: xz and bzip2 are what files that were imported may have.
    var isStandard: Bool { self == .none || self == .gzip || self == .zstd }
}
