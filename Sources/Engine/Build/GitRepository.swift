import Core
import Dockerfile
import Glibc
import Images
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
        // A server that falls silent is not waited for.
        "http.lowSpeedLimit=1", "http.lowSpeedTime=60",
    ]
    private var remote: String
    /// A name, and the address of its that was looked at.
    private var held: (host: String, address: String)?
    /// Bytes of one commit's files, and of any one file that git writes.
    private let limit: Int64

    /// - Parameter place: a directory that is not there yet.
    init(
        _ address: GitAddress, namedBy source: Source, at place: String, limit: Int64
    ) throws(OperationError) {
        self.limit = limit
        self.address = address
        self.source = source
        self.place = place
        // A list of processes shows words.
        remote = address.authorization == nil ? address.remote : GitAddress.shown(address.remote)
        try Files.makeDirectory(place, mode: 0o700, existing: false)
        for name in ["home", "tree"] { try Files.makeDirectory("\(place)/\(name)", mode: 0o755, existing: false) }
        if case .dockerfile(let agent, _) = source { try checkLogin(agent) }
        try guardAddresses()
    }

    private func checkLogin(_ agent: String?) throws(OperationError) {
        if address.usesSSH, agent == nil {
            throw OperationError(
                "ADD \(address.shown)", reason: "there is no agent to ask for a key",
                remedy: "build with --ssh default",
                kind: .denied)
        }
        if address.hasUser { throw GitAddress.invalid("a user in the address", address.remote) }
    }

    var tree: String { place + "/tree" }

    // MARK: Whom it asks

    /// Whether this host's own and link-local addresses may be named.
    private var mayNameHost: Bool {
        switch source {
        case .caller: true
        case .dockerfile(_, let mayAskHost): mayAskHost
        }
    }

    /// Finds out where the repository is, and has git go there and nowhere else: a Dockerfile names none of this host's own and
    /// link-local addresses, and no server leads to one, unless it was named.
    private mutating func guardAddresses() throws(OperationError) {
        settings.append("http.followRedirects=false")
        guard let url = ResourceURL(remote) else {
            if mayNameHost { return }
            // What is none for us may still be one for git.
            guard address.usesSSH || address.remote.hasPrefix("git://") else {
                throw GitAddress.invalid("the address", address.remote)
            }
            return try guardHost()
        }
        let suffix = "/info/refs?service=git-upload-pack"
        guard let place = ResourceURL(url.description + suffix) else { return }
        let probe = GitProbe(address, at: place, mayNameHost: mayNameHost)
        guard let response = try probe.answer() else { return }
        let found = response.url
        if found.description.hasSuffix(suffix) { remote = String(found.description.dropLast(suffix.count)) }
        guard !probe.request.proxies.isUsed(for: found), !response.address.isEmpty else { return }
        let numeric = response.address.contains(":") ? "[\(response.address)]" : response.address
        settings.append("http.curloptResolve=\(found.host):\(found.port):\(numeric)")
    }

    /// Other protocols: git and ssh go to the address that was looked at, whatever the name has a moment later.
    private mutating func guardHost() throws(OperationError) {
        let host = address.host ?? ""
        let found = try HostAddresses.all(of: host)
        guard let first = found.first else {
            throw OperationError("ADD \(address.shown)", reason: "host \(host) is not known", kind: .notFound)
        }
        for address in found where !RefusedAddresses.kinds(of: address).isEmpty {
            throw OperationError(
                "ADD \(self.address.shown)", reason: "\(address) is this host's own, or link-local",
                remedy: RemoteSource.remedy, kind: .denied)
        }
        held = (host, first)
        if !address.usesSSH { remote = address.remote(at: first) }
    }

    // MARK: What it has

    /// The commit that is wanted, as the server says, and what it calls it.
    func resolved() throws(OperationError) -> (commit: String, name: String) {
        if let commit = address.commit {
            try checkForm(of: commit)
            return (commit, commit)
        }
        let wanted = address.reference ?? "HEAD"
        let listing = try git(["ls-remote", "--", remote, wanted, wanted + "^{}"])
        guard let found = address.resolved(in: String(kernel: listing)) else {
            let mayBeCommit = (4..<40).contains(wanted.utf8.count) && wanted.utf8.allSatisfy(\.isLowercaseHexDigit)
            throw OperationError(
                "git repository", address.shown, reason: "it has no reference \(JSON.quoted(wanted))",
                remedy: mayBeCommit ? "a commit needs all 40 digits" : nil, kind: .notFound)
        }
        try checkForm(of: found.commit)
        return found
    }

    private func checkForm(of commit: String) throws(OperationError) {
        guard commit.utf8.count != 40 else { return }
        throw OperationError(
            "git repository", address.shown, reason: "its commits have SHA-256 digests, which are not supported",
            remedy: "clone it beforehand, and build from the directory", kind: .unsupported)
    }

    /// Brings the files of a commit into `tree`.
    /// - Parameter name: of a reference that leads to it.
    func checkOut(_ commit: String, _ name: String, keepingGitDirectory: Bool) throws(OperationError) {
        _ = try git(["init", "-q", "--template=", "."])
        try fetch(commit, name)
        try checkSize(of: commit)
        _ = try git(["checkout", "-q", "--force", "--detach", commit])
        // Addresses of submodules may be relative to it.
        _ = try git(["remote", "add", "origin", GitAddress.shown(address.remote)])
        if address.takesSubmodules, Files.exists(tree + "/.gitmodules") { try takeSubmodules() }
        if !keepingGitDirectory { try Files.removeTree(tree + "/.git") }
    }

    /// Before they are made: a few trees may name very many files, and the list is then longer than what is read of git.
    private func checkSize(of commit: String) throws(OperationError) {
        var left = limit
        for line in String(kernel: try git(["ls-tree", "-r", "-l", commit])).split(separator: "\n") {
            let fields = line.prefix { $0 != "\t" }.split(separator: " ")
            let size = fields.count == 4 ? Int64(fields[3]) ?? 0 : 0
            guard size <= left else { throw UnpackBudget(size: limit).excess(of: address.shown) }
            left -= size
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
                // What came before may be cut off.
                let deeper = Files.exists(tree + "/.git/shallow") ? ["--unshallow"] : []
                _ = try git(["fetch", "-q", "--no-recurse-submodules"] + deeper + way)
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
        // Their addresses are the repository's choice: the caller's keys are for a host that the caller reaches by ssh.
        let protocols = address.usesSSH ? Self.protocols : "http:https:git"
        var trusting = self
        trusting.settings.append("http.followRedirects=initial")
        _ = try trusting.git(["submodule", "-q", "update", "--init", "--recursive", "--depth=1"], protocols)
    }

    // MARK: The program

    private static let protocols = "http:https:git:ssh"

    private func git(_ words: [String], _ protocols: String = Self.protocols) throws(OperationError) -> [UInt8] {
        let flags = settings.flatMap { ["-c", $0] }
        let outcome: ContainedProgram.Outcome
        do throws(OperationError) {
            outcome = try ContainedProgram.run(
                ["git"] + flags + words, environment(protocols), in: tree, largestFile: limit)
        } catch {
            if error.errno == EFBIG {
                throw OperationError(
                    "git \(words[0])", address.shown, reason: "it has too much to say", kind: .exhausted)
            }
            guard error.errno == ENOENT else { throw error }
            throw OperationError(
                "run", "git", errno: ENOENT, remedy: "install it on this host: apt-get install git", kind: .notFound)
        }
        guard outcome.code == 0 else {
            throw failure(GitComplaint(String(kernel: outcome.errors), code: outcome.code), of: words[0])
        }
        return outcome.output
    }

    private func failure(_ complaint: GitComplaint, of command: String) -> OperationError {
        guard complaint.needsLogin else {
            return OperationError("git \(command)", address.shown, reason: complaint.reason)
        }
        let what = address.hasUser ? "the login was refused" : "authentication is needed"
        let ways =
            source == .caller
            ? "give a login, https://USER:TOKEN@HOST/PATH.git, or use ssh and a key of your agent"
            : "use ssh and build with --ssh default, or clone it beforehand and COPY it"
        return OperationError(
            "git \(command)", address.shown, reason: "\(what): \(complaint.reason)", remedy: ways, kind: .denied)
    }

    private func environment(_ protocols: String) -> [(name: String, value: String)] {
        var variables = [
            ("HOME", place + "/home"), ("LC_ALL", "C"), ("GIT_CONFIG_NOSYSTEM", "1"),
            ("GIT_CONFIG_GLOBAL", "/dev/null"),
            ("GIT_CEILING_DIRECTORIES", place),
            ("GIT_TERMINAL_PROMPT", "0"), ("GIT_ASKPASS", "/bin/false"), ("SSH_ASKPASS", "/bin/false"),
            ("GIT_ALLOW_PROTOCOL", protocols), ("GIT_LFS_SKIP_SMUDGE", "1"), ("GIT_SSH_COMMAND", ssh),
        ]
        for name in ["PATH", "SSL_CERT_FILE", "SSL_CERT_DIR"] + Variables.proxies.sorted() {
            if let value = CallersEnvironment.value(name) { variables.append((name, value)) }
        }
        if let agent { variables.append(("SSH_AUTH_SOCK", agent)) }
        if let held, !address.usesSSH { variables.append(("GIT_OVERRIDE_VIRTUAL_HOST", held.host)) }
        if let login = address.authorization {
            variables += [
                ("GIT_CONFIG_COUNT", "1"), ("GIT_CONFIG_KEY_0", login.key), ("GIT_CONFIG_VALUE_0", login.value),
            ]
        }
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
        guard source != .caller else { return "ssh -o BatchMode=yes" }
        // The words are read by a shell: an address and a host's name have nothing that means anything to one.
        let place = held.map { " -o HostName=\($0.address) -o HostKeyAlias=\($0.host)" } ?? ""
        return "ssh -F /dev/null -o BatchMode=yes -o IdentityFile=/dev/null" + place
    }
}
