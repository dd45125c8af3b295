import Foundation
import Testing

/// Repositories of git on this sandbox's loopback, by HTTP and by git's own protocol.
private final class GitServer {
    static let web = "http://127.0.0.1:8124"
    static let own = "git://127.0.0.1:9418"
    private let log: String
    private var servers: [Int32] = []
    private var seen = 0
    /// Of the first commit, which has the tag v1, and of the last one.
    let first: String
    let last: String

    init(_ scratch: String) throws {
        let directory = scratch + "/repositories"
        log = scratch + "/git.log"
        let made = Host.shell(
            """
            set -e; umask 022; cd \(scratch); export HOME=\(scratch) GIT_CONFIG_NOSYSTEM=1
            git config --global user.email a@b; git config --global user.name n; git config --global init.defaultBranch main
            mkdir -p \(directory)/r.git; cd \(directory)/r.git; git init -q .
            mkdir sub; printf 'FROM busybox\\nCOPY . /c\\n' > Dockerfile; cp Dockerfile other.file; echo one > f; echo s > sub/f
            printf 'FROM busybox\\nCOPY . /s\\n' > sub/Dockerfile; ln -s /etc out; chmod +x other.file
            git add -A; git commit -qm 1; git tag -a -m t v1; git tag v1+b; git rev-parse HEAD
            echo two > f; git commit -qam 2; git branch dev; git rev-parse HEAD
            cp -a ../r.git ../sub.git; cd ../sub.git
            printf '[submodule "m"]\\n\\tpath = m\\n\\turl = \(Self.web)/r.git\\n' > .gitmodules
            git update-index --add --cacheinfo 160000,$(git rev-parse HEAD),m; git add .gitmodules; git commit -qm 3
            cp -a ../r.git ../large.git; (cd ../large.git; head -c 100000 /dev/zero > z; git add z; git commit -qm 5)
            cp -a ../sub.git ../near.git; cd ../near.git; sed -i 's,url = .*,url = ../r.git,' .gitmodules; git add .gitmodules; git commit -qm 4
            """)
        try #require(made.code == 0 && made.lines.count == 2, "\(made.text)\(made.error)")
        (first, last) = (made.lines[0], made.lines[1])
        for command in [
            ["/usr/bin/python3", TestRegistry.script("git_server.py"), "8124", directory, log],
            [
                "git", "-c", "safe.directory=*", "daemon", "--reuseaddr", "--export-all", "--listen=127.0.0.1",
                "--base-path=\(directory)", directory,
            ],
        ] { servers.append(try TestRegistry.start(command, log: scratch + "/servers.log")) }
        Host.eventually("they listen") { TestRegistry.listens(8124) && TestRegistry.listens(9418) }
    }

    deinit {
        for server in servers {
            kill(server, SIGKILL)
            waitpid(server, nil, 0)
        }
    }

    /// How often somebody has asked for something since this was asked last.
    func count() -> Int {
        let count = Int(Host.shell("wc -l < \(log)").word) ?? 0
        defer { seen = count }
        return count - seen
    }
}

/// Contexts and ADD of repositories.
extension CLI.Build {
    private func build(_ arguments: String...) -> Outcome {
        Host.run([Host.mydocker, "build", "-q", "-t", "builtgit"] + arguments)
    }

    private func seen(_ command: String) -> [String] { runOnce("builtgit", "sh", "-c", command).lines }

    @Test func aRepositoryIsAContext() throws {
        try withScratch { scratch in
            let server = try GitServer(scratch)
            defer { mydocker("rmi", "-f", "builtgit") }
            let web = GitServer.web + "/r.git"
            for (address, content) in [
                (web, "two"), (web + "#v1", "one"), (web + "#dev", "two"), (web + "#" + server.first, "one"),
                (web + "#refs/heads/main", "two"), (web + "?ref=v1", "one"), (web + "?tag=v1", "one"),
                (web + "#v1+b", "one"), (web + "?tag=v1%2Bb", "one"), (web + "#refs/tags/v1+b", "one"),
                (web + "?checksum=" + server.last, "two"), (GitServer.web + "/moved/r.git#v1", "one"),
                (GitServer.own + "/r.git#v1", "one"), (GitServer.own + "/r.git", "two"),
            ] {
                let outcome = build(address)
                #expect(outcome.code == 0, "\(address): \(outcome.error)")
                #expect(
                    seen("cat /c/f; ls -A /c; stat -c '%a %u' /c/other.file; readlink /c/out") == [
                        content, "Dockerfile", "f", "other.file", "out", "sub", "755 0", "/etc",
                    ], "\(address)")
            }
            for address in [web + "#main:sub", web + "#:sub", web + "?ref=main&subdir=sub"] {
                #expect(build(address).code == 0, "\(address)")
                #expect(seen("ls /s") == ["Dockerfile", "f"])
            }
            #expect(build("-f", "other.file", "--build-arg", "BUILDKIT_CONTEXT_KEEP_GIT_DIR=1", web).code == 0)
            #expect(seen("test -f /c/.git/HEAD && echo kept") == ["kept"])
            let shown = Host.run([Host.mydocker, "build", web + "#v1"])
            #expect(shown.error.contains("#1 [internal] load git source \(web)#v1"), "\(shown.error)")
        }
    }

    /// Contexts with names of their own, from a repository and from a server.
    @Test func aRepositoryIsANamedContext() throws {
        try withScratch { scratch in
            let server = try GitServer(scratch)
            defer { mydocker("rmi", "-f", "builtgit") }
            let context = try BuildContext(
                "FROM busybox\nCOPY --from=repository f /f\nRUN --mount=from=Archive,target=/m cat /m/g > /g")
            defer { context.remove() }
            Host.shell("cd \(scratch)/repositories; echo g > g; tar cf a.tar g; echo FROM busybox > alone")
            let files = try TestRegistry.start(
                [
                    "/usr/bin/python3", "-m", "http.server", "8125", "--bind", "127.0.0.1", "-d",
                    "\(scratch)/repositories",
                ],
                log: scratch + "/servers.log")
            defer { kill(files, SIGKILL); waitpid(files, nil, 0) }
            Host.eventually("it listens") { TestRegistry.listens(8125) }
            func flags(_ repository: String, _ archive: String) -> [String] {
                [
                    "--build-context", "Repository=\(repository)", "--build-context",
                    "archive=http://127.0.0.1:8125/\(archive)",
                ]
            }
            let web = GitServer.web + "/r.git"
            for extra in [[], ["--no-cache"]] {
                let outcome = Host.run(
                    [Host.mydocker, "build", "-t", "builtgit"] + extra + flags(web + "#v1", "a.tar") + [
                        context.directory
                    ])
                #expect(outcome.code == 0, "\(outcome.error)")
                #expect(seen("cat /f /g") == ["one", "g"])
            }
            for (repository, archive, message) in [
                (web + "#nosuch", "a.tar", "it has no reference \"nosuch\""),
                (web, "alone", "what has come is no archive"), (web, "nosuch.tar", "invalid response status 404"),
            ] {
                let outcome = Host.run(
                    [Host.mydocker, "build", "-q"] + flags(repository, archive) + [context.directory])
                #expect(outcome.code == 1 && outcome.error.contains(message), "\(outcome.error)")
            }
            try context.write("FROM repository")
            let outcome = Host.run([Host.mydocker, "build", "-q"] + flags(web, "a.tar") + [context.directory])
            #expect(outcome.code == 1 && outcome.error.contains("a directory is no image"), "\(outcome.error)")
            #expect(mydocker("system", "check").code == 0)
            _ = server
        }
    }

    @Test func whatIsNoContext() throws {
        try withScratch { scratch in
            let server = try GitServer(scratch)
            let web = GitServer.web + "/r.git"
            for (address, message) in [
                (web + "#nosuch", "it has no reference \"nosuch\""), (web + "#main:nosuch", "No such file"),
                (web + "#main:f", "Not a directory"), (web + "#main:../../..:x", "No such file"),
                (web + "#main:out", "No such file"), (web + "#--upload-pack=x", "is not valid"),
                (web + "#+main", "it has no reference \"+main\""), (web + "#a..b", "is not valid"),
                (web + "?x=1", "unexpected query"),
                (web + "?ref=a#b", "two references"), ("ssh://-oProxyCommand=x/r.git", "is not valid"),
                ("git@-oProxyCommand=x:r.git", "is not valid"), (web + "?checksum=abc", "a commit is wanted"),
                (web + "?checksum=\(server.first)", "expected checksum to match"),
                (GitServer.web + "/nosuch.git", "git ls-remote"), ("http://127.0.0.1:1/x.git", "git ls-remote"),
                ("git@127.0.0.1:x.git", "git ls-remote"), ("http://127.0.0.1:1/x.tar", "connection refused"),
            ] {
                let outcome = build(address)
                #expect(outcome.code == 1 && outcome.error.contains(message), "\(address): \(outcome.error)")
                #expect(outcome.error.split(separator: "\n").count <= 2, "\(outcome.error)")
            }
            let missing = Host.run([Host.mydocker, "build", web], environment: ["PATH": "/nonexistent"])
            #expect(missing.code == 1 && missing.error.contains("apt-get install git"), "\(missing.error)")
            #expect(Host.shell("ls /var/lib/mydocker/images/temporary").text == "")
            #expect(mydocker("system", "check").code == 0)
        }
    }

    /// What a URL gives is a context, too: an archive, or a Dockerfile alone.
    @Test func aDownloadIsAContext() throws {
        try withScratch { scratch in
            Host.shell(
                """
                cd \(scratch); mkdir served; printf 'FROM busybox\\nCOPY f /f\\n' > Dockerfile; echo a > f
                tar czf served/c.tar.gz Dockerfile f; printf 'FROM busybox\\nRUN echo d > /f\\n' > served/plain
                """)
            let server = try TestRegistry.start(
                ["/usr/bin/python3", "-m", "http.server", "8123", "--bind", "127.0.0.1", "-d", scratch + "/served"],
                log: scratch + "/served.log")
            defer {
                kill(server, SIGKILL)
                waitpid(server, nil, 0)
                mydocker("rmi", "-f", "builtgit")
            }
            Host.eventually("it listens") { TestRegistry.listens(8123) }
            for (name, content) in [("c.tar.gz", "a"), ("plain", "d")] {
                let outcome = build("http://127.0.0.1:8123/" + name)
                #expect(outcome.code == 0, "\(outcome.error)")
                #expect(seen("cat /f") == [content])
            }
            let absent = build("http://127.0.0.1:8123/nosuch")
            #expect(absent.code == 1 && absent.error.contains("invalid response status 404"), "\(absent.error)")
        }
    }

    @Test func aRepositoryIsAdded() throws {
        try withScratch { scratch in
            let server = try GitServer(scratch)
            let context = try BuildContext("")
            defer { context.remove() }
            defer { mydocker("rmi", "-f", "builtgit") }
            func add(_ line: String, _ network: String = "host") throws -> Outcome {
                try context.write("FROM busybox\nADD \(line)\n")
                return context.build("-t", "builtgit", "--network", network)
            }
            let web = GitServer.web + "/r.git"
            #expect(try add("\(web)#v1 /g").code == 0)
            #expect(seen("cat /g/f; ls -A /g") == ["one", "Dockerfile", "f", "other.file", "out", "sub"])
            // The commit counts, and where it is named nobody is asked.
            #expect(try add("\(web)#v1 /g").error.contains("CACHED"))
            #expect(try !add("\(web) /g").error.contains("CACHED"))
            #expect(try add("--checksum=\(server.last) \(web) /g").error.contains("CACHED"))
            _ = server.count()
            #expect(try add("\(web)#\(server.first) /g").error.contains("CACHED"))
            #expect(server.count() == 0)
            #expect(try add("--keep-git-dir --chown=3:4 --exclude=sub \(web)?subdir=. /k").code == 0)
            #expect(seen("ls -A /k; stat -c %u:%g /k/f") == [".git", "Dockerfile", "f", "other.file", "out", "3:4"])
            #expect(try add("\(GitServer.web)/sub.git /m").code == 0)
            #expect(seen("cat /m/m/f") == ["two"])
            #expect(try add("\(GitServer.web)/near.git /m").code == 0)
            #expect(seen("cat /m/m/f") == ["two"])
            // What is left out makes it another step.
            let fixed = "\(web)#\(server.last) /x"
            #expect(try add(fixed).code == 0 && add("--exclude=sub " + fixed).code == 0)
            #expect(seen("ls -A /x") == ["Dockerfile", "f", "other.file", "out"])
            for (line, network, message) in [
                ("\(web) /g", "default", "--network host"), ("\(GitServer.own)/r.git /g", "none", "--network host"),
                ("\(GitServer.web)/moved/r.git /g", "default", "--network host"),
                ("git@127.0.0.1:r.git /g", "host", "build with --ssh default"),
                ("--checksum=\(server.first) \(web) /g", "host", "expected checksum to match"),
                ("--checksum=1 \(web) /g", "host", "a commit is wanted"),
                ("--checksum=\(server.first) \(web) \(web) /g/", "host", "for multiple sources"),
                ("\(web)#-x /g", "host", "is not valid"),
                ("http://u:p@127.0.0.1:8124/r.git /g", "host", "a user in the address"),
                // An address for git, and none that could be looked at before.
                ("http://127.0.0.1:8124/a\\\\b.git /g", "default", "is not valid"),
                ("git://[::ffff:127.0.0.1]/r.git /g", "default", "--network host"),
                ("git://nosuch.invalid/r.git /g", "default", "is not known"),
            ] {
                let outcome = try add(line, network)
                #expect(outcome.code == 1 && outcome.error.contains(message), "\(line): \(outcome.error)")
            }
            #expect(mydocker("system", "check").code == 0)
        }
    }

    /// Whoever lists processes sees no password, and a repository has no more than an image may have.
    @Test func loginsAndLimitsOfRepositories() throws {
        try withScratch { scratch in
            let server = try GitServer(scratch)
            let address = "http://u:s3cr3t@127.0.0.1:8124"
            let command = try GroupCommand([Host.mydocker, "build", address + "/silent/r.git"])
            Host.eventually("it waits") { server.count() > 0 }
            #expect(Host.shell("cat /proc/[0-9]*/cmdline | tr '\\0' '\\n' | grep -c 's3cr[3]t'").word == "0")
            kill(command.pid, SIGTERM)
            #expect(command.end(seconds: 5) == 128 + SIGTERM)
            #expect(build(address + "/r.git").code == 0)
            mydocker("rmi", "-f", "builtgit")
            Host.shell(#"mkdir -p /etc/mydocker; echo '{"max-image-size": "64k"}' > /etc/mydocker/config.json"#)
            defer { Host.shell("rm -r /etc/mydocker") }
            let large = build(GitServer.web + "/large.git")
            #expect(large.code == 1 && large.error.contains("larger than 64KiB"), "\(large.error)")
        }
    }

    /// With the build its git ends, and what that has begun.
    @Test(arguments: [SIGTERM, SIGKILL]) func noGitOutlivesABuild(_ signal: Int32) throws {
        try withScratch { scratch in
            let server = try GitServer(scratch)
            let command = try GroupCommand([Host.mydocker, "build", GitServer.web + "/silent/r.git"])
            Host.eventually("it waits") { server.count() > 0 }
            Host.eventually("git waits") { Host.shell("pgrep -c git-remote-http").word == "1" }
            kill(command.pid, signal)
            #expect(command.end(seconds: 5) == 128 + signal)
            Host.eventually("nothing is left") {
                Host.shell("pgrep git-remote").code == 1
                    && Host.shell("ls /var/lib/mydocker/images/temporary").text == ""
            }
        }
    }
}
