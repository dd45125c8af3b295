import Core
import Glibc
import Linux

/// What of an image is in the store already, just as it would be put there.
extension ImageStore {
    /// Whether the store would be the same afterwards, as it is for a build all of whose steps were known. Nothing is written
    /// then.
    func isPublished(_ images: [Publication], _ prepared: [PreparedImage]) throws(OperationError) -> Bool {
        let lock = try FileLock.store(layout)
        let known = try ImageIndex.read(layout.index)
        var index = known
        add(images, prepared, to: &index)
        let isSame =
            index.says(theSameAs: known) && zip(images, prepared).allSatisfy { isPublished($0.draft, $1) }
        lock.release()
        guard isSame else { return false }
        // It need not be on the disk: a layer that was missing may have been moved there just now, and another writer killed
        // before it came to that. A directory without changes takes ext4 some 30 µs, for which nobody has to wait with the lock.
        try syncNames()
        return true
    }

    /// Of the images, too.
    func syncNames() throws(OperationError) {
        try syncParts()
        try Files.syncDirectory(of: layout.index)
    }

    /// The names of all that images consist of.
    func syncParts() throws(OperationError) {
        for directory in [layout.blobs, layout.layers, layout.records] { try Files.syncDirectory(of: directory + "/") }
    }

    /// Its names aside. Where the record is that of another form, the store keeps the archives of that one alone, and `damages` has
    /// looked at them.
    private func isPublished(_ draft: ImageDraft, _ prepared: PreparedImage) -> Bool {
        guard has(prepared.config), has(prepared.manifest) else { return false }
        if hasRecord(of: prepared) { return draft.layers.allSatisfy { isStored($0) } }
        return hasOtherRecord(than: prepared) && draft.layers.allSatisfy { Files.isDirectory(layout.layer($0.diff)) }
    }

    /// An archive that has another length than it should is damaged.
    private func isStored(_ layer: LayerDraft) -> Bool {
        let size = Files.status(layout.blob(layer.blob.digest)).map { Int64($0.st_size) }
        return size == layer.blob.size && Files.isDirectory(layout.layer(layer.diff))
    }

    /// Byte for byte.
    func has(_ document: PreparedImage.Document) -> Bool {
        (try? Files.readRecord(layout.blob(document.blob.digest))) == document.bytes
    }

    private func hasRecord(of prepared: PreparedImage) -> Bool {
        (try? Files.readRecord(layout.record(prepared.id))) == prepared.record
    }

    /// One of the same image by another manifest stays, unless something of that is gone. So does one of a later release.
    func hasOtherRecord(than prepared: PreparedImage) -> Bool {
        do throws(OperationError) {
            let known = try record(prepared.id)
            return known.manifest != prepared.manifest.blob.digest && damages(of: prepared.id).isEmpty
        } catch {
            return error.kind == .newerVersion
        }
    }
}
