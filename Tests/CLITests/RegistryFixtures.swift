import Foundation
import Testing

/// Debian's docker-registry on this sandbox's loopback, with a directory of its own.
final class TestRegistry {
    enum Access {
        case anybody
        /// `tester` with `secret`.
        case password
        /// The same, by way of a token server at this port.
        case token(Int)
    }

    let scratch: String
    let port: Int
    private var servers: [Int32] = []

    /// `HOST:PORT`
    var host: String { "localhost:\(port)" }

    init(
        _ scratch: String, port: Int, tls: TestAuthority? = nil, access: Access = .anybody,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        self.scratch = scratch
        self.port = port
        var lines = [
            "version: 0.1", "log: {level: error, accesslog: {disabled: true}}",
            "storage: {filesystem: {rootdirectory: \(scratch)/registry-\(port)}, delete: {enabled: true}}",
            "http: {addr: ':\(port)'\(tls.map { ", tls: {certificate: \($0.certificate), key: \($0.key)}" } ?? "")}",
        ]
        switch access {
        case .anybody: break
        case .password:
            // bcrypt, as htpasswd -B writes it.
            let hash = Host.run(["perl", "-e", "print crypt('secret', '$2b$05$abcdefghijklmnopqrstuu')"]).word
            try #require(hash.hasPrefix("$2b$"), sourceLocation: sourceLocation)
            try writeFile("tester:\(hash.replacingOccurrences(of: "$2b$", with: "$2y$"))\n", scratch + "/htpasswd")
            lines.append("auth: {htpasswd: {realm: test, path: \(scratch)/htpasswd}}")
        case .token(let tokenPort):
            let authority = try TestAuthority(scratch + "/token", names: "DNS:localhost")
            lines.append(
                "auth: {token: {realm: 'http://localhost:\(tokenPort)/token', service: test, issuer: test, "
                    + "rootcertbundle: \(authority.root)}}")
            try serve([
                "/usr/bin/python3", Self.script("token_server.py"), "\(tokenPort)", authority.key,
                authority.certificate, "test", "test", "tester", "secret",
            ])
            Host.eventually("the token server listens") { Self.listens(tokenPort) }
        }
        let file = "\(scratch)/config-\(port).yml"
        try writeFile(lines.joined(separator: "\n") + "\n", file)
        try serve(["docker-registry", "serve", file])
        Host.eventually("the registry listens", sourceLocation: sourceLocation) { Self.listens(port) }
    }

    deinit {
        for server in servers {
            kill(server, SIGKILL)
            waitpid(server, nil, 0)
        }
    }

    private func serve(_ command: [String]) throws {
        servers.append(try Self.start(command, log: scratch + "/servers.log"))
    }

    static func listens(_ port: Int) -> Bool {
        Host.shell("exec 3<>/dev/tcp/127.0.0.1/\(port)").code == 0
    }

    /// What lies in Tests/Servers.
    static func script(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).resolvingSymlinksInPath().deletingLastPathComponent()
            .appendingPathComponent("../Servers/\(name)").standardizedFileURL.path
    }

    static func start(_ command: [String], log: String) throws -> Int32 {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_addopen(&actions, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0o600)
        posix_spawn_file_actions_adddup2(&actions, 1, 2)
        var arguments: [UnsafeMutablePointer<CChar>?] = command.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var pid: pid_t = 0
        try #require(posix_spawnp(&pid, command[0], &actions, nil, &arguments, environ) == 0, "\(command)")
        return pid
    }
}

/// A registry at port 5000, and a directory, as long as `body` runs: it leaves nothing on this host.
func withRegistry(
    _ access: TestRegistry.Access = .anybody, sourceLocation: SourceLocation = #_sourceLocation,
    _ body: (_ registry: TestRegistry, _ scratch: String) throws -> Void
) throws {
    try Ledger.expectUnchanged(sourceLocation: sourceLocation) {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000, access: access, sourceLocation: sourceLocation)
            try withExtendedLifetime(registry) { try body(registry, scratch) }
        }
    }
}

/// An authority of the test's own, and a server's certificate that it has signed.
struct TestAuthority {
    let root: String
    let certificate: String
    let key: String

    /// - Parameter names: of the server, as in `subjectAltName`.
    init(_ path: String, names: String) throws {
        root = path + "-ca.crt"
        certificate = path + ".crt"
        key = path + ".key"
        let made = Host.shell(
            """
            set -e
            openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=test-authority -keyout \(path)-ca.key -out \(root)
            openssl req -newkey rsa:2048 -nodes -subj /CN=test -keyout \(key) -out \(path).csr
            printf 'subjectAltName=\(names)' >\(path).ext
            openssl x509 -req -in \(path).csr -CA \(root) -CAkey \(path)-ca.key -CAcreateserial -days 2 -extfile \(path).ext -out \(certificate)
            """)
        try #require(made.code == 0, "\(made.error)")
    }
}

/// A registry that misbehaves (Tests/Servers), at two addresses of this sandbox.
final class HostileRegistry {
    private let log: String
    private var servers: [Int32] = []
    let port: Int

    init(_ scratch: String, port: Int, tls: TestAuthority? = nil) throws {
        self.port = port
        log = "\(scratch)/requests-\(port)"
        for address in ["127.0.0.1", "127.0.0.2"] {
            let certificate = tls.map { [$0.certificate, $0.key] } ?? []
            servers.append(
                try TestRegistry.start(
                    ["/usr/bin/python3", TestRegistry.script("hostile_registry.py"), address, "\(port)", log]
                        + certificate,
                    log: scratch + "/servers.log"))
        }
        Host.eventually("it listens") {
            TestRegistry.listens(port) && Host.shell("exec 3<>/dev/tcp/127.0.0.2/\(port)").code == 0
        }
    }

    deinit {
        for server in servers {
            kill(server, SIGKILL)
            waitpid(server, nil, 0)
        }
    }

    func name(_ repository: String) -> String { "localhost:\(port)/\(repository)" }

    /// Address, method, path, Authorization, Range: of those whose path has `text` in it.
    func requests(_ text: String) -> [[String]] {
        Host.read(log).split(separator: "\n").map { $0.split(separator: " ").map(String.init) }
            .filter { $0.count > 2 && $0[2].contains(text) }
    }
}

extension Host {
    /// An empty home, so that nobody's credentials are read or written.
    static func mydocker(
        home: String, _ arguments: [String], input: Data? = nil, environment: [String: String] = [:],
        seconds: Double = 60, sourceLocation: SourceLocation = #_sourceLocation
    ) -> Outcome {
        run(
            [Host.mydocker] + arguments, input: input, environment: environment.merging(["HOME": home]) { $1 },
            seconds: seconds, sourceLocation: sourceLocation)
    }
}

/// An image at a registry, and nothing of it here.
func pushBusybox(
    to registry: TestRegistry, _ repository: String, _ scratch: String
) throws -> (id: String, digest: String) {
    let made = Host.shell(
        """
        set -e
        $MYDOCKER create --net none --name regmake busybox true >/dev/null
        date +%N >\(scratch)/mark; $MYDOCKER cp \(scratch)/mark regmake:/mark
        $MYDOCKER commit regmake \(registry.host)/\(repository)
        $MYDOCKER rm regmake >/dev/null
        $MYDOCKER push \(registry.host)/\(repository) | sed -n 's/.*digest: \\(sha256:[0-9a-f]*\\) .*/\\1/p'
        $MYDOCKER rmi \(registry.host)/\(repository) >/dev/null
        """)
    try #require(made.code == 0 && made.lines.count == 2, "\(made.text)\(made.error)")
    return (made.lines[0], made.lines[1])
}

/// Another content of a file of this host's, as long as `body` runs. It is mounted over it.
func withHostFile(_ path: String, _ text: String, _ body: () throws -> Void) throws {
    try withScratch { scratch in
        try writeFile(text, scratch + "/file")
        try #require(Host.shell("mount --bind \(scratch)/file \(path)").code == 0)
        defer { Host.shell("umount -l \(path)") }
        try body()
    }
}
