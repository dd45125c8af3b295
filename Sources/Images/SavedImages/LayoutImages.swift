import Core

/// The images of an OCI image layout (image-layout.md): `index.json`, which names manifests, and indexes of them, of
/// images and of what is said about images.
struct LayoutImages {
    private let directory: SavedDirectory
    /// By the digests of their manifests, of which one may be named any number of times; nil is no image.
    private var known: [Digest: SavedImage?] = [:]

    init(directory: SavedDirectory) { self.directory = directory }

    /// Manifests of which one is meant, or of those without a name every one.
    private struct Choice {
        let reference: String?
        let takesAll: Bool
        var candidates: [Candidate]
    }

    private struct Candidate {
        let digest: Digest
        let platform: Platform?
    }

    mutating func read() throws(OperationError) -> [SavedImage] {
        var images: [SavedImage] = []
        for choice in try choices() {
            for candidate in try chosen(of: choice) {
                guard var image = try image(candidate.digest) else { continue }
                if let reference = choice.reference { image.add([reference]) }
                images.merge(image)
            }
        }
        return images
    }

    /// Those of `index.json` that have the same name belong together, as those of one index below it do.
    private mutating func choices() throws(OperationError) -> [Choice] {
        let walk = LayoutWalk(directory: directory)
        var choices: [Choice] = []
        for descriptor in try walk.top() {
            let found = try walk.manifests(below: descriptor)
            if found.isEmpty { continue }
            var candidates: [Candidate] = []
            for manifest in found {
                candidates.append(Candidate(digest: manifest.digest, platform: try platform(of: manifest)))
            }
            let reference = try Self.reference(descriptor.json)
            let takesAll = reference == nil && !descriptor.isIndex
            let index = choices.firstIndex {
                $0.reference == reference && $0.takesAll == takesAll && (takesAll || reference != nil)
            }
            if let index {
                choices[index].candidates += candidates
            } else {
                choices.append(Choice(reference: reference, takesAll: takesAll, candidates: candidates))
            }
        }
        return choices
    }

    private mutating func platform(of manifest: LayoutWalk.Descriptor) throws(OperationError) -> Platform? {
        if let platform = manifest.platform { return platform }
        return try image(manifest.digest)?.document.platform
    }

    /// The first of the best ones, as image-index.md wants it. Where none is for this host, the only one there is: what was
    /// pulled and saved for another platform is kept as it was.
    private func chosen(of choice: Choice) throws(OperationError) -> [Candidate] {
        func rank(_ candidate: Candidate) -> Int? { candidate.platform.map(\.rank) ?? 0 }
        let possible = choice.candidates.filter { rank($0) != nil }
        if choice.takesAll { return possible.isEmpty ? choice.candidates : possible }
        guard let best = possible.compactMap(rank).min() else {
            if Set(choice.candidates.map(\.digest)).count == 1 { return Array(choice.candidates.prefix(1)) }
            throw Platform.refusal(
                of: choice.reference ?? directory.shown, choice.candidates.compactMap(\.platform))
        }
        return possible.first { rank($0) == best }.map { [$0] } ?? []
    }

    private mutating func image(_ digest: Digest) throws(OperationError) -> SavedImage? {
        if let known = known[digest] { return known }
        let image = try readImage(digest)
        known[digest] = .some(image)
        return image
    }

    /// Nil for a manifest of something that is no image: a signature, a chart.
    private func readImage(_ digest: Digest) throws(OperationError) -> SavedImage? {
        let name = SavedDirectory.blob(digest)
        let manifestBytes = try directory.read(digest)
        let manifest = try directory.parse(manifestBytes, name) { json throws(RecordError) in
            try LayoutWalk.checkKind(of: json, isIndex: false)
            return try Manifest(RecordReader(json))
        }
        guard Manifest.imageConfigTypes.contains(manifest.config.mediaType) else { return nil }
        let config = try directory.read(manifest.config.digest)
        let document = try directory.parse(config, SavedDirectory.blob(manifest.config.digest)) {
            json throws(RecordError) in try SavedDocument(json)
        }
        guard document.layers.count == manifest.layers.count else {
            throw OperationError(
                "load image", directory.path(name), reason: "its layers are not those of its configuration")
        }
        let layers = zip(manifest.layers, document.layers).map { blob, diff in
            SavedImage.Layer(
                path: SavedDirectory.blob(blob.digest), blob: blob.digest, size: blob.size, diff: diff)
        }
        return SavedImage(
            id: manifest.config.digest, config: config, manifest: manifestBytes, document: document, layers: layers)
    }

    /// A name in full, as containerd and podman note it; a tag alone names nothing.
    private static func reference(_ descriptor: JSON) throws(OperationError) -> String? {
        for key in ["io.containerd.image.name", "org.opencontainers.image.ref.name"] {
            if let text = descriptor["annotations"]?[key]?.string, text.contains(where: { $0 == "/" || $0 == ":" }),
                let reference = try? Reference(text), reference.tag != nil
            {
                // What containerd calls an image by its id is no name.
                if reference.digest == nil, reference.name == "sha256" { continue }
                return try reference.digest == nil ? ImageStore.taggable(reference) : reference.text
            }
        }
        return nil
    }
}
