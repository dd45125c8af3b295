import Core
import Linux

/// What a pull does with a layer that has come.
struct LayerArrival: Sendable {
    let store: ImageStore
    let locks: DownloadLocks
    let uses: WorkspaceUses

    /// Puts a layer into the store, and lets those go on that wait for it. No image has it yet: it stays as long as the pull's
    /// workspace does.
    ///
    /// One with directories that its archive does not name is not whole without the image's other layers: that one stays
    /// where it is until the image is published.
    func store(_ draft: LayerDraft) throws(OperationError) -> LayerDraft {
        guard let source = draft.source, !draft.hasImpliedDirectories else { return draft }
        let layout = store.layout
        // What is in the store is on the disk, but for its name: whoever finds it there publishes images of it, and syncs that.
        try Archive.syncFileSystem(of: source.tree)
        let lock = try FileLock.store(layout)
        try store.moveBlob(source.blob, draft.blob)
        try store.move(source.tree, to: layout.layer(draft.diff))
        try uses.hold([draft.blob.digest], layers: [draft.diff], in: layout, holding: lock)
        try locks.give(draft.blob.digest)
        lock.release()
        return LayerDraft(blob: draft.blob, diff: draft.diff, size: draft.size, source: nil)
    }
}
