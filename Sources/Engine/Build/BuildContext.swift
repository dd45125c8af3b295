import Core
import Dockerfile
import Glibc
import Images
import Linux

/// Where the files of a build are: a directory of the caller's, or one of the build's own that was filled from elsewhere.
struct BuildContext: ~Copyable {
    /// O_PATH: what leads out of it leads nowhere.
    let root: Descriptor
    /// What came instead of files.
    let dockerfile: [UInt8]?

    /// Where a context is found.
    private struct Place {
        var directory: String
        /// What of it is the context.
        var below = "/"
        var dockerfile: [UInt8]?
    }

    /// - Parameters:
    ///   - name: of its directory in the workspace; no other context has it.
    ///   - limit: bytes that may come from elsewhere, packed and unpacked.
    init(
        _ source: BuildRequest.Context, as name: String, of request: BuildRequest,
        _ workspace: borrowing BuildWorkspace, _ report: BuildReport, limit: Int64
    ) throws(OperationError) {
        let place = try Self.place(source, name, request, workspace, report, limit)
        let top = try Self.open(directory: place.directory)
        // Whatever links a repository has, its directory is below its top.
        let root = try top.open(inRoot: place.below, O_DIRECTORY | Descriptor.pathOnly)
        self.root = root
        dockerfile = place.dockerfile
    }

    private static func place(
        _ source: BuildRequest.Context, _ name: String, _ request: BuildRequest,
        _ workspace: borrowing BuildWorkspace, _ report: BuildReport, _ limit: Int64
    ) throws(OperationError) -> Place {
        var place = Place(directory: workspace.file(name))
        let archive = workspace.file(name + "-archive")
        switch source {
        case .directory(let path): place.directory = path
        case .standardInput:
            let input = try Descriptor.standard(STDIN_FILENO)
            place.dockerfile = try take(
                input, named: "standard input", into: place.directory, archive, within: nil)
        case .download(let text):
            let step = report.begin("[internal] load remote build context")
            let file = try download(text, to: workspace.file(name + "-download"), limit)
            place.dockerfile = try take(
                file, named: text, into: place.directory, archive, within: UnpackBudget(size: limit))
            report.done(step)
        case .repository(let address):
            let step = report.begin("[internal] load git source \(address.shown)")
            place.directory = try checkOut(address, request, at: place.directory, limit)
            place.below += address.directory
            report.done(step)
        }
        return place
    }

    private static func open(directory path: String) throws(OperationError) -> Descriptor {
        do throws(OperationError) {
            return try Descriptor.open(path, O_DIRECTORY | Descriptor.pathOnly)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            if error.errno == ENOTDIR, Files.exists(path) { throw noDirectory(path) }
            throw OperationError(
                "unable to prepare context: path \"\(path)\" not found",
                remedy: "name a directory, or - for standard input",
                kind: .notFound)
        }
    }

    private static func noDirectory(_ path: String) -> OperationError {
        let isDockerfile = path.split(separator: "/").last?.lowercased().contains("dockerfile") ?? false
        return OperationError(
            "unable to prepare context: context must be a directory: \(path)",
            remedy: isDockerfile ? "name the Dockerfile by -f, and a directory: build -f \(path) ." : nil,
            kind: .invalid)
    }

    /// An archive is unpacked.
    /// - Parameter copy: a file for the archive.
    /// - Returns: what is none: a Dockerfile alone.
    private static func take(
        _ input: borrowing Descriptor, named name: String, into directory: String, _ copy: String,
        within budget: UnpackBudget?
    ) throws(OperationError) -> [UInt8]? {
        try Files.makeDirectory(directory, mode: 0o755, existing: false)
        let beginning = try Files.readBeginning(of: input, named: name, count: 512)
        guard TreeArchive.mayBegin(beginning) else { return try beginning + BuildInput.read(input, name) }
        let file = try Descriptor.open(copy, O_RDWR | O_CREAT | O_EXCL, as: "create")
        try FaultPoint.pass("write", copy)
        try Files.writeAll(beginning, to: file, named: copy)
        try Files.copyRest(of: input, to: file, named: copy)
        lseek(file.number, 0, SEEK_SET)
        let root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY)
        _ = try TreeArchive.restore(file, to: "", below: root, within: budget, named: name)
        return nil
    }

    /// The caller's own wish: it may be at this host, too, unless somebody else's answer leads there.
    private static func download(_ text: String, to place: String, _ limit: Int64) throws(OperationError) -> Descriptor
    {
        guard let remote = try RemoteSource(text) else {
            throw OperationError("build context", text, reason: "it is no URL", kind: .invalid)
        }
        try Files.makeDirectory(place, mode: 0o700, existing: false)
        let directory = try Descriptor.open(place, O_RDONLY | O_DIRECTORY)
        _ = try remote.fetch(into: directory, isOfHost: true, limit: limit)
        return try directory.open(entry: remote.fileName, O_RDONLY | O_NOFOLLOW, named: text)
    }

    private static func checkOut(
        _ address: GitAddress, _ request: BuildRequest, at place: String, _ limit: Int64
    ) throws(OperationError) -> String {
        let repository = try GitRepository(address, namedBy: .caller, at: place, limit: limit)
        let (commit, name) = try repository.resolved()
        try repository.check(commit)
        let keeps = request.arguments["BUILDKIT_CONTEXT_KEEP_GIT_DIR"] == "1"
        try repository.checkOut(commit, name, keepingGitDirectory: address.keepsGitDirectory ?? keeps)
        return repository.tree
    }
}
