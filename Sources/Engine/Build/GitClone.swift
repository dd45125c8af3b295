import Core
import Dockerfile
import Glibc
import Linux

extension GitAddress {
    /// The same, when its commit has to begin so: `--checksum`.
    func checked(by checksum: String?) throws(OperationError) -> GitAddress {
        guard let checksum else { return self }
        try Self.check(checksum: checksum)
        var address = self
        address.expect(checksum)
        return address
    }

    /// Where nobody need be asked for it: a reference may lead to another one by now, whatever the checksum is.
    var knownCommit: String? { commit.flatMap { $0.hasPrefix(checksum ?? "") ? $0 : nil } }

    /// What a result depends on.
    func value(of commit: String, keepsGitDirectory: Bool) -> JSON {
        let keeps = self.keepsGitDirectory ?? keepsGitDirectory
        return [
            "commit": .string(commit), "directory": .string(directory), "git": .bool(keeps),
            "submodules": .bool(takesSubmodules),
            // It is named in there.
            "remote": keeps ? .string(Self.shown(remote)) : .null,
        ]
    }
}

/// A repository that an ADD takes files from: which commit is known at once, its files come when they are needed.
struct GitClone {
    private let repository: GitRepository
    private let commit: String
    /// Of the reference that leads to it.
    private let name: String
    private let keepsGitDirectory: Bool

    init(
        _ address: GitAddress, keepsGitDirectory: Bool, namedBy source: GitRepository.Source, _ place: Int,
        _ number: Int,
        _ job: BuildJob
    ) throws(OperationError) {
        repository = try GitRepository(
            address, namedBy: source, at: job.workspace.file("git-\(place)-\(number)"),
            limit: job.engine.imageSize(nil))
        (commit, name) = try repository.resolved()
        self.keepsGitDirectory = address.keepsGitDirectory ?? keepsGitDirectory
        try repository.check(commit)
    }

    var value: JSON { repository.address.value(of: commit, keepsGitDirectory: keepsGitDirectory) }

    func copy(
        to target: borrowing CopyTarget, _ excluded: IgnoreFile, _ ownership: CopyOwnership
    ) throws(OperationError) {
        try repository.checkOut(commit, name, keepingGitDirectory: keepsGitDirectory)
        let root = try Descriptor.open(repository.tree, O_RDONLY | O_DIRECTORY)
        let selection = CopySelection(ignored: IgnoreFile(), excluded: excluded)
        let source = try CopySource.one(repository.address.directory, below: root, selection)
        let listing = try CopyListing(source, below: root, selection, ownership)
        try target.copy(listing, from: root, unpacking: false)
    }
}
