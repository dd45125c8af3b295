import Core
import Glibc
import Linux

extension ImageStore {
    /// Makes an image of one layer from a tar archive, compressed or not.
    /// - Parameters:
    ///   - source: a path, or `-` for standard input.
    ///   - reference: nil makes an image without a name.
    ///   - changes: instructions of a Dockerfile, such as `CMD ["sh"]`.
    ///   - budget: that was used by nobody yet.
    /// - Returns: the image's id.
    package func importArchive(
        _ source: String, as reference: Reference?, changes: [String] = [], message: String? = nil,
        within budget: UnpackBudget = UnpackBudget(size: UnpackBudget.standardSize)
    ) throws(OperationError) -> Digest {
        let name = try reference.map(ImageStore.taggable)
        var draft = ImageDraft()
        try ConfigChange.apply(changes, to: &draft.config)
        let input = try ImageStore.open(source)
        let workspace = try workspace()
        let shown = source == "-" ? "standard input" : source
        draft.layers = [try unpack(input, named: shown, layer: 0, within: budget, in: workspace)]
        draft.addHistory("", comment: message ?? "Imported from \(source.escapingForeignBytes)")
        return try publish(draft, as: name, in: workspace)
    }

    static func open(_ source: String) throws(OperationError) -> Descriptor {
        if source == "-" { return try Descriptor.standard(STDIN_FILENO) }
        let file = try Descriptor.open(source, O_RDONLY)
        if Files.isDirectory(source) { throw OperationError("read archive", source, errno: EISDIR) }
        return file
    }
}
