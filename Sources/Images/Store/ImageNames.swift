import Core

/// What names lead to, as of one moment: the index is read once for any number of them.
package struct ImageNames {
    let index: ImageIndex

    /// Whether an image is still the one that is meant by a text: a name, an id, or a short name that stands for one of its own.
    package func leads(_ text: String, to image: Digest) -> Bool {
        let match: ImageIndex.Match?
        do throws(OperationError) { match = try index.match(text) } catch { return false }
        if let match { return match.image == image }
        guard let reference = try? Reference(text), reference.digest == nil else { return false }
        return index.references(to: image).contains { $0.hasSuffix("/\(reference.text)") }
    }
}

extension ImageStore {
    package func names() throws(OperationError) -> ImageNames {
        ImageNames(index: try ImageIndex.read(layout.index))
    }
}
