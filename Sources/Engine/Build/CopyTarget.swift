import Containers
import Core
import Dockerfile
import Glibc
import Images
import Linux

/// Where a file is to be made.
private struct NewFile: ~Copyable {
    let directory: Descriptor
    let name: FileName
}

/// Where a copy goes to: names in the image are followed as a process in it would follow them.
struct CopyTarget: ~Copyable {
    private let step: CopyStep
    private let ownership: CopyOwnership
    private let owner: ResolvedUser?
    private let root: Descriptor

    init(
        _ step: CopyStep, _ ownership: CopyOwnership, _ owner: ResolvedUser?, _ root: borrowing Descriptor
    ) throws(OperationError) {
        self.step = step
        self.ownership = ownership
        self.owner = owner
        self.root = try root.duplicate()
    }

    /// The directory that is named, made where it is missing.
    func makeDestination() throws(OperationError) { _ = try directory(step.destination) }

    private func directory(_ path: String) throws(OperationError) -> Descriptor {
        try root.makeDirectories(inRoot: path, user: owner?.uid ?? 0, group: owner?.gid ?? 0)
    }

    func copy(_ listing: CopyListing, from source: borrowing Descriptor) throws(OperationError) {
        let place = try TreePlace("/" + listing.source.path, below: source, followsLink: true)
        let parents = listing.source.keptParents.map { $0 + "/" }.joined()
        var copy = TreeCopy(ownership)
        let paths = listing.paths
        copy.wants = { paths.contains($0) }
        if listing.isDirectory {
            let name = step.copy.keepsParents ? (listing.source.path.pathComponents.last ?? "") : ""
            let path = step.destination + "/" + parents + name
            let isNew = (try? root.open(inRoot: path, Descriptor.pathOnly)) == nil
            try copy.copyContents(
                of: place.openDirectory(), from: listing.source.path, to: directory(path), path: step.destination,
                equipping: isNew)
            return
        }
        if try unpack(place, listing) { return }
        let file = try target(named: listing.source.path.pathComponents.last ?? "", parents)
        try copy.copy(place, from: listing.source.path, to: file.directory, as: file.name, path: step.destination)
    }

    /// - Returns: whether it was an archive that ADD takes apart.
    private func unpack(_ place: borrowing TreePlace, _ listing: CopyListing) throws(OperationError) -> Bool {
        guard step.copy.isAdd, step.copy.unpacks ?? true, place.status?.isRegular == true else { return false }
        let file = try place.directory.open(entry: place.name, O_RDONLY | O_NOFOLLOW, named: listing.source.path)
        let beginning = try Files.readBeginning(of: file, named: listing.source.path, count: 512)
        lseek(file.number, 0, SEEK_SET)
        guard TreeArchive.mayBegin(beginning), try TreeArchive.isArchive(file, named: listing.source.path) else {
            return false
        }
        lseek(file.number, 0, SEEK_SET)
        _ = try directory(step.destination)
        let path = CleanPath.of(step.destination)
        _ = try TreeArchive.restore(file, to: path, below: root, named: listing.source.path)
        return true
    }

    /// The directory and the name that a file gets.
    private func target(named text: String, _ parents: String) throws(OperationError) -> NewFile {
        let name = try FileName(single: text)
        if step.destination.hasSuffix("/") || !parents.isEmpty {
            return NewFile(directory: try directory(step.destination + "/" + parents), name: name)
        }
        let names = step.destination.pathComponents
        if let there = try? TreePlace(step.destination, below: root, followsLink: true) {
            if there.isDirectory { return NewFile(directory: try there.openDirectory(), name: name) }
            // What a link leads to is replaced, not the link.
            if there.status != nil { return NewFile(directory: try there.directory.duplicate(), name: there.name) }
        }
        let parent = try directory("/" + names.dropLast().joined(separator: "/"))
        return NewFile(
            directory: parent,
            name: try names.last.map { last throws(OperationError) in try FileName(single: last) } ?? name)
    }

    /// A document of the Dockerfile as a file.
    func write(_ document: Heredoc) throws(OperationError) {
        let file = try target(named: document.name, "")
        let mode = step.mode?.applied(to: 0o644, isDirectory: false) ?? 0o644
        try file.directory.replaceFile(
            file.name, document.content.kernelBytes, mode: mode_t(mode), user: owner?.uid ?? 0, group: owner?.gid ?? 0)
    }
}
