import Core

/// The way from `index.json` of an OCI image layout to its manifests, through indexes of indexes.
struct LayoutWalk {
    let directory: SavedDirectory
    private static let index = "index.json"
    /// Nobody nests more than twice.
    private static let maximumDepth = 8
    private static let indexTypes = [
        ImageIndex.mediaType, "application/vnd.docker.distribution.manifest.list.v2+json",
    ]

    struct Descriptor {
        let json: JSON
        let digest: Digest
        let isIndex: Bool
        let platform: Platform?

        init(_ json: JSON) throws(RecordError) {
            let reader = try RecordReader(json)
            self.json = json
            digest = try reader.text("digest") { Digest($0) }
            isIndex = LayoutWalk.indexTypes.contains(try reader.optional("mediaType", \.string) ?? "")
            platform = json["platform"].flatMap { Platform($0) }
        }

        /// What says something about an image, and is none itself.
        var isAttestation: Bool {
            json["annotations"]?["vnd.docker.reference.type"] != nil || platform?.isUnknown ?? false
        }
    }

    func top() throws(OperationError) -> [Descriptor] {
        try descriptors(in: directory.read(Self.index), Self.index)
    }

    /// The manifests of images that a descriptor leads to, each once, in their order.
    func manifests(below descriptor: Descriptor) throws(OperationError) -> [Descriptor] {
        var seen: Set<Digest> = []
        return try manifests(below: descriptor, depth: 0, &seen)
    }

    /// - Parameter seen: spares a second look, and with it the doubling at each level that an archive may be made for.
    private func manifests(
        below descriptor: Descriptor, depth: Int, _ seen: inout Set<Digest>
    ) throws(OperationError) -> [Descriptor] {
        guard !descriptor.isAttestation, seen.insert(descriptor.digest).inserted else { return [] }
        guard descriptor.isIndex else { return [descriptor] }
        guard depth < Self.maximumDepth else {
            throw OperationError("load images", directory.shown, reason: "its indexes are nested too deeply")
        }
        let name = SavedDirectory.blob(descriptor.digest)
        var found: [Descriptor] = []
        for inner in try descriptors(in: directory.read(descriptor.digest), name) {
            found += try manifests(below: inner, depth: depth + 1, &seen)
        }
        return found
    }

    private func descriptors(in bytes: [UInt8], _ name: String) throws(OperationError) -> [Descriptor] {
        try directory.parse(bytes, name) { json throws(RecordError) in
            try Self.checkKind(of: json, isIndex: true)
            let elements = try RecordReader(json).value("manifests", \.array)
            guard elements.count <= SavedDirectory.maximumImages else { throw RecordError("manifests is too long") }
            var descriptors: [Descriptor] = []
            for element in elements { descriptors.append(try Descriptor(element)) }
            return descriptors
        }
    }

    /// A document that can be read as either kind is one image for one program and another for the next
    /// (CVE-2021-41190).
    static func checkKind(of json: JSON, isIndex: Bool) throws(RecordError) {
        let others = isIndex ? ["config", "layers"] : ["manifests"]
        if let other = others.first(where: { json[$0] != nil }) {
            throw RecordError("it is \(isIndex ? "an index" : "a manifest") and has \(other)")
        }
        guard let type = json["mediaType"]?.string else { return }
        guard indexTypes.contains(type) == isIndex else { throw RecordError("its mediaType is not what led to it") }
    }
}
