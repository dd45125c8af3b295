import Core
import Glibc
import Linux

extension ImageStore {
    /// Has images stay, with all that they consist of, until `body` has ended, whatever removes them meanwhile.
    /// - Throws: also of the kind `notFound`, when one of them is gone already.
    package func holding<Result>(
        _ images: [Image], _ body: () throws(OperationError) -> Result
    ) throws(OperationError) -> Result {
        let held = try hold(images)
        return try withExtendedLifetime(held) { _ throws(OperationError) in try body() }
    }

    /// Nil on a disk that is full or cannot be written to: what is to be read there is not held.
    private func hold(_ images: [Image]) throws(OperationError) -> Workspace? {
        do throws(OperationError) {
            let lock = try FileLock.store(layout)
            for image in images where !isOnRecord(image.id) {
                throw ImageStore.notFound(image.references.first ?? image.id.description)
            }
            let workspace = try Workspace(in: layout, holding: lock)
            for image in images { try hold(image, in: workspace, holding: lock) }
            return workspace
        } catch {
            guard error.isOfFullDisk || error.errno == EROFS else { throw error }
            return nil
        }
    }

    /// What is missing of it anyway is said by whoever reads it.
    private func hold(
        _ image: Image, in workspace: borrowing Workspace, holding lock: borrowing FileLock
    ) throws(OperationError) {
        // Each name may have a manifest of its own.
        let manifests = try ImageIndex.read(layout.index).entries.filter { $0.image == image.id }.map(\.manifest)
        let blobs = try Set(record(image.id).blobs + manifests)
        try workspace.uses.hold(
            blobs.filter { Files.exists(layout.blob($0)) },
            layers: image.layers.filter { Files.isDirectory(layout.layer($0)) }, in: layout, holding: lock)
    }

    /// Whether an image is there once nobody is at work on the store: one that a container on record uses will stay then.
    package func isPresent(_ id: Digest) throws(OperationError) -> Bool {
        let lock = try FileLock.store(layout)
        // A removal that has not come to its end leaves the record; what is collected goes by the index.
        let index = try ImageIndex.read(layout.index)
        let isThere = isOnRecord(id) && index.contains(id)
        lock.release()
        return isThere
    }

    /// Goes first of all that an image consists of.
    private func isOnRecord(_ id: Digest) -> Bool { Files.exists(layout.record(id)) }
}
