import Core
import Linux

/// What only `inspect` asks about an image: it stands in the image's configuration, which a run need not read.
package struct ImageDetails: Equatable, Sendable {
    package var architecture = ""
    package var variant: String?
    package var system = "linux"
    package var author: String?
    /// Of its last step.
    package var comment: String?

    init(_ configuration: JSON) {
        architecture = configuration["architecture"]?.string ?? ""
        variant = configuration["variant"]?.string
        system = configuration["os"]?.string ?? "linux"
        author = configuration["author"]?.string
        comment = configuration["history"]?.array?.last?["comment"]?.string
    }
}

extension ImageStore {
    package func details(of image: Image) throws(OperationError) -> ImageDetails {
        let path = layout.blob(image.id)
        let bytes = try Files.readRecord(path, limit: 16 << 20)
        do {
            return ImageDetails(try JSON(parsing: bytes))
        } catch {
            throw OperationError("read image", path, reason: "it is damaged: \(error)", kind: .damaged)
        }
    }
}
