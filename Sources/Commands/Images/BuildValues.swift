import Core
import Engine
import Glibc
import Linux

/// What `--build-arg`, `--secret`, `--ssh`, `--build-context` and `--annotation` say.
enum BuildValues {
    /// BuildKit's.
    private static let longestSecret = 500 << 10

    static func fields(_ text: String) throws(OperationError) -> [(key: String, value: String?)] {
        try CommaFields.split(text).filter { !$0.isEmpty }.map { field in
            let parts = field.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            return (parts[0].lowercased(), parts.count > 1 ? String(parts[1]) : nil)
        }
    }

    /// `NAME=VALUE`. A name alone has the caller's value, if there is one.
    static func argument(
        _ text: String, lookUp: (String) -> String?
    ) throws(OperationError) -> (name: String, value: String?) {
        let (name, given) = EnvironmentValue.halves(text)
        let value = name.utf8.count < text.utf8.count ? given : lookUp(name)
        guard value?.hasForeignBytes != true else {
            throw OperationError(
                "--build-arg \(name)", reason: "the variable's value is not UTF-8, as an image's configuration is",
                kind: .invalid)
        }
        return (name, value)
    }

    /// `id=NAME[,src=FILE|,env=VARIABLE]`: what the caller has by that name now; nil bytes where the variable is not set.
    static func secret(
        _ text: String, lookUp: (String) -> String?
    ) throws(OperationError) -> (id: String, bytes: [UInt8]?) {
        var (id, source, variable): (String?, String?, String?)
        for (key, value) in try fields(text) {
            switch key {
            case "id": id = value
            case "src", "source": source = value
            case "env": variable = value
            case "type" where value == "file" || value == "env": break
            default: throw OperationError("invalid field '\(key)' in secret: \(text)", kind: .invalid)
            }
        }
        guard let id, !id.isEmpty else { throw OperationError("secret without id: \(text)", kind: .invalid) }
        // A file may be called anything; the name is for a Dockerfile, which is text.
        guard !id.hasForeignBytes else {
            throw OperationError("invalid id of --secret: \(JSON.quoted(id)) is not UTF-8", kind: .invalid)
        }
        if let bytes = (variable ?? (source == nil ? id : nil)).flatMap(lookUp)?.kernelBytes { return (id, bytes) }
        // As BuildKit has it: it matters where a RUN wants it.
        guard variable == nil else { return (id, nil) }
        guard let path = source else {
            throw OperationError(
                "secret \(id)", reason: "neither a file (src=) nor a variable (env=) of the caller's is named",
                kind: .notFound)
        }
        return (id, try Files.read(path, limit: longestSecret))
    }

    /// `default`, or `NAME=SOCKET`.
    static func agent(_ text: String, lookUp: (String) -> String?) throws(OperationError) -> (
        id: String, socket: String
    ) {
        let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
        let socket = parts.count > 1 ? parts[1] : lookUp("SSH_AUTH_SOCK") ?? ""
        guard !socket.isEmpty else {
            throw OperationError(
                "invalid empty ssh agent socket: make sure SSH_AUTH_SOCK is set", remedy: agentRemedy, kind: .notFound)
        }
        guard let path = Files.absolute(socket), let status = Files.status(path) else {
            throw OperationError("ssh agent", socket, errno: ENOENT, remedy: agentRemedy, kind: .notFound)
        }
        guard status.st_mode & S_IFMT == S_IFSOCK else {
            throw OperationError(
                "ssh agent", socket, reason: "it is not the socket of an agent, and keys are not read from files",
                remedy: agentRemedy, kind: .invalid)
        }
        return (parts.first ?? "default", path)
    }

    private static let agentRemedy = "start an agent: eval $(ssh-agent); ssh-add KEY; then build with --ssh default"

    /// `NAME=DIRECTORY`, `NAME=docker-image://IMAGE`, or `NAME=URL` of an archive or a git repository.
    static func context(
        _ text: String
    ) throws(OperationError) -> (name: String, context: BuildRequest.NamedContext) {
        let parts = text.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard parts.count == 2, !parts[0].isEmpty, !parts[1].isEmpty else {
            throw OperationError("invalid context value: \(text), expected key=value", kind: .invalid)
        }
        let image = "docker-image://"
        if parts[1].hasPrefix(image) { return (parts[0], .image(String(parts[1].dropFirst(image.utf8.count)))) }
        let source = try BuildRequest.Context.named(parts[1])
        if case .directory(let path) = source {
            guard !path.contains("://"), !path.hasPrefix("target:") else { throw unknownContext(path) }
            guard Files.isDirectory(path) else {
                throw OperationError("failed to get build context \(parts[0])", path, errno: 2)
            }
        }
        guard source != .standardInput else { throw unknownContext(parts[1]) }
        return (parts[0], .files(source))
    }

    private static func unknownContext(_ text: String) -> OperationError {
        OperationError(
            "build context", text, reason: "contexts of this kind are not supported",
            remedy: "name a directory, docker-image://IMAGE, or the URL of an archive or a git repository",
            kind: .unsupported)
    }

    /// `KEY=VALUE`, with `manifest:` or `manifest[PLATFORM]:` in front or nothing: there is one manifest, this host's.
    static func annotation(_ text: String) throws(OperationError) -> (key: String, value: String) {
        var key = text[...]
        if let colon = text.firstIndex(of: ":"), colon < text.firstIndex(of: "=") ?? text.endIndex {
            let kind = text[..<colon].prefix { $0 != "[" }
            // What they are on is made by nobody here (BuildKit's words).
            guard !["index", "index-descriptor", "manifest-descriptor"].contains(kind) else {
                throw OperationError("\(kind) annotations not supported for single platform export", kind: .unsupported)
            }
            if kind == "manifest" { key = text[text.index(after: colon)...] }
        }
        guard let end = key.firstIndex(of: "="), end > key.startIndex else {
            throw OperationError(
                "invalid annotation \(JSON.quoted(text)), expected key=value", kind: .invalid)
        }
        return (String(key[..<end]), String(key[key.index(after: end)...]))
    }
}
