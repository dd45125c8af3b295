import Core
import Dockerfile
import Glibc
import Images
import Linux

/// The files that a build may copy, and what it does.
struct BuildInput: ~Copyable {
    let context: BuildContext
    /// What of it is not there for the build.
    let ignored: IgnoreFile
    let file: Dockerfile
    /// As messages call it, and its text.
    let fileName: String
    let text: [UInt8]

    init(
        _ request: BuildRequest, _ workspace: borrowing BuildWorkspace, _ report: BuildReport, limit: Int64,
        warn: (String) -> Void
    ) throws(OperationError) {
        let context = try BuildContext(
            request.context, as: "context", of: request, workspace, report, limit: limit)
        var given = context.dockerfile
        if given == nil, request.file == "-" {
            given = try Self.read(Descriptor.standard(STDIN_FILENO), "standard input")
        }
        let text: [UInt8]
        if let given {
            text = given
        } else {
            text = try Self.readFile(request.file, of: request.context, below: context.root)
        }
        let name = given == nil ? request.file ?? "Dockerfile" : "Dockerfile"
        let ignored = try Self.ignored(for: request.file, of: request.context, below: context.root, warn)
        let file: Dockerfile
        do throws(DockerfileError) {
            file = try Dockerfile(text)
        } catch {
            throw BuildFailure(error, in: text, of: name).told(to: request.report)
        }
        (self.ignored, self.file, self.text, fileName) = (ignored, file, text, name)
        self.context = consume context
    }

    static func read(_ file: borrowing Descriptor, _ name: String) throws(OperationError) -> [UInt8] {
        do throws(OperationError) {
            return try Files.read(file, named: name, limit: Dockerfile.longest)
        } catch {
            guard error.errno == EFBIG else { throw error }
            throw OperationError("dockerfile parse error: the file is longer than 10 MB", kind: .invalid)
        }
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
            let kind = Files.kind(of: file.number)
            if kind == S_IFDIR { throw OperationError("open", path, errno: EISDIR) }
            guard kind == S_IFREG else { throw OperationError("it is no regular file") }
            return try read(file, path)
        } catch {
            guard error.kind != .invalid else { throw error }
            let reason = error.errno.map { String(cString: strerror($0)).lowercased() } ?? error.description
            throw OperationError("failed to read dockerfile: open \(path): \(reason)", kind: .notFound)
        }
    }

    /// `NAME.dockerignore` beside a Dockerfile goes before the context's own.
    private static func ignored(
        for name: String?, of context: BuildRequest.Context, below root: borrowing Descriptor,
        _ warn: (String) -> Void
    ) throws(OperationError) -> IgnoreFile {
        let own = (name ?? "Dockerfile") + ".dockerignore"
        if case .directory = context, let name, name != "-", Files.exists(own) {
            return try IgnoreFile(Files.read(own), named: own)
        }
        guard let file = try? root.open(inRoot: "/" + own, O_RDONLY | O_NONBLOCK),
            Files.kind(of: file.number) == S_IFREG
        else {
            if IgnoreFile.isUnreadable(in: root) {
                warn("\(IgnoreFile.name) is not read, as it is no regular file in the context: nothing is left out")
            }
            return try IgnoreFile(of: root)
        }
        return try IgnoreFile(Files.read(file, named: own), named: own)
    }
}
