import Core
import Glibc
import Linux

/// A container that is made of an image.
package struct ImageUser: Sendable {
    /// The container's short id.
    package let container: String
    package let isRunning: Bool

    package init(container: String, isRunning: Bool) {
        self.container = container
        self.isRunning = isRunning
    }
}

/// What a removal leaves as it is, which is another than what was asked for when it was looked at.
package enum SparedImages: Sendable { case none, used, usedOrNamed }

extension ImageStore {
    /// Takes a name from an image, or removes the image when that was the last one.
    ///
    /// An image that a container uses is not removed, and even by force only loses its names: the container's
    /// root is made of its layers. Of one that runs it loses none by its id.
    /// - Parameter container: one that uses an image, if there is one; one that runs before others.
    /// - Throws: of the kind `conflict`, when something is in the way, or it is spared.
    /// - Returns: what was done, as Docker prints it.
    package func remove(
        _ text: String, force: Bool = false, sparing spared: SparedImages = .none,
        usedBy container: (Digest) throws(OperationError) -> ImageUser? = { _ in nil }
    ) throws(OperationError) -> [String] {
        // Errors about the name come before anything is written, and a store that is not there stays so.
        guard try ImageIndex.read(layout.index).match(text) != nil else {
            if !text.utf8.allSatisfy(\.isLowercaseHexDigit), Digest(text) == nil { _ = try Reference(text) }
            throw ImageStore.notFound(text)
        }
        let lock = try FileLock.store(layout)
        var index = try ImageIndex.read(layout.index)
        // A digest that no registry has told of is no name that could be taken.
        guard let match = try index.match(text),
            match.source.map({ index.sources(of: match.image).contains($0) }) ?? true
        else { throw ImageStore.notFound(text) }
        let references = index.references(to: match.image)
        if let name = index.untag(match) {
            try write(index, forgets: true, holding: lock)
            return ["Untagged: \(name)"]
        }
        let user = try container(match.image)
        if spared != .none, user != nil || spared == .usedOrNamed && !references.isEmpty {
            throw OperationError("image \(match.image.short) has come into use", kind: .conflict)
        }
        try check(match, references, force, user)
        var trash: Workspace?
        let lines = try remove(match.image, references, isUsed: user != nil, from: &index, to: &trash, holding: lock)
        // Others need not wait for the disk.
        lock.release()
        trash = nil
        return lines
    }

    /// Images that a scope has made and that containers outside of it use are no longer the scope's.
    /// - Parameter container: as for `remove`.
    package func keepUsed(
        of scope: String, by container: (Digest) throws(OperationError) -> ImageUser?
    ) throws(OperationError) {
        guard try !names(in: scope).isEmpty else { return }
        let lock = try FileLock.store(layout)
        var index = try ImageIndex.read(layout.index)
        try index.keep(of: scope) { image throws(OperationError) in try container(image) != nil }
        try write(index, forgets: true, holding: lock)
    }

    /// The names that a scope has given, and the ids of images that it has made without one.
    package func names(in scope: String) throws(OperationError) -> [String] {
        try ImageIndex.read(layout.index).entries.filter { $0.scope == scope }.map {
            $0.reference ?? $0.source ?? $0.image.description
        }
    }

    private func check(
        _ match: ImageIndex.Match, _ references: [String], _ force: Bool, _ user: ImageUser?
    ) throws(OperationError) {
        let id = match.image.short
        if let name = match.reference ?? match.source {
            guard let user, !force else { return }
            throw OperationError(
                "conflict: unable to remove repository reference \"\(name)\" (must force) - "
                    + "container \(user.container) is using its referenced image \(id)", kind: .conflict)
        }
        if let user, user.isRunning {
            throw OperationError(
                "conflict: unable to delete \(id) (cannot be forced) - image is being used by running container "
                    + user.container, remedy: "stop it first: \(Program.current.name) stop \(user.container)",
                kind: .conflict)
        }
        if let user, !force {
            throw OperationError(
                "conflict: unable to delete \(id) (must be forced) - image is being used by stopped container "
                    + user.container, kind: .conflict)
        }
        if references.count > 1, !force {
            throw OperationError(
                "conflict: unable to delete \(id) (must be forced) - image is referenced in multiple repositories",
                kind: .conflict)
        }
    }

    private func remove(
        _ image: Digest, _ references: [String], isUsed: Bool, from index: inout ImageIndex,
        to trash: inout Workspace?, holding lock: borrowing FileLock
    ) throws(OperationError) -> [String] {
        let lines = (references + index.sources(of: image)).map { "Untagged: \($0)" }
        guard !isUsed else {
            index.removeNames(of: image)
            try write(index, forgets: true, holding: lock)
            return lines
        }
        index.removeImage(image)
        let layers: [Digest]
        do throws(OperationError) {
            layers = try discardImages(missingFrom: index, to: &trash, holding: lock)
        } catch {
            guard error.isOfFullDisk else { throw error }
            try makeRoom(with: image, keeping: index, holding: lock)
            layers = try discardImages(missingFrom: index, to: &trash, holding: lock)
        }
        return lines + ["Deleted: \(image)"] + layers.map { "Deleted: \($0)" }
    }

    /// - Returns: the layers that no image needs any more.
    private func discardImages(
        missingFrom index: ImageIndex, to trash: inout Workspace?, holding lock: borrowing FileLock
    ) throws(OperationError) -> [Digest] {
        let bin = try Workspace(in: layout, holding: lock)
        try write(index, forgets: true, holding: lock)
        let layers = try collectGarbage(keeping: index, trash: bin.path, holding: lock)
        trash = consume bin
        return layers
    }

    /// The disk is full, and even to forget an image takes some room: what only that image needs goes first. Should we
    /// be killed before it is forgotten, it can still be removed, and nothing else.
    private func makeRoom(
        with image: Digest, keeping index: ImageIndex, holding lock: borrowing FileLock
    ) throws(OperationError) {
        let blobs = (try? record(image).blobs) ?? []
        var kept = try Workspace.held(in: layout, holding: lock)
        for step in cachedSteps() { kept.insert(step.layer.blob.digest.hex) }
        for id in index.images { kept.formUnion(try record(id).blobs.map(\.hex)) }
        try Files.remove(layout.record(image))
        for blob in blobs where !kept.contains(blob.hex) { try Files.remove(layout.blob(blob)) }
    }
}
