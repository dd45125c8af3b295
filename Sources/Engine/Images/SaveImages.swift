import Core
import Glibc
import Images
import Linux

extension Engine {
    /// Writes images as an archive that `load` reads, here and elsewhere.
    /// - Parameters:
    ///   - names: of images; one without a tag means all tags that it has here, an id the image without its names.
    ///   - path: a file that is written whole or not at all; nil is standard output.
    package func saveImages(_ names: [String], as form: SavedForm, to path: String?) throws(OperationError) {
        if path == nil, Terminal.isTerminal(STDOUT_FILENO) {
            throw OperationError("cowardly refusing to save to a terminal. Use the -o flag or redirect", kind: .invalid)
        }
        var images: [ImageToSave] = []
        for name in names {
            for found in try saved(name) {
                if let index = images.firstIndex(where: { $0.image.id == found.image.id }) {
                    images[index].names += found.names.filter { !images[index].names.contains($0) }
                } else {
                    images.append(found)
                }
            }
        }
        let found = images
        try leavingNothing { () throws(OperationError) in
            try imageStore.holding(found.map(\.image)) { () throws(OperationError) in
                try ArchiveTarget(path).fill { (output: borrowing Descriptor) throws(OperationError) in
                    try imageStore.save(found, as: form, to: output, named: path ?? "standard output")
                }
            }
        }
        for image in found { host.announce(Event(.image, "save", image.image.id.description, [:])) }
    }

    private func saved(_ name: String) throws(OperationError) -> [ImageToSave] {
        let image = try image(named: name)
        if let image, let reference = try? Reference(name), image.references.contains(reference.text) {
            let hasTag = name.split(separator: "/").last?.contains(":") ?? false
            return hasTag ? [ImageToSave(image, [reference])] : try allTags(of: reference)
        }
        // A name may have other tags than the usual one.
        if let reference = try? Reference(name), reference.digest == nil,
            name.split(separator: "/").last?.contains(":") != true
        {
            let tagged = try allTags(of: reference)
            if !tagged.isEmpty { return tagged }
        }
        guard let image else { throw OperationError("No such image: \(name)", kind: .notFound) }
        return [ImageToSave(image, [])]
    }

    private func allTags(of reference: Reference) throws(OperationError) -> [ImageToSave] {
        let names = try imageStore.list(skip: { _ in }).compactMap(\.reference).sorted()
        var found: [ImageToSave] = []
        for other in names.compactMap({ try? Reference($0) }) where other.name == reference.name {
            if let image = try imageStore.resolve(other.text) { found.append(ImageToSave(image, [other])) }
        }
        return found
    }
}
