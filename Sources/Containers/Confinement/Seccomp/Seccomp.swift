import Core
import Glibc
import Linux

/// Which system calls a container may make: a filter for the kernel (seccomp(2)).
package enum SeccompProfile {
    /// The filter that `profile` is for a container with `capabilities`. It is made once and kept: after
    /// that, a call costs the reading of one file.
    ///
    /// - Parameters:
    ///   - profile: `default`, `unconfined`, or a profile in Docker's format: its JSON, or the path of a file.
    ///   - capabilities: what the container has, without `CAP_`.
    ///   - cacheDirectory: where filters are kept; made when missing. Nobody but us may write to it.
    /// - Returns: `struct sock_filter[]`, or nil when nothing is filtered.
    package static func load(
        _ profile: String, capabilities: [String], cacheDirectory: String
    ) throws(OperationError) -> [UInt8]? {
        guard profile != "unconfined" else { return nil }
        let source = try SeccompSource(profile)
        let container = SeccompSubject(host: .current, capabilities: Capabilities.mask(of: capabilities))
        let cache = SeccompCache(directory: cacheDirectory, identity: source.identity(for: container))
        if let filter = cache.filter() { return filter }
        let filter = try SeccompCompiler.filter(of: source.rules(), for: container, named: profile)
        cache.keep(filter)
        return filter
    }

    /// What a container keeps of `profile`: what its file says now, so that nothing that becomes of the file later makes a
    /// difference. It is read once, as what a pipe has said is gone; a signal ends that.
    package static func kept(_ profile: String) throws(OperationError) -> String {
        let source = try SeccompSource(profile)
        guard case .file(_, let contents) = source else { return profile }
        _ = try source.rules()
        do throws(JSONError) {
            return try JSON(parsing: contents).compact
        } catch {
            throw OperationError("load seccomp profile", profile, reason: "\(error)", kind: .invalid)
        }
    }
}

/// Where the rules come from.
enum SeccompSource {
    case builtIn
    case file(path: String, contents: [UInt8])

    /// Profiles are some tens of kilobytes; beyond this it is some other file.
    private static let largestFile = 1 << 20
    /// To be raised when the same rules make another filter.
    private static let compilerRevision = 1

    init(_ profile: String) throws(OperationError) {
        guard profile != "default" else {
            self = .builtIn
            return
        }
        if profile.hasPrefix("{") {
            self = .file(path: "of the container", contents: Array(profile.utf8))
            return
        }
        do throws(OperationError) {
            self = .file(path: profile, contents: try Files.read(profile, limit: Self.largestFile))
        } catch {
            throw OperationError("load seccomp profile", profile, errno: error.errno ?? EIO)
        }
    }

    func rules() throws(OperationError) -> SeccompRules {
        switch self {
        case .builtIn: SeccompDefault.profile
        case .file(let path, let contents): try SeccompParser(path: path).rules(contents)
        }
    }

    /// All that the filter depends on, in full. Of a file we do not know what it asks about before it is
    /// parsed, so every capability counts.
    func identity(for container: SeccompSubject) -> [UInt8] {
        let kernel = container.host.kernel
        let host = "\(Self.compilerRevision) \(kernel.major).\(kernel.minor) \(container.host.architecture.name)"
        switch self {
        case .builtIn:
            let relevant = container.capabilities & Capabilities.mask(of: SeccompDefault.capabilities)
            return Array("\(host) default \(SeccompDefault.revision) \(relevant)\n".utf8)
        case .file(_, let contents):
            return Array("\(host) file \(container.capabilities)\n".utf8) + contents
        }
    }
}
