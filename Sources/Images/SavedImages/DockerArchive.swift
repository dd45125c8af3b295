import Core

/// The images of a docker-archive: `manifest.json` names, for each, its configuration and the archives of its layers.
/// (Docker's "image specification v1.2". Where the files lie differs by writer and age.)
struct DockerArchive {
    let directory: SavedDirectory
    private static let list = "manifest.json"

    init(directory: SavedDirectory) { self.directory = directory }

    private struct Entry {
        let config: String
        let names: [String]
        let layers: [String]

        init(_ reader: RecordReader) throws(RecordError) {
            config = try reader.string("Config")
            names = try reader.optional("RepoTags", \.strings) ?? []
            layers = try reader.optional("Layers", \.strings) ?? []
        }
    }

    func read() throws(OperationError) -> [SavedImage] {
        let entries = try directory.parse(directory.read(Self.list), Self.list) { json throws(RecordError) in
            guard let elements = json.array else { throw RecordError("it is not an array") }
            var entries: [Entry] = []
            for (index, element) in elements.enumerated() {
                entries.append(try Entry(RecordReader(element, path: "[\(index)].")))
            }
            guard entries.reduce(0, { $0 + 1 + $1.names.count }) <= SavedDirectory.maximumImages else {
                throw RecordError("it names too many images")
            }
            return entries
        }
        var images: [SavedImage] = []
        for entry in entries { images.merge(try image(entry)) }
        return images
    }

    private func image(_ entry: Entry) throws(OperationError) -> SavedImage {
        let config = try directory.read(entry.config)
        if let digest = Self.digest(in: entry.config) { try directory.check(config, digest, entry.config) }
        let document = try directory.parse(config, entry.config) { json throws(RecordError) in try SavedDocument(json) }
        guard document.layers.count == entry.layers.count else {
            throw OperationError(
                "load image", directory.path(entry.config), reason: "its layers are not those of its configuration")
        }
        let layers = zip(entry.layers, document.layers).map { SavedImage.Layer(path: $0, blob: nil, diff: $1) }
        var image = SavedImage(
            id: try Archive.digest(config), config: config, manifest: nil, document: document, layers: layers)
        for name in entry.names { image.add([try reference(name)]) }
        return image
    }

    private func reference(_ name: String) throws(OperationError) -> String {
        do throws(OperationError) {
            return try ImageStore.taggable(Reference(name))
        } catch {
            throw OperationError("load image", name, reason: error.description)
        }
    }

    /// Most writers call the configuration by its digest: `HEX.json`, `blobs/sha256/HEX`, `sha256:HEX`.
    private static func digest(in path: String) -> Digest? {
        let file = path.split(separator: "/").last ?? ""
        return Digest(hex: String(file.split(separator: ".").first ?? "")) ?? Digest(String(file))
    }
}
