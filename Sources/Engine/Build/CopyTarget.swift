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

/// Where a copy goes to: names in the image are followed as a process in it would follow them. With `--link` none are: what is
/// in the way of a directory gives way to it.
struct CopyTarget: ~Copyable {
    private let step: CopyStep
    private let ownership: CopyOwnership
    private let owner: ResolvedUser?
    private let root: Descriptor
    /// Of the archives that ADD takes apart, all together.
    private let budget: UnpackBudget
    /// A link at its end is followed, unless none are.
    private let destination: String

    private static let maximumLinks = 40

    init(
        _ step: CopyStep, _ ownership: CopyOwnership, _ owner: ResolvedUser?, _ root: borrowing Descriptor,
        within budget: UnpackBudget
    ) throws(OperationError) {
        self.budget = budget
        self.step = step
        self.ownership = ownership
        self.owner = owner
        self.root = try root.duplicate()
        destination = step.copy.isLinked ? step.destination : Self.followed(step.destination, below: root)
    }

    /// Where a path leads to, whether there is something or not: what a link is for is made there, and the link stays.
    private static func followed(_ path: String, below root: borrowing Descriptor) -> String {
        var path = path
        for _ in 0..<maximumLinks {
            guard let place = try? TreePlace(path, below: root, followsLink: false),
                let link = place.directory.link(at: place.name)
            else { break }
            let slash = path.hasSuffix("/") ? "/" : ""
            let parent = path.pathComponents.dropLast().map { $0 + "/" }.joined()
            // Never made shorter by its text: `..` behind a link leads out of where that points to.
            path = (link.isAbsolutePath ? link : "/\(parent)\(link)") + slash
        }
        return path
    }

    /// The directory that is named, made where it is missing.
    func makeDestination() throws(OperationError) { _ = try directory(destination) }

    private func directory(_ path: String) throws(OperationError) -> Descriptor {
        let (user, group) = (owner?.uid ?? 0, owner?.gid ?? 0)
        if step.copy.isLinked { return try root.makeOwnDirectories(inRoot: path, user: user, group: group) }
        return try root.makeDirectories(inRoot: path, user: user, group: group)
    }

    /// - Parameter unpacking: whether ADD takes archives apart.
    func copy(
        _ listing: CopyListing, from source: borrowing Descriptor, unpacking: Bool
    ) throws(OperationError) {
        let place = try TreePlace("/" + listing.source.path, below: source, followsLink: true)
        let parents = listing.source.keptParents.map { $0 + "/" }.joined()
        var copy = TreeCopy(ownership)
        copy.replacesFiles = step.copy.isLinked
        let paths = listing.paths
        copy.wants = { paths.contains($0) }
        if listing.isDirectory {
            let name = step.copy.keepsParents ? (listing.source.path.pathComponents.last ?? "") : ""
            let path = destination + "/" + parents + name
            let isNew =
                (try? root.open(
                    inRoot: path, Descriptor.pathOnly | O_DIRECTORY, followingLinks: !step.copy.isLinked)) == nil
            try copy.copyContents(
                of: place.openDirectory(), from: listing.source.path, to: directory(path), path: destination,
                equipping: isNew)
            return
        }
        try copyFile(place, from: listing.source.path, parents, &copy, unpacking)
    }

    /// What came from servers.
    func copy(_ fetched: FetchedFiles, unpacking: Bool) throws(OperationError) {
        for (number, file) in fetched.files.enumerated() {
            let source = try Descriptor.open("\(fetched.directory)/\(number)", O_RDONLY | O_DIRECTORY)
            let place = try TreePlace("/" + file.name.text, below: source, followsLink: false)
            var copy = TreeCopy(ownership)
            try copyFile(place, from: file.name.text, "", &copy, unpacking)
        }
    }

    private func copyFile(
        _ place: borrowing TreePlace, from path: String, _ parents: String, _ copy: inout TreeCopy, _ unpacking: Bool
    ) throws(OperationError) {
        if step.copy.isAdd, unpacking, try unpack(place, path) { return }
        let file = try target(named: path.pathComponents.last ?? "", parents)
        try copy.copy(place, from: path, to: file.directory, as: file.name, path: destination)
    }

    /// - Returns: whether it was an archive.
    private func unpack(_ place: borrowing TreePlace, _ source: String) throws(OperationError) -> Bool {
        guard place.status?.isRegular == true else { return false }
        let file = try place.directory.open(entry: place.name, O_RDONLY | O_NOFOLLOW, named: source)
        let beginning = try Files.readBeginning(of: file, named: source, count: 512)
        lseek(file.number, 0, SEEK_SET)
        guard TreeArchive.mayBegin(beginning), try TreeArchive.isArchive(file, named: source) else { return false }
        lseek(file.number, 0, SEEK_SET)
        _ = try directory(destination)
        do throws(OperationError) {
            _ = try TreeArchive.restore(
                file, to: destination.pathComponents.joined(separator: "/"), below: root, makesDevices: true,
                within: budget, named: source)
        } catch {
            guard error.kind == .conflict, error.errno == nil else { throw error }
            throw OperationError(
                error.description, remedy: "COPY the archive, and unpack it with RUN tar -C / -xf", kind: .conflict)
        }
        return true
    }

    /// The directory and the name that a file gets.
    private func target(named text: String, _ parents: String) throws(OperationError) -> NewFile {
        let name = try FileName(single: text)
        if destination.hasSuffix("/") || !parents.isEmpty {
            return NewFile(directory: try directory(destination + "/" + parents), name: name)
        }
        let names = destination.pathComponents
        if !step.copy.isLinked, let there = try? TreePlace(destination, below: root, followsLink: true) {
            if there.isDirectory { return NewFile(directory: try there.openDirectory(), name: name) }
            // What a link leads to is replaced, not the link.
            if there.status != nil { return NewFile(directory: try there.directory.duplicate(), name: there.name) }
        }
        let parent = try directory("/" + names.dropLast().joined(separator: "/"))
        guard let last = names.last else { return NewFile(directory: parent, name: name) }
        let own = try FileName(single: last)
        if step.copy.isLinked, parent.status(of: own)?.isDirectory ?? false {
            return NewFile(directory: try directory(destination), name: name)
        }
        return NewFile(directory: parent, name: own)
    }

    /// A document of the Dockerfile as a file.
    func write(_ document: Heredoc) throws(OperationError) {
        let file = try target(named: document.name, "")
        let mode = step.mode?.applied(to: 0o644, isDirectory: false) ?? 0o644
        try file.directory.replaceFile(
            file.name, document.content.kernelBytes, mode: mode_t(mode), user: owner?.uid ?? 0, group: owner?.gid ?? 0)
    }
}
