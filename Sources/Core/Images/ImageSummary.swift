/// One image as `images` lists it.
package struct ImageSummary: Equatable, Sendable {
    /// `sha256:…`
    package var id: String
    package var references: [String]
    package var created: Timestamp
    /// Bytes.
    package var size: Int64
    package var labels: [String: String] = [:]
    /// `name@sha256:…`, by which registries have it.
    package var sources: [String] = []
    /// By its names, as far as those have one of their own.
    package var sourcesOfNames: [String: String] = [:]

    package init(id: String, references: [String], created: Timestamp, size: Int64) {
        self.id = id
        self.references = references
        self.created = created
        self.size = size
    }
}
