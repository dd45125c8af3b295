import Foundation
import Testing

/// Files of a directory, for whoever asks.
private final class FileServer {
    let directory: String
    private let log: String
    private let server: Int32

    init(_ scratch: String, _ script: String) throws {
        directory = scratch + "/served"
        log = scratch + "/served.log"
        Host.shell("umask 022; mkdir \(directory); cd \(directory) && { \(script)\n}")
        server = try TestRegistry.start(
            ["/usr/bin/python3", "-m", "http.server", "8123", "--bind", "127.0.0.1", "-d", directory], log: log)
        Host.eventually("it listens") { TestRegistry.listens(8123) }
    }

    deinit {
        kill(server, SIGKILL)
        waitpid(server, nil, 0)
    }

    /// How often somebody has asked for something since this was asked last.
    func count() -> Int {
        let count = Host.shell("grep -c '\"GET' \(log)").word
        Host.shell("> \(log)")
        return Int(count) ?? 0
    }
}

/// ADD of what a server has.
extension CLI.Build {
    private static let base = "http://127.0.0.1:8123"

    private func withServer(_ script: String, _ body: (FileServer, BuildContext) throws -> Void) throws {
        try withScratch { scratch in
            let server = try FileServer(scratch, script)
            let context = try BuildContext("FROM busybox")
            defer { context.remove() }
            defer { mydocker("rmi", "-f", "builtremote") }
            try body(server, context)
        }
    }

    private func build(_ context: BuildContext, _ lines: String) throws -> Outcome {
        try context.write("FROM busybox\n" + lines)
        return context.build("-t", "builtremote", "--network", "host")
    }

    @Test func whatAServerHasIsAdded() throws {
        let script = """
            echo one > f; touch -d @1234567890 f; echo blank > 'a b'; tar cf t.tar f
            """
        try withServer(script) { _, context in
            let url = Self.base
            let outcome = try build(
                context,
                """
                ADD \(url)/f \(url)/a%20b /d/
                ADD --chown=3:4 --chmod=751 \(url)/f /renamed
                ADD \(url)/t.tar /kept/
                ADD --unpack=true \(url)/t.tar /apart/
                """)
            #expect(outcome.code == 0, "\(outcome.error)")
            let seen = runOnce(
                "builtremote", "sh", "-c",
                "stat -c '%a %u:%g %Y %n' /d/f /renamed; cat '/d/a b'; ls /kept /apart")
            #expect(
                seen.lines == [
                    "600 0:0 1234567890 /d/f", "751 3:4 1234567890 /renamed", "blank", "/apart:", "f", "/kept:",
                    "t.tar",
                ], "\(seen.text)")
        }
    }

    /// The content counts; where a digest says what it is, nobody is asked again.
    @Test func whatWasAddedIsKnown() throws {
        try withServer("echo one > f") { server, context in
            let line = "ADD \(Self.base)/f /f"
            #expect(try build(context, line).code == 0)
            #expect(server.count() == 1)
            #expect(try build(context, line).error.contains("CACHED"))
            #expect(server.count() == 1)
            Host.shell("echo two > \(server.directory)/f")
            #expect(try !build(context, line).error.contains("CACHED"))
            #expect(runOnce("builtremote", "cat", "/f").word == "two")
            let digest = Host.shell("sha256sum < \(server.directory)/f").word.split(separator: " ")[0]
            let checked = "ADD --checksum=sha256:\(digest) \(Self.base)/f /f"
            _ = try build(context, checked)
            _ = server.count()
            #expect(try build(context, checked).error.contains("CACHED"))
            #expect(server.count() == 0)
        }
    }

    @Test func whatIsNotAdded() throws {
        try withServer("echo one > f; mkdir sub") { server, context in
            let other = String(repeating: "0", count: 64)
            for (line, message) in [
                ("ADD \(Self.base)/nosuch /f", "invalid response status 404"),
                ("ADD --checksum=sha256:\(other) \(Self.base)/f /f", ": sha256:\(other)"),
                ("ADD --checksum=sha256:1 \(Self.base)/f /f", "invalid checksum digest"),
                ("ADD --checksum=sha256:\(other) Dockerfile /f", "non-HTTP(S)"),
                ("ADD --checksum=sha256:\(other) \(Self.base)/f \(Self.base)/f /d/", "for multiple sources"),
                ("ADD \(Self.base)/ /d/", "cannot determine filename"),
                ("ADD \(Self.base)/sub/%2e%2e%2ff /d/", "cannot determine filename"),
                ("ADD http://u:p@127.0.0.1:8123/f /d/", "is no URL without a user"),
                ("ADD http://127.0.0.1:8124/f /d/", "connection refused"),
                ("ADD git@127.0.0.1:a.git /d", "build with --ssh default"),
            ] {
                let outcome = try build(context, line)
                #expect(outcome.code == 1 && outcome.error.contains(message), "\(line): \(outcome.error)")
            }
            // What a RUN does not reach, ADD does not reach either.
            _ = server.count()
            let refused = context.build("-t", "builtremote")
            try context.write("FROM busybox\nADD \(Self.base)/f /f")
            let own = context.build("-t", "builtremote")
            #expect(
                refused.code == 1 && own.code == 1 && own.error.contains("this host's own")
                    && own.error.contains("--network host"), "\(own.error)")
            #expect(server.count() == 0)
            #expect(mydocker("system", "check").code == 0)
        }
    }
}
