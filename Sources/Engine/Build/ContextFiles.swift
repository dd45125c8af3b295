import Containers
import Core
import Dockerfile
import Glibc
import Images
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
        let root = try root(ofContext: name)
        let ignored = try IgnoreFile(of: root)
        return ContextFiles(root: root, ignored: ignored)
    }

    private func root(ofContext name: String) throws(OperationError) -> Descriptor {
        if let fetched = contexts[name] { return try fetched.descriptor.duplicate() }
        guard case .files(.directory(let path)) = request.named.first(where: { $0.key.lowercased() == name })?.value
        else {
            throw OperationError("build context \(JSON.quoted(name))", reason: "it is no directory", kind: .invalid)
        }
        return try Descriptor.open(path, O_DIRECTORY | Descriptor.pathOnly)
    }

    /// Gets those that have names and are not on this host.
    /// - Returns: their directories, by their names in small letters.
    static func fetchContexts(
        of request: BuildRequest, _ workspace: borrowing BuildWorkspace, _ report: BuildReport, limit: Int64
    ) throws(OperationError) -> [String: OpenDirectory] {
        var fetched: [String: OpenDirectory] = [:]
        for (number, (name, named)) in request.named.sorted(by: { $0.key < $1.key }).enumerated() {
            guard case .files(let source) = named else { continue }
            if case .directory = source { continue }
            let context = try BuildContext(
                source, as: "context-\(number + 1)", of: request, workspace, report, limit: limit)
            guard context.dockerfile == nil else {
                throw OperationError(
                    "build context \(JSON.quoted(name))", reason: "what has come is no archive", kind: .invalid)
            }
            fetched[name.lowercased()] = OpenDirectory(try context.root.duplicate())
        }
        return fetched
    }
}

extension IgnoreFile {
    static let name = ".dockerignore"

    /// `.dockerignore` at the top of a directory; nothing where there is none.
    init(of root: borrowing Descriptor) throws(OperationError) {
        guard let file = try? root.open(inRoot: "/" + Self.name, O_RDONLY | O_NONBLOCK),
            Files.kind(of: file.number) == S_IFREG
        else {
            self.init()
            return
        }
        try self.init(Files.read(file, named: Self.name), named: Self.name)
    }

    /// Whether there is something of that name that is not read, such as a directory, or a link that leads out.
    static func isUnreadable(in root: borrowing Descriptor) -> Bool {
        guard root.status(of: FileName(name)) != nil else { return false }
        guard let file = try? root.open(inRoot: "/" + name, O_RDONLY | O_NONBLOCK) else { return true }
        return Files.kind(of: file.number) != S_IFREG
    }

    /// - Parameter path: of the file, for errors.
    init(_ bytes: [UInt8], named path: String) throws(OperationError) {
        do throws(DockerfileError) { try self.init(bytes) } catch {
            throw OperationError("read", path, reason: error.description, kind: .invalid)
        }
    }
}
