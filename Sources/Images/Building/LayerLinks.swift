import Core
import Linux

/// Short names for layers of the store, each made once for a build: an overlay of many of them takes the paths of all in one
/// page, and to make the links anew for each step takes the longer the more steps there were.
final class LayerLinks {
    private let directory: String
    private var known: Set<Digest> = []
    /// Hexadecimal digits of a digest: among the layers of one build no two begin with the same ones.
    private static let digits = 16

    /// - Parameter directory: is made for the first of them.
    init(in directory: String) { self.directory = directory }

    /// Copies of the builder make the same ones.
    func note(_ layers: [Digest], in layout: StoreLayout) throws(OperationError) {
        for layer in layers where !known.contains(layer) {
            if known.isEmpty { try Files.makeDirectory(directory) }
            _ = try Files.makeSymbolicLink(path(of: layer), to: layout.layer(layer))
            known.insert(layer)
        }
    }

    func path(of layer: Digest) -> String { "\(directory)/\(layer.hex.prefix(Self.digits))" }
}
