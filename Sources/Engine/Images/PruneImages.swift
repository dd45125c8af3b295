import Core
import Images
import Lifecycle
import Records

extension Engine {
    /// Removes images that no container is made of.
    /// - Parameter all: those that have a name, too.
    package func pruneImages(all: Bool, _ selection: PruneSelection) throws(OperationError) -> Listing<PrunedObject> {
        try prepare()
        // What was begun and not done is nobody's: an image that was killed on its way here, or failed on its way out.
        try imageStore.collectGarbage()
        let found = try images()
        var pruned = Listing<PrunedObject>(elements: [], failures: found.failures)
        // Nor is what has come of images whose pull has ended before it was done.
        let bytes = try imageStore.clearDownloads()
        if bytes > 0 { pruned.elements.append(PrunedObject(lines: [], bytes: bytes)) }
        let used = try usedImages()
        for image in found.elements where all || image.references.isEmpty {
            guard !used.contains(image.id), selection(image.labels, image.created) else { continue }
            do throws(OperationError) {
                let bytes = try imageStore.ownBytes(of: image.id)
                // A container that is made meanwhile keeps what it is made of.
                let lines = try announced(image.id) { () throws(OperationError) in
                    try imageStore.remove(
                        image.id, force: true, sparing: all ? .used : .usedOrNamed, usedBy: user(of:))
                }
                pruned.elements.append(PrunedObject(lines: lines.map(Self.inSmallLetters), bytes: bytes))
            } catch {
                // It has gone, or has come into use, since it was looked at.
                if error.kind != .notFound, error.kind != .conflict { pruned.failures.append(error) }
            }
        }
        return pruned
    }

    /// `deleted: sha256:…`, as Docker has it here and nowhere else.
    private static func inSmallLetters(_ line: String) -> String { line.prefix(1).lowercased() + line.dropFirst() }

    /// The ids of the images that containers are made of.
    func usedImages() throws(OperationError) -> Set<String> {
        var used: Set<String> = []
        // Of a record that cannot be read nobody knows: the store asks again, by `user(of:)`.
        for id in try containerStore.ids() {
            if let image = (try? containerStore.definition(id))??.imageID { used.insert(image) }
        }
        return used
    }
}
