import Foundation
import Testing

extension CLI {
    /// `pull` and `push`, there and back, with docker-registry and skopeo.
    @Suite(.serialized) struct Registries {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.Registries {
    @Test func anImageGoesThereAndBack() throws {
        try withRegistry { registry, scratch in
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

    /// Whether its layers come with it or are here already.
    @Test func theSizeIsTheSameWhateverWayItCame() throws {
        try withRegistry { registry, scratch in
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

    @Test func allTagsOfAName() throws {
        try withRegistry { registry, scratch in
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

    @Test func byDigest() throws {
        try withRegistry { registry, scratch in
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

    /// It is one name of several.
    @Test func removedByDigest() throws {
        try withRegistry { registry, scratch in
            let image = try pushBusybox(to: registry, "a/b", scratch)
            let name = "\(registry.host)/a/b"
            let byDigest = "\(name)@\(image.digest)"
            succeed("pull", "-q", name)
            succeed("tag", name, "mine:1")
            succeed("rmi", name)
            succeed("pull", "-q", byDigest)
            #expect(succeed("rmi", byDigest).lines == ["Untagged: \(byDigest)"])
            #expect(inspect("{{.RepoTags}} {{.RepoDigests}}", "mine:1") == "[mine:1] []")
            // A tag of the same repository stays, too.
            succeed("pull", "-q", name)
            #expect(succeed("rmi", byDigest).lines == ["Untagged: \(byDigest)"])
            #expect(inspect("{{.RepoTags}} {{.RepoDigests}}", image.id) == "[\(name):latest mine:1] []")
            #expect(mydocker("rmi", byDigest).error == "mydocker: No such image: \(byDigest)\n")
            succeed("rmi", name, "mine:1")
            succeed("pull", "-q", byDigest)
            #expect(succeed("rmi", byDigest).lines.prefix(2) == ["Untagged: \(byDigest)", "Deleted: \(image.id)"])
        }
    }

    /// What others push is pulled, and the other way round; both types of documents.
    @Test func skopeoBothWays() throws {
        try withRegistry { registry, scratch in
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
                // Whoever opens a pipe waits for somebody who writes to it.
                for pipe in ["client.cert", "client.key", "other.crt"] {
                    Host.shell(
                        "cd \(directory); rm -f client.*; touch client.cert client.key; rm -f \(pipe); mkfifo \(pipe)")
                    let outcome = mydocker("pull", name)
                    #expect(
                        outcome.code == 1 && outcome.error.contains("\(directory)/\(pipe)\": it is no regular file"),
                        "\(outcome.error)")
                }
                succeed("rmi", name)
            }
            _ = registry
        }
    }

    /// The C library would wait for whoever writes to it, for longer than any limit of a transfer. Of a numeric address it opens none.
    @Test func noNamesAreLookedUpInAPipe() {
        let outcome = Host.elsewhere(
            """
            mkfifo /run/pipe; ip link set lo up
            for file in resolv.conf hosts nsswitch.conf; do
              mount --bind /run/pipe /etc/$file; timeout -s KILL 20 $MYDOCKER pull -q nosuch.invalid/x 2>&1; echo $?
              timeout -s KILL 20 $MYDOCKER pull -q 127.0.0.1:1/x 2>&1 | grep -o 'connection refused'; umount /etc/$file
            done
            """)
        let lines = ["resolv.conf", "hosts", "nsswitch.conf"].flatMap {
            [
                #"mydocker: look up names "/etc/\#($0)": it is a pipe"#, "  put a file in its place", "1",
                "connection refused",
            ]
        }
        #expect(outcome.lines == lines, "\(outcome.text)")
    }

    /// What blocks a registry, or says who is asking, is not passed over. Nothing is what /dev/null has.
    @Test func configurationsAreNoPipes() {
        let outcome = Host.elsewhere(
            """
            mkdir -p /run/login; mkfifo /run/pipe /run/login/config.json; ip link set lo up
            pull() { timeout -s KILL 20 env "$@" $MYDOCKER pull -q 127.0.0.1:1/x 2>&1; echo $?; }
            pull CONTAINERS_REGISTRIES_CONF=/run/pipe; pull DOCKER_CONFIG=/run/login; pull REGISTRY_AUTH_FILE=/run/pipe
            pull CONTAINERS_REGISTRIES_CONF=/dev/null REGISTRY_AUTH_FILE=/dev/null | grep -o 'connection refused'
            """)
        let lines = ["/run/pipe", "/run/login/config.json", "/run/pipe"].flatMap {
            [#"mydocker: read "\#($0)": it is a pipe"#, "  put a file in its place", "1"]
        }
        #expect(outcome.lines == lines + ["connection refused"], "\(outcome.text)")
    }

    /// The same of the one file of the authorities that this host trusts, which libcurl opens.
    @Test func noAuthoritiesAreReadFromAPipe() {
        let outcome = Host.elsewhere(
            """
            mkfifo /run/pipe; ip link set lo up; mount --bind /run/pipe /etc/ssl/certs/ca-certificates.crt
            timeout -s KILL 20 $MYDOCKER pull -q 127.0.0.1:1/x 2>&1; echo $?
            """)
        #expect(
            outcome.lines == [
                #"mydocker: read certificates "/etc/ssl/certs/ca-certificates.crt": it is a pipe"#,
                "  put a file in its place", "1",
            ], "\(outcome.text)")
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
}
