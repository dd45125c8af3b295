import Core
import Dockerfile
import Glibc
import Images
import Linux

/// The files that a build may copy, and what it does.
struct BuildInput: ~Copyable {
    /// O_PATH: what leads out of it leads nowhere.
    let root: Descriptor
    /// What of it is not there for the build.
    let ignored: IgnoreFile
    let file: Dockerfile
    /// As messages call it, and its text.
    let fileName: String
    let text: [UInt8]

    init(_ request: BuildRequest, _ workspace: borrowing BuildWorkspace) throws(OperationError) {
        var given: [UInt8]?
        var directory = workspace.file("context")
        switch request.context {
        case .directory(let path):
            directory = path
            if request.file == "-" { given = try Self.read(Descriptor.standard(STDIN_FILENO), "standard input") }
        case .standardInput:
            try Files.makeDirectory(directory, mode: 0o755, existing: false)
            given = try Self.takeStandardInput(into: directory, workspace.file("input"))
        }
        let root = try Self.open(directory: directory)
        let text: [UInt8]
        if let given { text = given } else { text = try Self.readFile(request.file, of: request.context, below: root) }
        let name = given == nil ? request.file ?? "Dockerfile" : "Dockerfile"
        let ignored = try Self.ignored(for: request.file, below: root)
        let file: Dockerfile
        do throws(DockerfileError) {
            file = try Dockerfile(text)
        } catch {
            throw BuildFailure(error, in: text, of: name).told(to: request.report)
        }
        (self.ignored, self.file, self.text, fileName) = (ignored, file, text, name)
        self.root = root
    }

    private static func open(directory path: String) throws(OperationError) -> Descriptor {
        do throws(OperationError) {
            return try Descriptor.open(path, O_DIRECTORY | Descriptor.pathOnly)
        } catch {
            guard error.errno == ENOENT || error.errno == ENOTDIR else { throw error }
            throw OperationError(
                "unable to prepare context: path \"\(path)\" not found",
                remedy: "name a directory, or - for standard input",
                kind: .notFound)
        }
    }

    private static func read(_ file: borrowing Descriptor, _ name: String) throws(OperationError) -> [UInt8] {
        do throws(OperationError) {
            return try Files.read(file, named: name, limit: Dockerfile.longest)
        } catch {
            guard error.errno == EFBIG else { throw error }
            throw OperationError("dockerfile parse error: the file is longer than 10 MB", kind: .invalid)
        }
    }

    /// - Returns: the Dockerfile, when it is one alone; else an archive was unpacked.
    private static func takeStandardInput(into directory: String, _ copy: String) throws(OperationError) -> [UInt8]? {
        let input = try Descriptor.standard(STDIN_FILENO)
        let beginning = try Files.readBeginning(of: input, named: "standard input", count: 512)
        guard TreeArchive.mayBegin(beginning) else {
            return try beginning + read(input, "standard input")
        }
        let file = try Descriptor.open(copy, O_RDWR | O_CREAT | O_EXCL, as: "create")
        try FaultPoint.pass("write", copy)
        try Files.writeAll(beginning, to: file, named: copy)
        try Files.copyRest(of: input, to: file, named: copy)
        lseek(file.number, 0, SEEK_SET)
        let root = try Descriptor.open(directory, O_RDONLY | O_DIRECTORY)
        _ = try TreeArchive.restore(file, to: "", below: root, named: "standard input")
        return nil
    }

    /// The name is seen from the caller's directory, or else from the context.
    private static func readFile(
        _ name: String?, of context: BuildRequest.Context, below root: borrowing Descriptor
    ) throws(OperationError) -> [UInt8] {
        let path = name ?? "Dockerfile"
        do throws(OperationError) {
            if let name, case .directory = context, Files.exists(name) {
                return try read(Descriptor.open(name, O_RDONLY), name)
            }
            let file = try root.open(inRoot: "/" + path, O_RDONLY | O_NONBLOCK)
            guard Files.kind(of: file.number) == S_IFREG else { throw OperationError("open", path, errno: EINVAL) }
            return try read(file, path)
        } catch {
            guard error.kind != .invalid else { throw error }
            let reason = error.errno.map { String(cString: strerror($0)).lowercased() } ?? error.description
            throw OperationError("failed to read dockerfile: open \(path): \(reason)", kind: .notFound)
        }
    }

    /// `NAME.dockerignore` beside a Dockerfile goes before the context's own.
    private static func ignored(
        for name: String?, below root: borrowing Descriptor
    ) throws(OperationError) -> IgnoreFile {
        for path in [(name ?? "Dockerfile") + ".dockerignore", ".dockerignore"] {
            let bytes: [UInt8]
            if let name, path.hasPrefix(name), name != "-", Files.exists(path) {
                bytes = try Files.read(path)
            } else if let file = try? root.open(inRoot: "/" + path, O_RDONLY | O_NONBLOCK),
                Files.kind(of: file.number) == S_IFREG
            {
                bytes = try Files.read(file, named: path)
            } else {
                continue
            }
            do throws(DockerfileError) { return try IgnoreFile(bytes) } catch {
                throw OperationError("read", path, reason: error.description, kind: .invalid)
            }
        }
        return IgnoreFile()
    }
}
