import Core
import Glibc
import Linux

/// Where everything in the store lies: an OCI image layout, with three directories of ours beside its own.
struct StoreLayout: Sendable {
    let root: String

    var index: String { root + "/index.json" }
    var reserve: IndexReserve { IndexReserve(path: root + "/reserve") }
    var blobs: String { root + "/blobs/sha256" }
    /// Unpacked layers, by the digest of their uncompressed archive: the lower directories of overlays.
    var layers: String { root + "/layers" }
    /// One `ImageRecord` for each image.
    var records: String { root + "/images" }
    /// What steps of builds have come to, by the digests of all that they depend on.
    var buildCache: String { root + "/build-cache" }
    /// A file for each further name of the one builder.
    var builders: String { root + "/builders" }
    /// Work that is not finished, or was never going to be.
    var temporary: String { root + "/temporary" }
    /// Blobs on their way here, by their digests; who gets one has the file's lock. What a kill has left is gone on with.
    var downloads: String { root + "/downloads" }

    func blob(_ digest: Digest) -> String { "\(blobs)/\(digest.hex)" }
    func layer(_ digest: Digest) -> String { "\(layers)/\(digest.hex)" }
    func download(_ digest: Digest) -> String { "\(downloads)/\(digest.hex)" }
    func record(_ image: Digest) -> String { "\(records)/\(image.hex).json" }

    /// Nobody but root may come near the set-user-ID programs of unpacked layers.
    func create() throws(OperationError) {
        try Files.makeDirectories(root, mode: 0o700)
        for path in [blobs, layers, records, buildCache, temporary, downloads] { try Files.makeDirectories(path) }
    }

    /// Says what the directory is, to other programs.
    func mark(holding store: borrowing FileLock) throws(OperationError) {
        let marker = root + "/oci-layout"
        guard !Files.exists(marker) else { return }
        try Files.replace(marker, Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8), mode: 0o644)
    }
}

extension FileLock {
    /// That the store's index, records, blobs and layers stay as they are.
    static func store(_ layout: StoreLayout) throws(OperationError) -> FileLock { try acquire(layout.root + "/lock") }
}
