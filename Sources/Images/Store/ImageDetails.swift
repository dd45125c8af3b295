import Core
import Linux

extension ImageStore {
    /// Also what only `inspect` asks about an image: it stands in the image's configuration, which a run need not read.
    package func details(of image: Image) throws(OperationError) -> ImageDetails {
        let path = layout.blob(image.id)
        let bytes = try Files.readRecord(path, limit: 16 << 20)
        do {
            return ImageDetails(image, configuration: try JSON(parsing: bytes))
        } catch {
            throw OperationError("read image", path, reason: "it is damaged: \(error)", kind: .damaged)
        }
    }

    /// What an image was made for; nil where nobody says.
    package func platform(of image: Image) throws(OperationError) -> Platform? {
        try readBlob(image.id) { json throws(RecordError) in Platform(json) }
    }
}

extension ImageDetails {
    init(_ image: Image, configuration: JSON) {
        self.init(
            ImageSummary(
                id: image.id.description, references: image.references, created: image.created, size: image.size),
            config: image.config, layers: image.layers.map(\.description), layerDirectories: image.layerDirectories)
        summary.sources = image.sources
        architecture = configuration["architecture"]?.string ?? ""
        variant = configuration["variant"]?.string
        system = configuration["os"]?.string ?? "linux"
        author = configuration["author"]?.string
        comment = configuration["history"]?.array?.last?["comment"]?.string
    }
}
