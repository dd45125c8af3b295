import Core
import Dockerfile
import Glibc
import Linux

/// Files of the caller's that a step may take: those of the context, or of a directory with a name of its own.
struct ContextFiles: ~Copyable {
    /// O_PATH: what leads out of it leads nowhere.
    let root: Descriptor
    /// What of it is not there for the build.
    let ignored: IgnoreFile
}

extension BuildJob {
    /// - Parameter name: of `--build-context`; nil is the context itself.
    func files(of name: String?) throws(OperationError) -> ContextFiles {
        guard let name else { return ContextFiles(root: try input.context.root.duplicate(), ignored: input.ignored) }
        guard case .directory(let path) = request.named.first(where: { $0.key.lowercased() == name })?.value else {
            throw OperationError("build context \(JSON.quoted(name))", reason: "it is no directory", kind: .invalid)
        }
        let root = try Descriptor.open(path, O_DIRECTORY | Descriptor.pathOnly)
        let ignored = try IgnoreFile(of: root)
        return ContextFiles(root: root, ignored: ignored)
    }
}

extension IgnoreFile {
    /// `.dockerignore` at the top of a directory; nothing where there is none.
    init(of root: borrowing Descriptor) throws(OperationError) {
        let path = ".dockerignore"
        guard let file = try? root.open(inRoot: "/" + path, O_RDONLY | O_NONBLOCK),
            Files.kind(of: file.number) == S_IFREG
        else {
            self.init()
            return
        }
        try self.init(Files.read(file, named: path), named: path)
    }

    /// - Parameter path: of the file, for errors.
    init(_ bytes: [UInt8], named path: String) throws(OperationError) {
        do throws(DockerfileError) { try self.init(bytes) } catch {
            throw OperationError("read", path, reason: error.description, kind: .invalid)
        }
    }
}
