import Core
import Registry
import Transfer

/// An image as a registry has it: its documents, read and checked. Its layers are still there.
struct RemoteImage {
    /// Of what the name led to, which may be an index: by it the registry has the image.
    let digest: Digest
    let manifestBytes: [UInt8]
    let manifest: Manifest

    private static let maximumDepth = 4
    private static let indexTypes = [
        ImageIndex.mediaType, "application/vnd.docker.distribution.manifest.list.v2+json",
    ]

    /// Goes from a name to the manifest for a platform.
    static func find(
        _ reference: Reference, for platform: Platform?, _ session: RegistrySession, _ connection: Connection
    ) throws(OperationError) -> RemoteImage {
        var search = ManifestSearch(reference: reference, platform: platform, session: session, connection: connection)
        return try search.image()
    }

    fileprivate init(
        digest: Digest, bytes: [UInt8], json: JSON, of reference: Reference
    ) throws(OperationError) {
        do throws(RecordError) {
            manifest = try Manifest(RecordReader(json))
        } catch {
            throw ManifestSearch.damaged(reference, "\(error)")
        }
        self.digest = digest
        manifestBytes = bytes
        try check(reference)
    }

    private func check(_ reference: Reference) throws(OperationError) {
        guard Manifest.imageConfigTypes.contains(manifest.config.mediaType) else {
            throw OperationError(
                "pull", reference.description,
                reason: "it is no image: its configuration is of the type \(manifest.config.mediaType)",
                kind: .unsupported)
        }
        try ImageStore.checkDepth(manifest.layers.count)
        for layer in manifest.layers {
            guard LayerType(layer.mediaType)?.compression.isStandard == true else {
                throw OperationError(
                    "pull", reference.description, reason: "unsupported media type \(layer.mediaType)",
                    kind: .unsupported)
            }
            guard layer.size >= 0 else { throw ManifestSearch.damaged(reference, "a layer has \(layer.size) bytes") }
        }
    }

    /// Than its configuration says.
    static func hasOtherLayers(_ reference: Reference) -> OperationError {
        OperationError(
            "pull", reference.description, reason: "its layers are not those of its configuration", kind: .damaged)
    }

    /// What `bytes` is, by its own word or the registry's.
    fileprivate static func isIndex(_ json: JSON, _ mediaType: String) -> Bool {
        indexTypes.contains(json["mediaType"]?.string ?? mediaType)
            || json["mediaType"] == nil && json["manifests"] != nil
    }

    /// The way through indexes.
    fileprivate struct ManifestSearch {
        let reference: Reference
        let platform: Platform?
        let session: RegistrySession
        let connection: Connection

        mutating func image() throws(OperationError) -> RemoteImage {
            let name = reference.digest?.description ?? reference.tag ?? Reference.defaultTag
            let document = try session.manifest(name, of: reference, connection)
            let digest = try Archive.digest(document.bytes)
            try Self.check(digest, reference.digest ?? document.digest.flatMap { Digest($0) }, reference)
            return try image(in: document, top: digest, depth: 0)
        }

        private static func check(_ found: Digest, _ wanted: Digest?, _ reference: Reference) throws(OperationError) {
            guard let wanted, wanted != found else { return }
            throw OperationError(
                "manifest verification failed for digest \(wanted): what came is \(found)", kind: .damaged)
        }

        static func damaged(_ reference: Reference, _ reason: String) -> OperationError {
            OperationError(
                "pull", reference.description, reason: "its manifest is not valid: \(reason)", kind: .damaged)
        }

        private func image(
            in document: RegistryDocument, top: Digest, depth: Int
        ) throws(OperationError) -> RemoteImage {
            let json: JSON
            do throws(JSONError) {
                json = try JSON(parsing: document.bytes)
            } catch {
                throw Self.damaged(reference, "\(error)")
            }
            guard json.members != nil else { throw Self.damaged(reference, "it is not an object") }
            guard json["schemaVersion"]?.int == 2 else {
                throw OperationError(
                    "pull", reference.description, reason: "its manifest has the form of Docker before 1.10",
                    remedy: "push it again with a later Docker", kind: .unsupported)
            }
            let isIndex = RemoteImage.isIndex(json, document.mediaType)
            do throws(RecordError) {
                try LayoutWalk.checkKind(of: json, isIndex: isIndex)
            } catch {
                throw Self.damaged(reference, "\(error)")
            }
            guard isIndex else {
                return try RemoteImage(digest: top, bytes: document.bytes, json: json, of: reference)
            }
            guard depth < RemoteImage.maximumDepth else {
                throw Self.damaged(reference, "its indexes are nested too deeply")
            }
            let (chosen, size) = try choose(from: json)
            let inner = try session.manifest(chosen.description, of: reference, connection)
            try Self.check(Archive.digest(inner.bytes), chosen, reference)
            guard size == Int64(inner.bytes.count) else { throw Self.damaged(reference, "it has another length") }
            return try image(in: inner, top: top, depth: depth + 1)
        }

        /// The first of the best ones.
        private func choose(from json: JSON) throws(OperationError) -> (Digest, Int64) {
            var best: (rank: Int, digest: Digest, size: Int64)?
            var others: [Platform] = []
            for descriptor in json["manifests"]?.array ?? [] {
                guard let digest = descriptor["digest"]?.string.flatMap({ Digest($0) }),
                    let size = descriptor["size"]?.int
                else { throw Self.damaged(reference, "its index has an entry without digest or size") }
                let found = descriptor["platform"].flatMap { Platform($0) }
                if found?.isUnknown ?? false { continue }
                if let found { others.append(found) }
                // An index of one image need not say what that is for.
                guard let rank = found.map({ $0.rank(for: platform) }) ?? .some(.max) else { continue }
                if best.map({ rank < $0.rank }) ?? true { best = (rank, digest, size) }
            }
            guard let best else {
                throw Platform.refusal(of: reference.description, others, wanted: platform ?? .host)
            }
            return (best.digest, best.size)
        }
    }
}
