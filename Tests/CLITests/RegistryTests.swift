import Foundation
import Testing

extension CLI {
    /// `pull`, `push`, `login` and what `run` asks a registry for, with docker-registry and skopeo.
    @Suite(.serialized) struct Registries {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.Registries {
    @Test func anImageGoesThereAndBack() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try TestRegistry(scratch, port: 5000)
                let name = registry.host + "/team/box"
                succeed("tag", "busybox", name + ":1")
                let pushed = succeed("push", name + ":1")
                #expect(pushed.lines.first == "The push refers to repository [\(name)]")
                let digest = try #require(
                    pushed.lines.last?.wholeMatch(of: /1: digest: (sha256:[0-9a-f]{64}) size: \d+/)?.1)
                let again = succeed("push", name + ":1")
                #expect(again.error.contains(": Layer already exists"), "\(again.error)")
                succeed("rmi", name + ":1")

                let pulled = succeed("pull", name + ":1")
                #expect(
                    pulled.lines == [
                        "1: Pulling from team/box", "Digest: \(digest)", "Status: Downloaded newer image for \(name):1",
                        "\(name):1",
                    ])
                #expect(succeed("pull", name + ":1").lines[2] == "Status: Image is up to date for \(name):1")
                #expect(succeed("pull", "-q", name + ":1").text == "\(name):1\n")
                #expect(runOnce(name + ":1", "echo", "hi").text == "hi\n")
                let format = "{{.RepoDigests}} {{.RepoTags}}"
                #expect(inspect(format, name + ":1") == "[\(name)@\(digest)] [busybox:latest \(name):1]")
                let line = succeed("images", "--digests", name).lines.last ?? ""
                #expect(line.contains(String(digest)), "\(line)")
                succeed("rmi", name + ":1")
            }
        }
    }

    /// Whether its layers come with it or are here already.
    @Test func theSizeIsTheSameWhateverWayItCame() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try TestRegistry(scratch, port: 5000)
                let (name, other) = (registry.host + "/sized", registry.host + "/other")
                let context = try BuildContext("FROM busybox\nLABEL sized=1")
                defer { context.remove() }
                #expect(context.build("-q", "-t", name).code == 0)
                try context.write("FROM busybox\nLABEL sized=2")
                #expect(context.build("-q", "-t", other).code == 0)
                let size = inspect("{{.Size}}", name)
                #expect(size == inspect("{{.Size}}", "busybox"))
                for name in [name, other] { succeed("push", "-q", name) }
                succeed("rmi", name, other)
                // The layer is busybox's, in another form.
                #expect(succeed("pull", name).error.contains(": Pull complete"))
                #expect(inspect("{{.Size}}", name) == size)
                #expect(succeed("pull", other).error.contains(": Already exists"))
                #expect(inspect("{{.Size}}", other) == size)
                succeed("rmi", name, other)
            }
        }
    }

    @Test func allTagsOfAName() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try TestRegistry(scratch, port: 5000)
                let name = registry.host + "/team/many"
                for tag in ["1", "2", "old"] { succeed("tag", "busybox", "\(name):\(tag)") }
                succeed("push", "-q", "-a", name)
                succeed("rmi", name + ":1", name + ":2", name + ":old")
                let pulled = succeed("pull", "-a", name)
                #expect(pulled.lines.filter { $0.hasSuffix(": Pulling from team/many") }.count == 3)
                #expect(pulled.lines.filter { $0.hasPrefix("Digest: sha256:") }.count == 3)
                #expect(pulled.lines.suffix(2) == ["Status: Downloaded newer image for \(name)", name])
                #expect(Set(succeed("images", "--format", "{{.Tag}}", name).lines) == ["1", "2", "old"])
                #expect(succeed("pull", "-a", "-q", name).text == name + "\n")
                for wrong in [name + ":1", name + "@sha256:" + String(repeating: "0", count: 64)] {
                    let refused = mydocker("pull", "-a", wrong)
                    #expect(refused.code == 1)
                    #expect(refused.error == "mydocker: tag can't be used with --all-tags/-a\n", "\(refused.error)")
                }
                let missing = mydocker("pull", "-a", registry.host + "/no/such")
                #expect(missing.code == 1 && missing.error.contains("repository name not known"), "\(missing.error)")
                succeed("rmi", name + ":1", name + ":2", name + ":old")
            }
        }
    }

    @Test func byDigest() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try TestRegistry(scratch, port: 5000)
                let image = try pushBusybox(to: registry, "a/b", scratch)
                let byDigest = "\(registry.host)/a/b@\(image.digest)"
                let pulled = succeed("pull", byDigest)
                #expect(pulled.lines.last == byDigest)
                #expect(pulled.lines.contains("Status: Downloaded newer image for \(byDigest)"))
                #expect(succeed("images", "--digests", "\(registry.host)/a/b").lines.last?.contains("<none>") == true)
                #expect(runOnce(byDigest, "echo", "hi").text == "hi\n")
                let wrong = "\(registry.host)/a/b@sha256:" + String(repeating: "0", count: 64)
                let missing = mydocker("pull", wrong)
                #expect(
                    missing.code == 1 && missing.error.contains("manifest for \(wrong) not found: manifest unknown"))
                #expect(succeed("rmi", image.id).text.contains("Untagged: \(byDigest)\n"))
            }
        }
    }

    /// What others push is pulled, and the other way round; both types of documents.
    @Test func skopeoBothWays() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try TestRegistry(scratch, port: 5000)
                let source = try pushBusybox(to: registry, "a/b", scratch)
                for (form, options) in [("v2s2", ""), ("oci", ""), ("zstd", "--dest-compress-format zstd")] {
                    let copied = Host.shell(
                        "skopeo copy -q --format \(form == "v2s2" ? "v2s2" : "oci") --src-tls-verify=false --dest-tls-verify=false "
                            + "\(options) docker://\(registry.host)/a/b:latest docker://\(registry.host)/\(form):x")
                    #expect(copied.code == 0, "\(form): \(copied.error)")
                    let name = "\(registry.host)/\(form):x"
                    succeed("pull", "-q", name)
                    #expect(runOnce(name, "echo", form).text == "\(form)\n")
                    succeed("push", "-q", "\(registry.host)/\(form):x")
                    let seen = Host.shell("skopeo inspect --tls-verify=false docker://\(name)")
                    #expect(seen.code == 0 && seen.text.contains("linux"), "\(seen.error)")
                    succeed("rmi", name)
                }
                _ = source
            }
        }
    }

    @Test func aCertificateOfOnesOwn() throws {
        try withScratch { scratch in
            let authority = try TestAuthority(scratch + "/server", names: "DNS:registry.test")
            let registry = try TestRegistry(scratch, port: 5443, tls: authority)
            try withHostFile("/etc/hosts", Host.read("/etc/hosts") + "\n127.0.0.1 registry.test\n") {
                let name = "registry.test:5443/box"
                succeed("tag", "busybox", name)
                let unknown = mydocker("push", name)
                #expect(unknown.code == 1 && unknown.error.contains("failed to verify certificate"), "\(unknown.error)")
                #expect(unknown.error.contains("/etc/docker/certs.d/registry.test:5443/ca.crt"))
                let directory = "/etc/docker/certs.d/registry.test:5443"
                Host.shell("mkdir -p \(directory); cp \(authority.root) \(directory)/ca.crt")
                defer { Host.shell("rm -r \(directory); rmdir -p --ignore-fail-on-non-empty /etc/docker/certs.d") }
                succeed("push", name)
                succeed("rmi", name)
                succeed("pull", "-q", name)
                Host.shell("echo none > \(directory)/other.crt")
                let other = mydocker("pull", name)
                #expect(
                    other.code == 1 && other.error.contains("\"\(directory)/other.crt\": there is none"),
                    "\(other.error)")
                Host.shell("rm \(directory)/other.crt")
                // Half a client's certificate is a mistake.
                Host.shell("touch \(directory)/client.cert")
                let half = mydocker("pull", name)
                #expect(half.code == 1 && half.error.contains("missing key \(directory)/client.key"), "\(half.error)")
                succeed("rmi", name)
            }
            _ = registry
        }
    }

    /// What a login by a browser has left, which a token server changes into tokens: `identitytoken` of a configuration.
    @Test func identityTokens() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000, access: .token(5001))
            let name = "\(registry.host)/identity/box"
            succeed("tag", "busybox", name)
            defer { mydocker("rmi", "-f", name) }
            for (token, code) in [("refresh-secret", 0), ("refresh-other", 1), ("secret", 1)] as [(String, Int32)] {
                try FileManager.default.createDirectory(
                    atPath: scratch + "/.docker", withIntermediateDirectories: true)
                try writeFile(
                    #"{"auths":{"\#(registry.host)":{"identitytoken":"\#(token)"}}}"#, scratch + "/.docker/config.json")
                for words in [["push", name], ["pull", name], ["manifest", "inspect", name]] {
                    let outcome = Host.mydocker(home: scratch, words)
                    #expect(outcome.code == code, "\(token) \(words): \(outcome.error)")
                    #expect(!outcome.error.contains(token) && (code == 0 || outcome.error.contains("login")))
                }
            }
        }
    }

    @Test(arguments: ["password", "token"]) func whoMay(_ kind: String) throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try TestRegistry(scratch, port: 5000, access: kind == "token" ? .token(5001) : .password)
                let name = registry.host + "/private"
                func asked(_ arguments: String..., input: String? = nil) -> Outcome {
                    Host.mydocker(home: scratch, arguments, input: input.map { Data($0.utf8) })
                }
                succeed("tag", "busybox", name)
                let stranger = asked("push", name)
                #expect(
                    stranger.code == 1 && stranger.error.contains("mydocker login localhost:5000"), "\(stranger.error)")
                let pull = asked("pull", name)
                #expect(pull.code == 1)
                if kind == "password" {
                    #expect(pull.error.contains("pull access denied for \(name)"), "\(pull.error)")
                }

                let wrong = asked("login", "-u", "tester", "--password-stdin", registry.host, input: "nonsense\n")
                #expect(
                    wrong.code == 1 && wrong.error.contains("unauthorized") || wrong.error.contains("incorrect"),
                    "\(wrong.error)")
                #expect(!FileManager.default.fileExists(atPath: scratch + "/.docker/config.json"))
                let right = asked("login", "-u", "tester", "--password-stdin", registry.host, input: "secret\n")
                #expect(right.code == 0 && right.text == "Login Succeeded\n", "\(right.error)")
                #expect(right.error.contains("stored unencrypted in \(scratch)/.docker/config.json"))
                let mode = try FileManager.default.attributesOfItem(atPath: scratch + "/.docker/config.json")[
                    .posixPermissions]
                #expect(mode as? Int == 0o600)
                #expect(asked("login", registry.host).text == "Login Succeeded\n")

                #expect(asked("push", name).code == 0)
                succeed("rmi", name)
                #expect(asked("pull", "-q", name).text == name + ":latest\n")
                // A token for both repositories takes the blobs over.
                let second = registry.host + "/second"
                succeed("tag", name, second)
                let mounted = asked("push", second)
                #expect(mounted.code == 0 && mounted.error.contains("Mounted from private"), "\(mounted.error)")
                succeed("rmi", second)
                #expect(asked("logout", registry.host).text == "Removing login credentials for localhost:5000\n")
                #expect(asked("logout", registry.host).text == "Not logged in to localhost:5000\n")
                succeed("rmi", name)
                #expect(asked("pull", name).code == 1)
            }
        }
    }

    /// A program of others keeps them: the one program that is run here.
    @Test func credentialHelpers() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000, access: .password)
            let name = registry.host + "/private"
            try FileManager.default.createDirectory(atPath: scratch + "/.docker", withIntermediateDirectories: true)
            try writeFile(#"{"credHelpers":{"localhost:5000":"test"}}"#, scratch + "/.docker/config.json")
            try writeFile(
                """
                #!/bin/sh
                case $1 in
                  store) cat >\(scratch)/kept ;;
                  erase) rm \(scratch)/kept ;;
                  get) cat >/dev/null; cat \(scratch)/kept 2>/dev/null || { echo credentials not found in native keychain; exit 1; } ;;
                esac
                """, scratch + "/docker-credential-test")
            Host.shell("chmod +x \(scratch)/docker-credential-test")
            let path = ["PATH": scratch + ":" + (ProcessInfo.processInfo.environment["PATH"] ?? "")]
            func asked(_ arguments: String..., input: String? = nil, environment: [String: String] = path) -> Outcome {
                Host.mydocker(home: scratch, arguments, input: input.map { Data($0.utf8) }, environment: environment)
            }
            succeed("tag", "busybox", name)
            #expect(asked("push", name).code == 1)
            let login = asked("login", "-u", "tester", "--password-stdin", registry.host, input: "secret")
            #expect(login.code == 0 && !login.error.contains("unencrypted"), "\(login.error)")
            #expect(!Host.read(scratch + "/.docker/config.json").contains("c2Vjcm"))
            #expect(
                Host.read(scratch + "/kept") == #"{"ServerURL":"localhost:5000","Username":"tester","Secret":"secret"}"#
            )
            #expect(asked("push", name).code == 0)
            let missing = asked("push", name, environment: [:])
            #expect(missing.code == 1 && missing.error.contains("docker-credential-test"), "\(missing.error)")
            #expect(asked("logout", registry.host).code == 0)
            #expect(!FileManager.default.fileExists(atPath: scratch + "/kept"))
            succeed("rmi", name)
        }
    }

    /// At a terminal both are asked for; the password is not shown, and the terminal is as before, also after a signal.
    @Test func loginAtATerminal() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            func typed(_ keys: String) -> Outcome {
                Host.shell(
                    "export HOME=\(scratch); \(keys) | "
                        + "script -qec \"trap : INT; $MYDOCKER login localhost:5010; echo code \\$?; stty -a | grep -o ' echo '\" /dev/null"
                )
            }
            let right = typed("(sleep 0.5; echo tester; sleep 0.5; echo secret; sleep 0.3)")
            #expect(right.text.contains("Login Succeeded") && right.text.contains("code 0"), "\(right.text)")
            #expect(!right.text.contains("secret") && right.text.contains(" echo "), "\(right.text)")
            #expect(registry.requests("/v2/").contains { $0[3] == "Basic" && $0[4] == "dGVzdGVyOnNlY3JldA==" })
            Host.shell("rm \(scratch)/.docker/config.json")
            let interrupted = typed("(sleep 0.5; echo tester; sleep 0.5; printf '\\003'; sleep 0.3)")
            #expect(interrupted.text.contains("code 130") && interrupted.text.contains(" echo "), "\(interrupted.text)")
        }
    }

    /// Registries that count pulls do not count a look at what a tag leads to.
    @Test func whatIsUnchangedIsNotPulledAgain() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let name = registry.name("good")
            for _ in 1...2 { succeed("pull", "-q", name) }
            let methods = registry.requests("/good/manifests/").map { $0[1] }
            #expect(methods == ["GET", "HEAD"], "\(methods)")
            // Under another tag it is another matter.
            succeed("tag", name, name + ":other")
            #expect(mydocker("image", "inspect", "-f", "{{.RepoDigests}}", name + ":other").text.contains("@sha256:"))
            succeed("rmi", name, name + ":other")
        }
    }

    @Test func loginThatCannotBe() throws {
        try withScratch { scratch in
            for (arguments, words) in [
                (["login", "--password-stdin", "h"], "Must provide --username with --password-stdin"),
                (["login", "-u", "a", "-p", "b", "--password-stdin", "h"], "mutually exclusive"),
                (["login", "h"], "Cannot perform an interactive login from a non TTY device"),
                (["login", "-u", "a", "-p", "b", "a b"], "invalid registry"),
                (["login", "-u", "a:b", "-p", "b", "localhost:1"], "a user name has no colon"),
                (["login", "-u", "a", "-p", "b", "localhost:1"], "connection refused"),
            ] {
                let outcome = Host.mydocker(home: scratch, arguments)
                #expect(
                    outcome.code == 1 && outcome.text == "" && outcome.error.contains(words),
                    "\(arguments): \(outcome.error)")
            }
            try FileManager.default.createDirectory(atPath: scratch + "/.docker", withIntermediateDirectories: true)
            try writeFile("nonsense", scratch + "/.docker/config.json")
            let damaged = Host.mydocker(home: scratch, ["pull", "localhost:1/x"])
            #expect(damaged.code == 1 && damaged.error.contains("read credentials"), "\(damaged.error)")
        }
    }

    @Test func whatIsNotThere() {
        Ledger.expectUnchanged {
            for (name, words) in [
                ("localhost:1/x", "connect: connection refused"), ("no-such-host.invalid/x", "no such host"),
                ("UPPER", "must be lowercase"), ("a:b:c", "invalid reference format"),
                ("../x", "invalid reference format"),
                ("localhost:1/a/../../b", "invalid reference format"),
            ] {
                let outcome = mydocker("pull", name)
                #expect(outcome.code == 1 && outcome.error.contains(words), "\(name): \(outcome.error)")
            }
            let push = mydocker("push", "localhost:1/nothing")
            #expect(push.code == 1)
            #expect(push.error == "mydocker: tag does not exist: localhost:1/nothing:latest\n")
            #expect(
                mydocker("push", "-a", "localhost:1/nothing").error
                    == "mydocker: An image does not exist locally with the tag: localhost:1/nothing\n")
            succeed("tag", "busybox", "localhost:1/pushed:2")
            defer { mydocker("rmi", "localhost:1/pushed:2") }
            #expect(
                mydocker("push", "localhost:1/pushed").error
                    == "mydocker: tag does not exist: localhost:1/pushed:latest\n  there are here: localhost:1/pushed:2\n"
            )
            #expect(
                mydocker("push", "localhost:1/x@sha256:" + String(repeating: "0", count: 64)).error.contains("digest"))
            #expect(mydocker("push", "-a", "localhost:1/x:1").error.contains("tag can't be used with --all-tags/-a"))
            #expect(
                mydocker("pull", "--platform", "nonsense/x/y/z", "localhost:1/x").error.contains("invalid platform"))
        }
    }

    @Test func allTagsAndTakenOverBlobs() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000)
            for name in ["one:1", "one:2", "two:1"] { succeed("tag", "busybox", "\(registry.host)/\(name)") }
            let pushed = succeed("push", "-a", "\(registry.host)/one")
            #expect(pushed.lines.filter { $0.contains(": digest: ") }.count == 2)
            let second = succeed("push", "\(registry.host)/two:1")
            #expect(
                second.error.contains("Mounted from one") || second.error.contains("Layer already exists"),
                "\(second.error)")
            let tags = Host.shell("curl -s http://\(registry.host)/v2/one/tags/list")
            #expect(tags.text.contains(#""1""#) && tags.text.contains(#""2""#), "\(tags.text)")
            let seen = succeed("manifest", "inspect", "\(registry.host)/two:1")
            #expect(seen.text.contains(#""schemaVersion": 2"#))
            succeed("rmi", "\(registry.host)/one:1", "\(registry.host)/one:2", "\(registry.host)/two:1")
        }
    }

    /// Eight at a time get each layer once.
    @Test func manyPullOneImage() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let name = registry.name("slow")
                let runs = Host.shell(
                    "for i in 1 2 3 4 5 6 7 8; do $MYDOCKER pull -q \(name) & jobs=\"$jobs $!\"; done; for job in $jobs; do wait $job || echo failed; done"
                )
                #expect(
                    runs.lines.sorted() == Array(repeating: name + ":latest", count: 8), "\(runs.text)\(runs.error)")
                let layers = registry.requests("/blobs/").filter { $0[1] == "GET" }
                let byPath = Dictionary(grouping: layers) { $0[2] }
                #expect(byPath.values.contains { $0.count == 1 }, "\(byPath.mapValues(\.count))")
                succeed("rmi", name)
            }
        }
    }

    /// A kill on the way: the next pull goes on where it was.
    @Test func aKilledPullIsGoneOnWith() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                let registry = try HostileRegistry(scratch, port: 5010)
                let name = registry.name("slow")
                let command = try GroupCommand([Host.mydocker, "pull", "-q", name])
                Host.eventually("a part is here") {
                    Host.shell("find /var/lib/mydocker/images/downloads -size +500k | grep -q .").code == 0
                }
                kill(command.pid, SIGKILL)
                _ = command.end(seconds: 5)
                #expect(mydocker("system", "check").code == 0 || mydocker("system", "check", "--repair").code == 0)
                #expect(mydocker("image", "inspect", name).code == 1)
                succeed("pull", "-q", name)
                let ranges = registry.requests("/blobs/").compactMap { $0.dropLast().last }.filter {
                    $0.hasPrefix("bytes=")
                }
                #expect(ranges.count == 1 && ranges[0] != "bytes=0-", "\(ranges)")
                succeed("rmi", name)
            }
        }
    }

    /// What nobody goes on with goes by `image prune`.
    @Test func partsArePruned() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let command = try GroupCommand([Host.mydocker, "pull", "-q", registry.name("slow")])
            Host.eventually("a part is here") {
                Host.shell("find /var/lib/mydocker/images/downloads -size +100k | grep -q .").code == 0
            }
            kill(command.pid, SIGKILL)
            _ = command.end(seconds: 5)
            succeed("image", "prune", "-f")
            #expect(Host.shell("ls /var/lib/mydocker/images/downloads").text == "")
        }
    }

    /// At whatever moment a signal comes, no other command has anything to take away.
    @Test func aSignalLeavesNothing() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let outcome = Host.shell(
                """
                cat >\(scratch)/signals.py <<'END'
                import os, signal, subprocess, sys, time
                signal.pthread_sigmask(signal.SIG_SETMASK, [])
                program, store = os.environ["MYDOCKER"], "/var/lib/mydocker/images/"
                for moment in range(30):
                    isSlow = moment % 2
                    name = sys.argv[1 + isSlow]
                    command = [program, "run", "--rm", "--net", "none", "--image", name, "true"] if moment % 5 == 4 else [program, "pull", "-q", name]
                    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                    time.sleep(moment * (0.02 if isSlow else 0.003))
                    process.send_signal(signal.SIGINT if moment % 3 else signal.SIGTERM)
                    code = process.wait(10)
                    left = os.listdir(store + "temporary")
                    left += [file for file in os.listdir(store + "downloads") if os.path.getsize(store + "downloads/" + file) == 0]
                    if left: print(moment, code, left)
                    subprocess.run([program, "rmi", "-f", name], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                END
                python3 \(scratch)/signals.py \(registry.name("good")) \(registry.name("slow")) && $MYDOCKER system check && echo clean
                $MYDOCKER image prune -f >/dev/null
                """)
            #expect(outcome.lines == ["clean"], "\(outcome.text)\(outcome.error)")
        }
    }

    /// A signal ends it at once, also while nothing comes.
    @Test func aSignalEndsAPull() throws {
        try withScratch { scratch in
            let registry = try HostileRegistry(scratch, port: 5010)
            let command = try GroupCommand([Host.mydocker, "pull", "-q", registry.name("silent")])
            Host.eventually("it waits") { !registry.requests("/silent/blobs/").isEmpty }
            // Blocked in what a test begins, as in a supervisor: the transfer itself looks for it.
            kill(command.pid, SIGTERM)
            #expect(command.end(seconds: 5) == 128 + SIGTERM, "\(command.text)")
            succeed("image", "prune", "-f")
        }
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
