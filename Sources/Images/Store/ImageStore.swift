import Core
import Glibc
import Linux

/// The images of this host, in a directory that is an OCI image layout with unpacked layers beside it.
///
/// Any number of processes may use it at the same time. Readers take no lock: `index.json` and the records are
/// replaced whole. Whoever changes something does so under one lock, and an image is in the index only when all
/// of it is on disk.
package struct ImageStore: Sendable {
    let layout: StoreLayout

    /// What is named here is named for that scope, and goes with it.
    let scope: String?

    /// - Parameter root: need not exist yet.
    package init(root: String, scope: String? = nil) {
        layout = StoreLayout(root: root)
        self.scope = scope
    }

    /// The image that `text` names: a full id, a name, or the beginning of an id. Nil when there is none.
    /// - Parameter shortestID: so many digits of an id are wanted.
    package func resolve(_ text: String, shortestID: Int = 1) throws(OperationError) -> Image? {
        while true {
            let index = try ImageIndex.read(layout.index)
            guard let match = try index.match(text, shortestID: shortestID) else { return nil }
            do throws(OperationError) {
                return try image(match.image, in: index)
            } catch {
                guard try wasRemoved(match.image, error) else { throw error }
            }
        }
    }

    /// Whether what could not be read is an image that was still there when the index was read.
    private func wasRemoved(_ image: Digest, _ error: OperationError) throws(OperationError) -> Bool {
        guard error.errno == ENOENT else { return false }
        return try !ImageIndex.read(layout.index).contains(image)
    }

    /// Every image under each of its names, newest first.
    /// - Parameter skip: gets what is wrong with an image that cannot be read; by default that is thrown.
    package func list(
        skip: (OperationError) throws(OperationError) -> Void = { error throws(OperationError) in throw error }
    ) throws(OperationError) -> [ImageEntry] {
        let index = try ImageIndex.read(layout.index)
        var summaries: [ImageEntry] = []
        // Looked up one by one, a thousand names of one image would be a million comparisons.
        for (id, entries) in Dictionary(grouping: index.entries, by: \.image) {
            let record: ImageRecord
            do throws(OperationError) {
                record = try self.record(id)
            } catch {
                if try !wasRemoved(id, error) { try skip(error) }
                continue
            }
            let (references, sources, own) = (entries.references, entries.sources, entries.sourcesOfNames)
            for reference in references.isEmpty ? [nil] : references.map(Optional.some) {
                summaries.append(
                    ImageEntry(
                        id: id, reference: reference, created: record.created, size: record.size,
                        labels: record.config.labels, sources: sources, source: reference.flatMap { own[$0] }))
            }
        }
        return summaries.sorted { left, right in
            if left.created != right.created { return left.created > right.created }
            return (left.reference ?? "", left.id) < (right.reference ?? "", right.id)
        }
    }

    /// Gives the image that `text` names another name, which any other image loses. Where it has that already, all stays
    /// as it is.
    package func tag(_ text: String, as reference: Reference) throws(OperationError) {
        let name = try ImageStore.taggable(reference)
        // A store that is not there has no image to tag.
        guard try resolve(text) != nil else { throw ImageStore.notFound(text) }
        let lock = try FileLock.store(layout)
        let known = try ImageIndex.read(layout.index)
        guard let match = try known.match(text) else { throw ImageStore.notFound(text) }
        var index = known
        index.tag(match, own: (try? record(match.image))?.manifest, as: name, in: scope)
        guard index.says(theSameAs: known) else { return try write(index, holding: lock) }
        lock.release()
        // As with what is published already.
        try Files.syncDirectory(of: layout.index)
    }
}

// MARK: - For the other operations

extension ImageStore {
    static func notFound(_ text: String) -> OperationError {
        OperationError("No such image: \((try? Reference(text))?.description ?? text)", kind: .notFound)
    }

    /// As many as Docker has in an overlay, whose kernels take no more than one page of them.
    static let maximumLayers = 127

    package static func checkDepth(_ count: Int) throws(OperationError) {
        guard count > maximumLayers else { return }
        throw OperationError(
            "max depth exceeded", reason: "\(count) layers, where \(maximumLayers) are possible",
            remedy: "flatten it: export a container and import the result", kind: .exhausted)
    }

    /// A digest is computed, not given.
    static func taggable(_ reference: Reference) throws(OperationError) -> String {
        guard reference.digest == nil, reference.tag != nil else {
            throw OperationError("refusing to create a tag with a digest reference")
        }
        guard reference.name != "sha256" else {
            throw OperationError(
                "refusing to create an ambiguous tag using digest algorithm as name", kind: .invalid)
        }
        return reference.text
    }

    package static func checkTag(_ reference: Reference) throws(OperationError) { _ = try taggable(reference) }

    func record(_ id: Digest) throws(OperationError) -> ImageRecord {
        let path = layout.record(id)
        let remedy = "remove the image: \(Program.current.name) rmi --force \(id.short)"
        let bytes: [UInt8]
        do throws(OperationError) {
            bytes = try Files.readRecord(path)
        } catch {
            throw OperationError("read image", path, errno: error.errno ?? EIO, remedy: remedy)
        }
        do {
            let json = try JSON(parsing: bytes)
            if RecordVersion.isNewer(json, than: 1) { throw RecordVersion.refusal(of: path) }
            return try ImageRecord(RecordReader(json))
        } catch let error as OperationError {
            throw error
        } catch {
            throw OperationError("read image", path, reason: "it is damaged: \(error)", remedy: remedy, kind: .damaged)
        }
    }

    func image(_ id: Digest, in index: ImageIndex) throws(OperationError) -> Image {
        let record = try record(id)
        return Image(
            id: id, references: index.references(to: id), sources: index.sources(of: id), config: record.config,
            created: record.created,
            size: record.size, manifest: record.manifest, layers: record.layers, layerSizes: record.layerSizes,
            layerDirectories: ImageStore.topmost(record.layers).map(layout.layer), platform: record.platform)
    }

    /// Overlayfs's order, each layer where it stands topmost: it takes none twice, and what a lower place adds is the
    /// same again.
    private static func topmost(_ layers: [Digest]) -> [Digest] {
        var seen: Set<Digest> = []
        return layers.reversed().filter { seen.insert($0).inserted }
    }

    /// - Parameter forgets: names, images or scopes are gone from it, and nothing else is new: no full disk keeps anybody from
    ///   that.
    func write(
        _ index: ImageIndex, forgets: Bool = false, holding lock: borrowing FileLock
    ) throws(OperationError) {
        let bytes = Array(index.json.compact.utf8)
        do throws(OperationError) {
            try Files.replace(layout.index, bytes, mode: 0o644, durable: true)
        } catch {
            // A store of the release before has no room kept back.
            guard forgets, error.isOfFullDisk, (try? layout.reserve.replace(layout.index, by: bytes)) != nil else {
                throw error
            }
        }
        layout.reserve.keep(for: bytes.count)
    }

    /// A place to work in, after what dead processes left was cleared away.
    /// - Parameter collects: whether all that no image needs goes, too, for which the whole store is gone through. Else that is
    ///   done where one of the dead may have left some of it.
    func workspace(collectingGarbage collects: Bool = true) throws(OperationError) -> Workspace {
        try layout.create()
        let hasReclaimed = try Workspace.reclaim(in: layout)
        let lock = try FileLock.store(layout)
        try layout.mark(holding: lock)
        let workspace = try Workspace(in: layout, holding: lock)
        if collects || hasReclaimed {
            try collectGarbage(keeping: ImageIndex.read(layout.index), trash: workspace.path, holding: lock)
        }
        return workspace
    }

    /// Moves what no image in the index needs to a workspace, where it goes at leisure.
    /// - Returns: the layers among it.
    @discardableResult
    func collectGarbage(
        keeping index: ImageIndex, trash: String, holding lock: borrowing FileLock
    ) throws(OperationError) -> [Digest] {
        var blobs = Set(index.entries.map(\.manifest.hex))
        var layers: Set<String> = []
        for id in index.images {
            // Whatever an image that cannot be read consists of: it is not here that it gets lost.
            guard let record = try? record(id) else { return [] }
            blobs.formUnion(record.blobs.map(\.hex))
            layers.formUnion(record.layers.map(\.hex))
        }
        for step in cachedSteps() {
            blobs.insert(step.layer.blob.digest.hex)
            layers.insert(step.layer.diff.hex)
        }
        let held = try Workspace.held(in: layout, holding: lock)
        let owned = blobs
        blobs.formUnion(held)
        layers.formUnion(held)
        try returnDownloads(except: blobs, owned: owned, holding: lock)
        let records = Set(index.images.map { $0.hex + ".json" })
        try discard(from: layout.records, except: records, to: trash)
        try discard(from: layout.blobs, except: blobs, to: trash)
        return try discard(from: layout.layers, except: layers, to: trash).compactMap { Digest(hex: $0) }
    }

    @discardableResult
    private func discard(
        from directory: String, except kept: Set<String>, to trash: String
    ) throws(OperationError) -> [String] {
        let names = try Files.names(in: directory).filter { !kept.contains($0) }.sorted()
        if names.isEmpty { return [] }
        // A directory for each, and each time: an uncompressed layer and its blob have the same name, and so has what came again.
        let first = "\(trash)/trash-\(directory.split(separator: "/").last ?? "")"
        var (bin, number) = (first, 1)
        while Files.exists(bin) {
            number += 1
            bin = "\(first)-\(number)"
        }
        try Files.makeDirectory(bin, existing: false)
        for name in names {
            try Files.move("\(directory)/\(name)", to: "\(bin)/\(name)")
        }
        return names
    }
}
