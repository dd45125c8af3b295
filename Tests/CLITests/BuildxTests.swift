import Foundation
import Testing

/// What scripts ask of buildx.
extension CLI.Build {
    @Test func builders() {
        let outcome = Host.elsewhere(
            """
            exec 2>&1; m="$MYDOCKER buildx"
            $m create --use --name ci --driver docker-container --driver-opt network=host --bootstrap
            $m inspect --bootstrap ci | sed -n '1p;/^Platforms/p'; $m use ci && $m ls --format '{{.Name}}'
            echo FROM scratch | $m build --builder ci -q - | cut -c -7; echo FROM scratch | $m build --builder no -q -; echo $?
            $m create | grep -c ^builder_; $m create --name ci; echo $?; $m create --name 'a b'; $m create --driver kubernetes
            $m rm ci && $m rm ci; echo $?; $m rm default; $m rm --all-inactive | grep -c removed; $m ls | wc -l
            $m version | cut -d ' ' -f 1; $m du | tail -n 1; $m stop && $MYDOCKER system check && echo clean
            """)
        let hint = "Run 'mydocker buildx create --help' for more information"
        #expect(
            outcome.lines == [
                "ci", "mydocker: warning: --driver-opt has no effect: there is one builder, this program", "Name: ci",
                "Platforms: linux/" + Host.shell("dpkg --print-architecture").word, "default *", "ci", "sha256:",
                "mydocker: no builder \"no\" found", "1", "1", "mydocker: existing instance for \"ci\"",
                "  choose another name", "1", "mydocker: invalid builder name \"a b\"",
                "invalid argument \"kubernetes\" for \"--driver\" flag: driver \"kubernetes\" is not supported",
                hint, "ci removed", "mydocker: no builder \"ci\" found", "1",
                "mydocker: context builder cannot be removed", "1", "2", "mydocker/buildx", "Total: 0B", "clean",
            ], "\(outcome.text)")
    }

    /// A name of the caller's goes before an image or a stage of that name.
    @Test func namedContexts() throws {
        let context = try BuildContext(
            """
            FROM nosuch/image AS base
            COPY --from=more f /f
            RUN --mount=type=bind,from=more,target=/m cat /m/d/g > /g; ls -A /m > /all
            FROM base AS taken
            COPY --from=more . /more
            """,
            "mkdir -p ../more-$$/d; cd ../more-$$; echo f > f; echo g > d/g; echo x > x; echo x > .dockerignore; pwd > ../more"
        )
        defer { context.remove() }
        defer { mydocker("rmi", "-f", "builtnamed") }
        let more = Host.read(context.directory + "/../more").trimmingCharacters(in: .whitespacesAndNewlines)
        defer { try? FileManager.default.removeItem(atPath: more) }
        func build(_ flags: String...) -> Outcome {
            Host.run([Host.mydocker, "build", "-t", "builtnamed"] + flags + [context.directory])
        }
        let flags = ["--build-context", "More=" + more, "--build-context", "nosuch/image=docker-image://busybox"]
        let outcome = Host.run([Host.mydocker, "build", "-t", "builtnamed"] + flags + [context.directory])
        #expect(outcome.code == 0, "\(outcome.error)")
        let seen = runOnce("builtnamed", "sh", "-c", "cat /f /g /all; ls -A /more")
        #expect(seen.lines == ["f", "g", ".dockerignore", "d", "f", ".dockerignore", "d", "f"], "\(seen.text)")
        #expect(Host.run([Host.mydocker, "build"] + flags + [context.directory]).error.contains("CACHED"))
        for (flag, message, code) in [
            ("more=/nosuch", "No such file or directory", 1), ("more", "expected key=value", 1),
            ("more=oci-layout://x", "are not supported", 1), ("more=target:x", "are not supported", 1),
            ("nosuch/image=" + more, "a directory is no image", 1),
        ] as [(String, String, Int32)] {
            let refused = build("--build-context", flag)
            #expect(refused.code == code && refused.error.contains(message), "\(refused.error)")
        }
    }

    /// Nothing is built, kept or written.
    @Test func aDockerfileIsChecked() throws {
        let context = try BuildContext("FROM busybox AS a\nRUN echo > /x\nFROM a\nCOPY --from=a /x /y")
        defer { context.remove() }
        let before = Host.shell("ls -R /var/lib/mydocker/images").text
        for flag in ["--check", "--call=check"] {
            let checked = context.build(flag, "-t", "builtcheck", "--iidfile", context.directory + "/id")
            #expect(checked.code == 0 && checked.text == "Check complete, no warnings found.\n", "\(checked.error)")
        }
        #expect(Host.shell("ls -R /var/lib/mydocker/images").text == before)
        #expect(Host.shell("test -e \(context.directory)/id").code == 1)
        for (text, words) in [
            ("FROM busybox\nRUM x", "unknown instruction: RUM"), ("RUN x", "no build stage in current context"),
            ("FROM busybox\nCOPY --from=9 a b", "invalid stage index"),
        ] {
            try context.write(text)
            let outcome = context.build("--check")
            #expect(outcome.code == 1 && outcome.text == "" && outcome.error.contains(words), "\(outcome.error)")
        }
        let outline = context.build("--call", "outline")
        #expect(outline.code == 125 && outline.error.contains("there are build and check"), "\(outline.error)")
        #expect(context.build("--call=build", "--check=false").code == 1)
    }

    @Test func annotationsAreInTheManifest() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000)
            let context = try BuildContext("FROM busybox")
            defer { context.remove() }
            let name = registry.host + "/annotated"
            defer { mydocker("rmi", "-f", name) }
            let flags = ["--annotation", "org.x=y", "--annotation", "manifest:b=c=d"]
            let outcome = Host.run([Host.mydocker, "build", "--push", "-t", name] + flags + [context.directory])
            #expect(outcome.code == 0, "\(outcome.error)")
            for command in ["manifest inspect", "buildx imagetools inspect", "buildx imagetools inspect --raw"] {
                let seen = Host.shell("$MYDOCKER \(command) \(name) | jq -c .annotations").word
                #expect(seen == #"{"b":"c=d","org.x":"y"}"#, "\(command)")
            }
            let other = Host.shell("skopeo inspect --raw --tls-verify=false docker://\(name) | jq -c .annotations").word
            #expect(other == #"{"b":"c=d","org.x":"y"}"#)
            // The image is busybox too, which says nothing more than before.
            let saved = Host.shell(
                "$MYDOCKER save busybox \(name) | tar -xO index.json | jq -c '.manifests[].digest' | sort -u | wc -l")
            #expect(saved.word == "2")
            succeed("tag", "busybox", registry.host + "/plain")
            succeed("push", "-q", registry.host + "/plain")
            let plain = Host.shell("$MYDOCKER manifest inspect \(registry.host)/plain | jq -c .annotations").word
            #expect(plain == "null")
            succeed("rmi", registry.host + "/plain")
            // Each name has its own manifest again where an archive brings both, where a registry does, and by an id it is the image's.
            let again = Host.shell(
                """
                cd \(scratch); m=$MYDOCKER; exec 2>&1; set -e
                says() { $m push -q $1 >/dev/null; $m manifest inspect $1 | jq -c .annotations; }
                $m save -o both.tar \(name) busybox; $m rmi \(name) >/dev/null; $m load -qi both.tar >/dev/null; says \(name)
                $m rmi \(name) >/dev/null; $m pull -q \(name) >/dev/null; $m tag \(name) \(name):other; says \(name):other
                $m tag $($m images -q busybox) \(name):id; says \(name):id; $m rmi \(name):id \(name):other >/dev/null
                """)
            #expect(again.lines == [#"{"b":"c=d","org.x":"y"}"#, #"{"b":"c=d","org.x":"y"}"#, "null"], "\(again.text)")
            let refused = context.build("--annotation", "index:a=b")
            #expect(refused.code == 125 && refused.error.contains("single platform export"), "\(refused.error)")
            let nothing = mydocker("buildx", "imagetools", "inspect", registry.host + "/nosuch")
            #expect(nothing.code == 1 && nothing.text == "", "\(nothing.error)")
            _ = registry
        }
    }

    @Test func whatBakeIsInstead() {
        let outcome = mydocker("buildx", "bake", "-f", "docker-bake.hcl")
        #expect(outcome.code == 1 && outcome.text == "")
        #expect(outcome.error.hasPrefix("mydocker: buildx bake is not supported\n"), "\(outcome.error)")
        #expect(outcome.error.contains("mydocker build -f FILE --target STAGE -t NAME PATH"), "\(outcome.error)")
    }

    @Test func whatARunMayHave() throws {
        let context = try BuildContext(
            "FROM busybox\nRUN ulimit -n > /n; df -k /dev/shm | tail -n 1 | tr -s ' ' | cut -d ' ' -f 2 > /s; cat /proc/self/cgroup > /c"
        )
        defer { context.remove() }
        defer { mydocker("rmi", "-f", "builtlimits") }
        let outcome = context.build(
            "-t", "builtlimits", "--no-cache", "--ulimit", "nofile=77", "--shm-size", "1m", "--cgroup-parent",
            "builds/x")
        #expect(outcome.code == 0, "\(outcome.error)")
        let seen = runOnce("builtlimits", "sh", "-c", "cat /n /s").lines
        #expect(seen == ["77", "1024"])
        try context.write("FROM busybox\nRUN head -c 100000000 /dev/zero | tail")
        let little = context.build("--memory", "8m")
        #expect(little.code == 1 && little.error.contains("137"), "\(little.error)")
        #expect(context.build("--memory", "1").code == 125)
        try context.write("FROM busybox\nRUN --network=host true")
        #expect(context.build().error.contains("network.host is not allowed"))
        #expect(context.build("--allow", "network.host").code == 0)
        #expect(mydocker("system", "check").code == 0)
    }

    /// Nothing of these stages is taken from before, all of the others is.
    @Test func stagesWithoutCache() throws {
        let context = try BuildContext(
            "FROM busybox AS a\nRUN echo 1 > /a\nFROM busybox\nCOPY --from=a /a /a\nRUN echo 2")
        defer { context.remove() }
        #expect(context.build().code == 0)
        func cached(_ flags: String...) -> Int {
            let outcome = Host.run([Host.mydocker, "build"] + flags + [context.directory])
            return outcome.error.split(separator: "\n").count { $0.hasSuffix(" CACHED") }
        }
        #expect(cached() == 3)
        #expect(cached("--no-cache-filter", "A") == 2)
        #expect(cached("--no-cache-filter", "a,1") == 0)
        // What a CI script says of caches elsewhere is no reason to fail.
        let cache = context.build("--cache-from", "type=gha", "--cache-to", "type=inline", "--provenance=false")
        #expect(cache.code == 0 && cache.error.contains("warning: --cache-to has no effect"), "\(cache.error)")
    }

    @Test func whatIsBuiltIsPushed() throws {
        try withScratch { scratch in
            let registry = try TestRegistry(scratch, port: 5000)
            let context = try BuildContext("FROM busybox\nLABEL pushed=\(UUID().uuidString)")
            defer { context.remove() }
            let names = ["\(registry.host)/pushed:1", "\(registry.host)/pushed:2"]
            defer { mydocker("rmi", "-f", names[0], names[1]) }
            let file = scratch + "/metadata.json"
            let outcome = context.build("--push", "-t", names[0], "-t", names[1], "--metadata-file", file)
            #expect(outcome.code == 0, "\(outcome.error)")
            let seen = Host.shell(
                """
                jq -r '."image.name", ."containerimage.config.digest"' \(file)
                $MYDOCKER image inspect -f '{{.Id}}' \(names[0])
                skopeo inspect --tls-verify=false docker://\(names[1]) | jq -r .Digest; jq -r '."containerimage.digest"' \(file)
                """
            ).lines
            #expect(seen.count == 5 && seen[0] == names.joined(separator: ","), "\(seen)")
            #expect(seen.count == 5 && seen[1] == seen[2] && seen[3] == seen[4], "\(seen)")
            #expect(context.build("-o", "type=registry", "-t", names[0]).code == 0)
            #expect(context.build("-o", "type=image,push=true", "-t", names[0]).code == 0)
            let nobody = context.build("--push", "-t", "localhost:1/x", "--metadata-file", file)
            #expect(nobody.code == 1 && nobody.error.contains("connection refused"), "\(nobody.error)")
            #expect(Host.shell("test -e \(file)").code == 1)
            mydocker("rmi", "-f", "localhost:1/x")
        }
    }

    /// A cache that is new has what it is to begin with; afterwards it is the commands'.
    @Test func aCacheBeginsWithFiles() throws {
        let mount = "RUN --mount=type=cache,from=seed,source=/s,target=/c"
        let context = try BuildContext(
            "FROM busybox AS seed\nRUN mkdir /s; echo seed > /s/f\nFROM busybox\n\(mount) cat /c/f > /1; echo two > /c/f\n\(mount) cat /c/f > /2"
        )
        defer { context.remove() }
        defer { mydocker("rmi", "-f", "builtcache") }
        let outcome = context.build("-t", "builtcache")
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(runOnce("builtcache", "cat", "/1", "/2").lines == ["seed", "two"])
        try context.write("FROM busybox AS seed\nRUN echo x > /s\nFROM busybox\n\(mount) true")
        let file = context.build()
        #expect(file.code == 1 && file.error.contains("is no directory"), "\(file.error)")
        #expect(mydocker("system", "check").code == 0)
    }
}
