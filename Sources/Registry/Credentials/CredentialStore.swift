import Core
import Glibc
import Linux

/// Where the caller's credentials are: files of Docker's and podman's form, and the programs that these name.
package struct CredentialStore: Sendable {
    /// The one that `login` writes.
    private let own: String
    /// Read after it.
    private let others: [String]

    package init(environment: (String) -> String?) {
        func value(_ name: String) -> String? { environment(name).flatMap { $0.isEmpty ? nil : $0 } }
        if let file = value("REGISTRY_AUTH_FILE") {
            own = file
            others = []
            return
        }
        let directory = value("DOCKER_CONFIG") ?? (value("HOME") ?? "/root") + "/.docker"
        own = directory + "/config.json"
        let runtime = value("XDG_RUNTIME_DIR") ?? "/run/containers/\(geteuid())"
        others = [runtime.hasPrefix("/run/containers/") ? runtime + "/auth.json" : runtime + "/containers/auth.json"]
    }

    /// Nil: the registry is asked as anybody may.
    package func credentials(
        for registry: String, repository: String = ""
    ) throws(OperationError) -> Credentials? {
        for path in [own] + others {
            let file = try read(path)
            if let name = file.helper(for: registry) {
                if let found = try CredentialHelper(name: name).get(CredentialFile.key(of: registry)) { return found }
            }
            do throws(RecordError) {
                if let found = try file.credentials(for: registry, repository: repository) { return found }
            } catch {
                throw damaged(path, error)
            }
        }
        return nil
    }

    /// What every registry is to be sent.
    package func headers() throws(OperationError) -> [(name: String, value: String)] { try read(own).headers }

    /// - Returns: where they are kept in plain text; nil when a helper has them.
    package func store(_ credentials: Credentials, for registry: String) throws(OperationError) -> String? {
        if let name = try read(own).helper(for: registry) {
            try CredentialHelper(name: name).store(credentials, for: CredentialFile.key(of: registry))
            try change { $0.set(nil, for: registry) }
            return nil
        }
        try change { $0.set(credentials, for: registry) }
        return own
    }

    /// - Returns: whether there were any.
    package func erase(_ registry: String) throws(OperationError) -> Bool {
        var file = try read(own)
        if let name = file.helper(for: registry) {
            try CredentialHelper(name: name).erase(CredentialFile.key(of: registry))
        }
        guard file.remove(registry) else { return false }
        try change { _ = $0.remove(registry) }
        return true
    }

    private func read(_ path: String) throws(OperationError) -> CredentialFile {
        let bytes: [UInt8]
        do throws(OperationError) {
            bytes = try Files.readConfiguration(path, limit: 4 << 20)
        } catch {
            if error.errno == ENOENT || error.errno == ENOTDIR { return CredentialFile() }
            throw error
        }
        do throws(RecordError) { return try CredentialFile(parsing: bytes) } catch { throw damaged(path, error) }
    }

    private func damaged(_ path: String, _ error: RecordError) -> OperationError {
        OperationError(
            "read credentials", path, reason: "\(error)", remedy: "repair it, or move it away and log in again",
            kind: .damaged)
    }

    /// For its owner alone, in the place where a link leads to. The directory is locked meanwhile: what others of us write
    /// at the same time stays, and no file of a lock is left there.
    private func change(_ edit: (inout CredentialFile) -> Void) throws(OperationError) {
        let path = Files.absolute(own) ?? own
        let above = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
        let directory = above.isEmpty ? "/" : above
        try Files.makeDirectories(directory)
        let lock = try FileLock.acquireDirectory(directory)
        var file = try read(path)
        edit(&file)
        try Files.replace(path, Array((file.json.pretty + "\n").utf8), mode: 0o600, durable: true)
        lock.release()
    }
}
