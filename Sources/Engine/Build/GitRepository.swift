import Core
import Dockerfile
import Glibc
import Linux
import Transfer

/// A repository as a build gets it: by the host's `git`, without any configuration of the host's or the caller's, and without
/// what a repository could have it run.
struct GitRepository {
    /// Who has named it.
    enum Source: Equatable {
        /// The caller, who may ask whom they like, with their own keys.
        case caller
        /// A Dockerfile, which is not trusted with them.
        case dockerfile(agent: String?, mayAskHost: Bool)
    }

    let address: GitAddress
    private let source: Source
    /// Holds the clone, and a home without anything in it.
    private let place: String
    /// Of git, as `-c` has them.
    private var settings = [
        "core.hooksPath=/dev/null", "core.fsmonitor=false", "core.autocrlf=false", "core.symlinks=true", "gc.auto=0",
        "maintenance.auto=false", "credential.helper=", "init.defaultBranch=main", "advice.detachedHead=false",
        "http.userAgent=mydocker",
    ]
    private var remote: String

    /// - Parameter place: a directory that is not there yet.
    init(_ address: GitAddress, namedBy source: Source, at place: String) throws(OperationError) {
        self.address = address
        self.source = source
        self.place = place
        remote = address.remote
        try Files.makeDirectory(place, mode: 0o700, existing: false)
        for name in ["home", "tree"] { try Files.makeDirectory("\(place)/\(name)", mode: 0o755, existing: false) }
        guard case .dockerfile(let agent, let mayAskHost) = source else { return }
        if address.usesSSH, agent == nil {
            throw OperationError(
                "ADD \(address.shown)", reason: "there is no agent to ask for a key",
                remedy: "build with --ssh default",
                kind: .denied)
        }
        if address.hasUser { throw GitAddress.invalid("a user in the address", address.remote) }
        if !mayAskHost { try guardAddresses() }
    }

    var tree: String { place + "/tree" }

    // MARK: Whom it asks

    /// Finds out where the repository is, without this host's own and link-local addresses, and has git go there and nowhere else.
    private mutating func guardAddresses() throws(OperationError) {
        guard let url = address.web else { return try guardHost() }
        let suffix = "/info/refs?service=git-upload-pack"
        guard let probe = ResourceURL(url.description + suffix) else { return }
        var request = TransferRequest(.get, probe)
        request.proxies = ProxySettings(CallersEnvironment.value)
        request.headers.set("User-Agent", "git/mydocker")
        request.refusedAddresses = [.loopback, .linkLocal]
        request.limits.answer = 64 << 20
        let response: TransferResponse
        do throws(TransferError) { response = try Connection().fetch(request) } catch {
            throw RemoteSource.explained(error)
        }
        guard response.isSuccess else {
            throw OperationError("ADD \(address.shown)", reason: "invalid response status \(response.status)")
        }
        let found = response.url
        if found.description.hasSuffix(suffix) { remote = String(found.description.dropLast(suffix.count)) }
        settings.append("http.followRedirects=false")
        guard !request.proxies.isUsed(for: found), !response.address.isEmpty else { return }
        let numeric = response.address.contains(":") ? "[\(response.address)]" : response.address
        settings.append("http.curloptResolve=\(found.host):\(found.port):\(numeric)")
    }

    /// Other protocols have nothing that holds the address fast: what the name has now is looked at.
    private func guardHost() throws(OperationError) {
        for address in HostAddresses.all(of: address.host ?? "")
        where RefusedAddresses.isOfThisHost(address) || HostAddresses.isLinkLocal(address) {
            throw OperationError(
                "ADD \(self.address.shown)", reason: "\(address) is this host's own, or link-local",
                remedy: RemoteSource.remedy, kind: .denied)
        }
    }

    // MARK: What it has

    /// The commit that is wanted, as the server says, and what it calls it.
    func resolved() throws(OperationError) -> (commit: String, name: String) {
        if let commit = address.commit { return (commit, commit) }
        let wanted = address.reference ?? "HEAD"
        let listing = try git(["ls-remote", "--", remote, wanted, wanted + "^{}"])
        guard let found = address.resolved(in: String(kernel: listing)) else {
            throw OperationError(
                "git repository", address.shown, reason: "it has no reference \(JSON.quoted(wanted))", kind: .notFound)
        }
        return found
    }

    /// Brings the files of a commit into `tree`.
    /// - Parameter name: of a reference that leads to it.
    func checkOut(_ commit: String, _ name: String, keepingGitDirectory: Bool) throws(OperationError) {
        _ = try git(["init", "-q", "--template=", "."])
        try fetch(commit, name)
        _ = try git(["checkout", "-q", "--force", "--detach", commit])
        if address.takesSubmodules, Files.exists(tree + "/.gitmodules") { try takeSubmodules() }
        if keepingGitDirectory {
            _ = try git(["remote", "add", "origin", GitAddress.shown(address.remote)])
        } else {
            try Files.removeTree(tree + "/.git")
        }
    }

    func check(_ commit: String) throws(OperationError) {
        guard let checksum = address.checksum, !commit.hasPrefix(checksum) else { return }
        throw OperationError("expected checksum to match \(checksum), got \(commit)", kind: .denied)
    }

    /// One commit, where the server gives it alone; else all that leads to it.
    private func fetch(_ commit: String, _ name: String) throws(OperationError) {
        let wholeHistory = ["--tags", "--", remote, "+refs/heads/*:refs/remotes/origin/*"]
        let ways = [["--no-tags", "--depth=1", "--", remote, name], ["--no-tags", "--", remote, name], wholeHistory]
        var failure = OperationError("git repository", address.shown, reason: "it has no commit \(commit)")
        for way in ways {
            do throws(OperationError) {
                _ = try git(["fetch", "-q", "--no-recurse-submodules"] + way)
                _ = try git(["cat-file", "-e", commit + "^{commit}"])
                return
            } catch {
                if error.exitCode != nil || error.errno != nil { throw error }
                failure = error
            }
        }
        throw failure
    }

    private func takeSubmodules() throws(OperationError) {
        if case .dockerfile(_, mayAskHost: false) = source {
            throw OperationError(
                "ADD \(address.shown)", reason: "it has submodules, whose addresses cannot be looked at before",
                remedy: "leave them out by ?submodules=0, or build with --network host, when you trust the Dockerfile",
                kind: .denied)
        }
        _ = try git(["submodule", "-q", "update", "--init", "--recursive", "--depth=1"])
    }

    // MARK: The program

    private func git(_ words: [String]) throws(OperationError) -> [UInt8] {
        let flags = settings.flatMap { ["-c", $0] }
        let outcome: ContainedProgram.Outcome
        do throws(OperationError) {
            outcome = try ContainedProgram.run(["git"] + flags + words, environment, in: tree)
        } catch {
            guard error.errno == ENOENT else { throw error }
            throw OperationError(
                "run", "git", errno: ENOENT, remedy: "install it on this host: apt-get install git", kind: .notFound)
        }
        guard outcome.code == 0 else {
            let lines = String(kernel: outcome.errors).split(separator: "\n")
            let said = lines.first { $0.hasPrefix("fatal: ") } ?? lines.last ?? "it has ended with code \(outcome.code)"
            throw OperationError("git \(words[0])", address.shown, reason: String(said.prefix(512)))
        }
        return outcome.output
    }

    private var environment: [(name: String, value: String)] {
        var variables = [
            ("HOME", place + "/home"), ("LC_ALL", "C"), ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CEILING_DIRECTORIES", place),
            ("GIT_TERMINAL_PROMPT", "0"), ("GIT_ASKPASS", "/bin/false"), ("SSH_ASKPASS", "/bin/false"),
            ("GIT_ALLOW_PROTOCOL", "http:https:git:ssh"), ("GIT_LFS_SKIP_SMUDGE", "1"), ("GIT_SSH_COMMAND", ssh),
        ]
        for name in ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"] + Variables.proxies.sorted() {
            if let value = CallersEnvironment.value(name) { variables.append((name, value)) }
        }
        if let agent { variables.append(("SSH_AUTH_SOCK", agent)) }
        return variables
    }

    private var agent: String? {
        switch source {
        case .caller: CallersEnvironment.value("SSH_AUTH_SOCK")
        case .dockerfile(let agent, _): agent
        }
    }

    /// Of a Dockerfile with the keys of the agent alone. Nobody is asked anything.
    private var ssh: String {
        source == .caller ? "ssh -o BatchMode=yes" : "ssh -F /dev/null -o BatchMode=yes -o IdentityFile=/dev/null"
    }
}
