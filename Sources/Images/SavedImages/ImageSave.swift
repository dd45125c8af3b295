import Core
import Glibc
import Linux

/// An image with the names that it is saved under.
package struct ImageToSave: Sendable {
    package let image: Image
    package var names: [Reference]

    package init(_ image: Image, _ names: [Reference]) {
        self.image = image
        self.names = names
    }
}

extension ImageStore {
    /// Writes images as a tar archive: each of their blobs once, byte for byte as it is in the store.
    /// - Parameters:
    ///   - images: each once.
    ///   - name: of the output, for errors.
    package func save(
        _ images: [ImageToSave], as form: SavedForm, to output: borrowing Descriptor, named name: String
    ) throws(OperationError) {
        var parts: [SavedPart] = []
        for image in images { parts += try self.parts(image) }
        try save(parts, as: form, to: output, named: name) { layout.blob($0) }
    }

    /// - Parameter path: where a blob is.
    func save(
        _ parts: [SavedPart], as form: SavedForm, to output: borrowing Descriptor, named name: String,
        from path: (Digest) -> String
    ) throws(OperationError) {
        for entry in SavedPlan(parts, form).entries { try write(entry, to: output, name, from: path) }
        try put(ArchiveHeader.end, output, name)
    }

    /// One for each manifest that the names have.
    private func parts(_ image: ImageToSave) throws(OperationError) -> [SavedPart] {
        guard !image.names.isEmpty else { return [SavedPart(names: [], try storedManifest(image.image.manifest))] }
        var names: [Digest: [Reference]] = [:]
        for name in image.names { names[try manifest(of: image.image, named: name.text), default: []].append(name) }
        let own = image.image.manifest
        return try names.sorted { ($0.key == own ? 0 : 1, $0.key) < ($1.key == own ? 0 : 1, $1.key) }.map {
            digest, names throws(OperationError) in SavedPart(names: names, try storedManifest(digest))
        }
    }

    private func write(
        _ entry: SavedEntry, to output: borrowing Descriptor, _ target: String, from path: (Digest) -> String
    ) throws(OperationError) {
        switch entry {
        case .directory(let name): try put(ArchiveHeader.bytes(name, size: 0), output, target)
        case .document(let name, let bytes):
            let size = Int64(bytes.count)
            try put(ArchiveHeader.bytes(name, size: size) + bytes + ArchiveHeader.padding(after: size), output, target)
        case .blob(let blob): try write(blob, at: path(blob.digest), to: output, target)
        }
    }

    private func write(
        _ blob: Manifest.Blob, at path: String, to output: borrowing Descriptor, _ target: String
    ) throws(OperationError) {
        let file = try Descriptor.open(path, O_RDONLY)
        try put(ArchiveHeader.bytes(SavedPlan.path(blob.digest), size: blob.size), output, target)
        var digest = try DigestStream()
        var rest = blob.size
        var buffer = [UInt8](repeating: 0, count: 1 << 20)
        while rest > 0 {
            let count = read(file.number, &buffer, Int(min(rest, Int64(buffer.count))))
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw OperationError("read", path, errno: errno) }
            guard count > 0 else {
                throw Self.damaged(path, "it is shorter than the image says")
            }
            let bytes = Array(buffer[..<count])
            digest.add(bytes)
            try put(bytes, output, target)
            try Interruption.check("save", path)
            rest -= Int64(count)
        }
        guard digest.finish() == blob.digest else {
            throw Self.damaged(path, "its content is not that of its digest")
        }
        try put(ArchiveHeader.padding(after: blob.size), output, target)
    }

    /// Of what others would refuse.
    private static func damaged(_ path: String, _ why: String) -> OperationError {
        OperationError("save", path, reason: why, remedy: "pull or build the image anew", kind: .damaged)
    }

    private func put(
        _ bytes: [UInt8], _ output: borrowing Descriptor, _ target: String
    ) throws(OperationError) {
        try FaultPoint.pass("write", target)
        try Files.writeAll(bytes, to: output, named: target)
    }
}

/// One image in an archive.
struct SavedPart {
    let names: [Reference]
    let manifest: Manifest
    /// Of the manifest.
    let descriptor: Manifest.Blob
}

extension SavedPart {
    fileprivate init(names: [Reference], _ stored: StoredManifest) {
        self.init(names: names, manifest: stored.manifest, descriptor: stored.descriptor)
    }
}

enum SavedEntry {
    case directory(String)
    case document(String, [UInt8])
    case blob(Manifest.Blob)
}

/// What an archive holds, in its order, as values. The same images give the same archive.
struct SavedPlan {
    let entries: [SavedEntry]

    static func path(_ digest: Digest) -> String { "blobs/sha256/\(digest.hex)" }

    init(_ parts: [SavedPart], _ form: SavedForm) {
        var seen: Set<Digest> = []
        let blobs = parts.flatMap { [$0.descriptor, $0.manifest.config] + $0.manifest.layers }
            .filter { seen.insert($0.digest).inserted }.sorted { $0.digest.hex < $1.digest.hex }
        var entries: [SavedEntry] = [.directory("blobs/"), .directory("blobs/sha256/")] + blobs.map { .blob($0) }
        entries.append(.document("index.json", Array(Self.index(parts).compact.utf8)))
        if form == .docker { entries.append(.document("manifest.json", Array(Self.list(parts).compact.utf8))) }
        entries.append(.document("oci-layout", Array(#"{"imageLayoutVersion":"1.0.0"}"#.utf8)))
        self.entries = entries
    }

    /// One entry for each name. Docker keeps the whole name in an annotation of containerd's, and the tag in OCI's.
    private static func index(_ parts: [SavedPart]) -> JSON {
        var descriptors: [JSON] = []
        for part in parts {
            let names: [Reference?] = part.names.isEmpty ? [nil] : part.names
            for name in names {
                var members: [(key: String, value: JSON?)] = []
                if let name {
                    members = [
                        (
                            "annotations",
                            [
                                "io.containerd.image.name": .string(name.canonical),
                                "org.opencontainers.image.ref.name": .string(name.tag ?? Reference.defaultTag),
                            ]
                        )
                    ]
                }
                descriptors.append(part.descriptor.json.with(members))
            }
        }
        return [
            "schemaVersion": 2, "mediaType": .string(ImageIndex.mediaType), "manifests": .array(descriptors),
        ]
    }

    /// Docker's `manifest.json`.
    private static func list(_ parts: [SavedPart]) -> JSON {
        .array(
            parts.map { part in
                [
                    "Config": .string(path(part.manifest.config.digest)),
                    "RepoTags": part.names.isEmpty ? .null : .strings(part.names.map(\.text)),
                    "Layers": .strings(part.manifest.layers.map { path($0.digest) }),
                ]
            })
    }
}
