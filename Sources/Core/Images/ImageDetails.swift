/// One image as `inspect` tells it.
package struct ImageDetails: Equatable, Sendable {
    package var summary: ImageSummary
    package var config: ImageConfig
    /// `sha256:…` of the uncompressed layers, lowest first.
    package var layers: [String]
    /// Where they lie, topmost first.
    package var layerDirectories: [String]
    package var architecture = ""
    package var variant: String?
    package var system = "linux"
    package var author: String?
    /// Of its last step.
    package var comment: String?

    package init(_ summary: ImageSummary, config: ImageConfig, layers: [String], layerDirectories: [String]) {
        self.summary = summary
        self.config = config
        self.layers = layers
        self.layerDirectories = layerDirectories
    }
}
