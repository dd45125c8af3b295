import Core
import Glibc
import Linux

/// `index.json`: which images there are, and under which names.
struct ImageIndex {
    struct Entry: Hashable {
        let manifest: Digest
        let manifestSize: Int64
        let image: Digest
        /// Nil when the image has no name.
        var reference: String?
        /// The scope that it goes with.
        var scope: String?
        /// `NAME@sha256:…`, by which a registry has it.
        var source: String?
        /// The manifest came from a registry, byte for byte: it has the layers in that form.
        var isPulled = false
    }

    static let mediaType = "application/vnd.oci.image.index.v1+json"
    private static let schemaVersion: Int64 = 2
    private static let remedy = "put back a good copy, or move it away to begin with no images"
    private static let referenceKey = "org.opencontainers.image.ref.name"
    /// Spares reading the manifest to get from a name to an image's id.
    private static let imageKey = "mydocker.image.id"
    private static let scopeKey = "mydocker.scope"
    private static let sourceKey = "mydocker.image.source"
    private static let pulledKey = "mydocker.image.pulled"
    private static let pulledValue = "true"

    private(set) var entries: [Entry] = []
    /// What another program put here: not ours to use, nor to lose.
    private var foreign: [JSON] = []

    /// A store that is not there yet is an empty one.
    /// - Throws: when the file is damaged; it is never taken for an empty one.
    static func read(_ path: String) throws(OperationError) -> ImageIndex {
        let bytes: [UInt8]
        do throws(OperationError) {
            bytes = try Files.readRecord(path)
        } catch {
            if error.errno == ENOENT { return ImageIndex() }
            throw OperationError("read image index", path, errno: error.errno ?? EIO, remedy: remedy)
        }
        do {
            let json = try JSON(parsing: bytes)
            if let schema = json["schemaVersion"]?.int, schema > schemaVersion { throw RecordVersion.refusal(of: path) }
            return try ImageIndex(json)
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError("read image index", path, reason: "it is damaged: \(error)", remedy: remedy)
        }
    }

    private init() {}

    private init(_ json: JSON) throws(RecordError) {
        for descriptor in try RecordReader(json).value("manifests", \.array) {
            // One of ours that says something wrong is damage: to overlook it would be to lose its image.
            if descriptor["annotations"]?[ImageIndex.imageKey] == nil {
                foreign.append(descriptor)
            } else if let entry = ImageIndex.entry(descriptor) {
                entries.append(entry)
            } else {
                throw RecordError("manifests has an entry of ours that is not valid")
            }
        }
    }

    private static func entry(_ json: JSON) -> Entry? {
        guard let manifest = json["digest"]?.string.flatMap({ Digest($0) }), let size = json["size"]?.int,
            let image = json["annotations"]?[imageKey]?.string.flatMap({ Digest($0) })
        else { return nil }
        let reference = json["annotations"]?[referenceKey]?.string
        let scope = json["annotations"]?[scopeKey]?.string
        let source = json["annotations"]?[sourceKey]?.string
        return Entry(
            manifest: manifest, manifestSize: size, image: image, reference: reference, scope: scope, source: source,
            // Of what a release before has pulled nothing else tells.
            isPulled: json["annotations"]?[pulledKey]?.string == pulledValue
                || source.flatMap { try? Reference($0) }?.digest == manifest)
    }

    var json: JSON {
        let descriptors: [JSON] = entries.map { entry in
            var annotations: [(key: String, value: JSON)] = []
            if let reference = entry.reference { annotations.append((ImageIndex.referenceKey, .string(reference))) }
            annotations.append((ImageIndex.imageKey, .string(entry.image.description)))
            if let scope = entry.scope { annotations.append((ImageIndex.scopeKey, .string(scope))) }
            if let source = entry.source { annotations.append((ImageIndex.sourceKey, .string(source))) }
            if entry.isPulled { annotations.append((ImageIndex.pulledKey, .string(ImageIndex.pulledValue))) }
            return [
                "mediaType": .string(Manifest.mediaType),
                "digest": .string(entry.manifest.description),
                "size": .number(entry.manifestSize),
                "annotations": .object(annotations),
            ]
        }
        return [
            "schemaVersion": .int(Self.schemaVersion), "mediaType": .string(ImageIndex.mediaType),
            "manifests": .array(descriptors + foreign),
        ]
    }
}

// MARK: - Looking up

extension ImageIndex {
    /// Where a text led to.
    struct Match: Equatable {
        let image: Digest
        /// Nil when the text was an id, or a name with a digest by which a registry has it.
        let reference: String?
        /// `NAME@sha256:…`, when the text was that: on record, or where `reference` says that of its manifest.
        var source: String?
    }

    /// Full id, name, or the beginning of one image's id, in this order.
    func match(_ text: String, shortestID: Int = 1) throws(OperationError) -> Match? {
        if let id = Digest(text) ?? Digest(hex: text), contains(id) { return Match(image: id, reference: nil) }
        if let reference = try? Reference(text), let named = match(reference) { return named }
        return try imageID(beginningWith: text, shortestID).map { Match(image: $0, reference: nil) }
    }

    private func match(_ reference: Reference) -> Match? {
        guard let digest = reference.digest else {
            return entries.first { $0.reference == reference.text }.map {
                Match(image: $0.image, reference: $0.reference)
            }
        }
        let source = reference.pinned(to: digest)
        if let entry = entries.first(where: { $0.source == source }) {
            return Match(image: entry.image, reference: nil, source: source)
        }
        // No registry has said so, but it is what it would be there. Another repository's is none of that.
        let entry = entries.first { $0.manifest == digest && $0.isNamed(as: reference) }
        return entry.map { Match(image: $0.image, reference: $0.reference, source: source) }
    }

    private func imageID(beginningWith text: String, _ shortest: Int) throws(OperationError) -> Digest? {
        let prefix = text.hasPrefix("sha256:") ? String(text.dropFirst(7)) : text
        guard prefix.utf8.count >= shortest, prefix.utf8.allSatisfy(\.isLowercaseHexDigit) else { return nil }
        let images = Set(entries.lazy.map(\.image).filter { $0.hex.hasPrefix(prefix) })
        guard images.count < 2 else { throw OperationError("multiple IDs found with provided prefix: \(text)") }
        return images.first
    }

    /// Whether one that was pulled is known, under that name and from there.
    func says(_ pulled: Entry) -> Bool {
        entries.contains {
            $0.image == pulled.image && $0.reference == pulled.reference && $0.source == pulled.source
                && $0.manifest == pulled.manifest && ($0.isPulled || !pulled.isPulled)
        }
    }

    /// Whether another one says the same of our images, in whatever order: then there is nothing to write.
    func says(theSameAs other: ImageIndex) -> Bool {
        entries.count == other.entries.count && Set(entries) == Set(other.entries)
    }

    /// Whether some registry has this very manifest.
    func isPulled(_ manifest: Digest) -> Bool { entries.contains { $0.manifest == manifest && $0.isPulled } }

    func contains(_ image: Digest) -> Bool { entries.contains { $0.image == image } }
    func references(to image: Digest) -> [String] { entries.filter { $0.image == image }.references }
    func sources(of image: Digest) -> [String] { entries.filter { $0.image == image }.sources }
    var images: Set<Digest> { Set(entries.map(\.image)) }
}

extension [ImageIndex.Entry] {
    var references: [String] { compactMap(\.reference).sorted() }
    var sources: [String] { Set(compactMap(\.source)).sorted() }
    var sourcesOfNames: [String: String] {
        reduce(into: [:]) { sources, entry in
            if let reference = entry.reference { sources[reference] = entry.source }
        }
    }
}

// MARK: - Changing

extension ImageIndex {
    /// Adds an image under a name, which any other image loses.
    mutating func add(_ entry: Entry) {
        var entry = entry
        let same = entries.first { $0.image == entry.image && $0.isNamed(as: entry) }
        if entry.source == nil { entry.source = same?.source }
        if isPulled(entry.manifest) { entry.isPulled = true }
        // What was there outside of a scope stays when the scope goes.
        if let same, same.scope == nil || entry.scope == nil { entry.scope = nil }
        if let reference = entry.reference, same == nil { removeReference(reference) }
        // An image that has a name now needs no nameless entry, unless the name will go with its scope.
        entries.removeAll { other in
            guard other.image == entry.image else { return false }
            if other.isNamed(as: entry) { return true }
            return other.reference == nil && other.source == nil && (entry.scope == nil || other.scope == entry.scope)
        }
        if entry.reference != nil || entry.source != nil || !contains(entry.image) { entries.append(entry) }
    }

    /// An image without names stays, as Docker's `<none>`.
    mutating func removeReference(_ reference: String) {
        guard let index = entries.firstIndex(where: { $0.reference == reference }) else { return }
        var entry = entries.remove(at: index)
        entry.reference = nil
        if !contains(entry.image) { entries.append(entry) }
    }

    /// What a registry calls it; a tag that came from there stays.
    private mutating func removeSource(_ source: String, of image: Digest) {
        entries.removeAll { $0.image == image && $0.source == source && $0.reference == nil }
        for index in entries.indices where entries[index].image == image && entries[index].source == source {
            entries[index].source = nil
        }
    }

    /// All at once.
    mutating func removeNames(of image: Digest) {
        let named = entries.filter { $0.image == image }
        guard var entry = named.first(where: { $0.scope == nil }) ?? named.first else { return }
        entry.reference = nil
        entry.source = nil
        entries.removeAll { $0.image == image }
        entries.append(entry)
    }

    /// Takes the one name that was given from an image that has others, or was there without one.
    /// - Returns: the name; nil: it is an id, or the last one, and stays.
    mutating func untag(_ match: Match) -> String? {
        if let source = match.source {
            var rest = self
            rest.removeSource(source, of: match.image)
            guard rest.contains(match.image) else { return nil }
            self = rest
            return source
        }
        guard let reference = match.reference, entries.count(where: { $0.image == match.image }) > 1 else { return nil }
        removeReference(reference)
        return reference
    }

    /// Those that a scope has made outlive it, as far as `isUsed` and nothing else keeps them.
    mutating func keep(of scope: String, where isUsed: (Digest) throws(OperationError) -> Bool) throws(OperationError) {
        let others = Set(entries.filter { $0.scope != scope }.map(\.image))
        for index in entries.indices where entries[index].scope == scope && !others.contains(entries[index].image) {
            if try isUsed(entries[index].image) { entries[index].scope = nil }
        }
        // What has it outside by the same digest keeps that.
        let outside = entries.filter { $0.scope != scope }
        entries.removeAll { entry in
            entry.scope == scope && entry.reference == nil && entry.source != nil
                && outside.contains { $0.image == entry.image && $0.source == entry.source }
        }
    }

    /// - Returns: whether that is anything new.
    mutating func setSource(_ source: String, of image: Digest, _ reference: String) -> Bool {
        guard let index = entries.firstIndex(where: { $0.image == image && $0.reference == reference }),
            entries[index].source != source
        else { return false }
        entries[index].source = source
        return true
    }

    mutating func removeImage(_ image: Digest) { entries.removeAll { $0.image == image } }

    /// - Parameters:
    ///   - match: by a name, whose manifest the new name has too, or an id.
    ///   - own: the image's own manifest, which is meant by an id.
    mutating func tag(_ match: Match, own: Digest?, as reference: String, in scope: String?) {
        let named = entries.filter { $0.image == match.image }
        let meant = named.first { entry in
            if let reference = match.reference { return entry.reference == reference }
            return match.source.map { entry.source == $0 } ?? (entry.manifest == own)
        }
        guard var entry = meant ?? named.first else { return }
        entry.reference = reference
        entry.scope = scope
        entry.source = nil
        add(entry)
    }
}

extension ImageIndex.Entry {
    /// Of one image: an entry without a name is known by where it comes from.
    fileprivate func isNamed(as other: ImageIndex.Entry) -> Bool {
        reference == other.reference && (reference != nil || source == other.source)
    }

    /// Whatever its digest; a name without a tag is any of its repository.
    fileprivate func isNamed(as name: Reference) -> Bool {
        guard let text = reference, let own = try? Reference(text) else { return false }
        return own.name == name.name && (name.tag == nil || own.tag == name.tag)
    }
}
