import Foundation
import Testing

extension CLI {
    /// `RUN --mount`, what is kept of builds, and where else images go to.
    @Suite(.serialized, .sweepsImages) struct BuildMounts {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.BuildMounts {
    private func build(_ context: BuildContext, _ arguments: String...) -> String {
        let outcome = Host.run([Host.mydocker, "build", "-q", "-t", "builtmounts"] + arguments + [context.directory])
        #expect(outcome.code == 0, "\(outcome.error)")
        return outcome.word
    }

    @Test func whatIsSeenForOneRunAlone() throws {
        let dockerfile = """
            FROM busybox AS tools
            RUN mkdir /t && echo tool > /t/x
            FROM busybox
            RUN --mount=target=/b,source=sub --mount=from=tools,source=/t/x,target=/x --mount=type=tmpfs,target=/m,size=64k \\
              { cat /b/f /x; ls /b; touch /b/no 2>/dev/null || echo fixed; df -k /m | awk 'NR==2 { print $2 }'; } > /out
            RUN --mount=target=/b,source=sub,rw touch /b/new && ls /b >> /out
            """
        let context = try BuildContext(
            dockerfile, "mkdir sub; echo 1 > sub/f; echo 2 > sub/not; echo sub/not > .dockerignore")
        defer { context.remove() }
        _ = build(context)
        defer { mydocker("rmi", "-f", "builtmounts") }
        #expect(runOnce("builtmounts", "cat", "/out").lines == ["1", "tool", "f", "fixed", "64", "f", "new"])
        // Places of mounts are no part of the image, and the context is as it was.
        #expect(runOnce("builtmounts", "ls", "-d", "/b", "/x", "/m").code != 0)
        #expect(Host.shell("ls \(context.directory)/sub").lines == ["f", "not"])
        // What is seen of the context counts.
        let before = build(context)
        #expect(build(context) == before)
        Host.shell("echo 3 > \(context.directory)/sub/f")
        #expect(build(context) != before)
        #expect(runOnce("builtmounts", "head", "-n1", "/out").word == "3")
    }

    @Test func secretsAreNowhereAfterwards() throws {
        let dockerfile = """
            FROM busybox
            RUN --mount=type=secret,id=file --mount=type=secret,id=named,target=/s,mode=0444 --mount=type=secret,id=var,env=IN \\
              stat -c '%a %n' /run/secrets/file /s > /out; cat /run/secrets/file /s | md5sum >> /out; echo ${#IN} >> /out
            RUN --mount=type=secret,id=absent ls /run/secrets >> /out 2>/dev/null || echo none >> /out
            ENV IN=placeholder
            RUN --mount=type=secret,id=var,env=IN tr '\\0' '\\n' < /proc/1/environ | grep -c ^IN= >> /out; echo ${#IN} >> /out
            """
        let context = try BuildContext(dockerfile)
        defer { context.remove() }
        let secret = context.directory + ".secret"
        Host.shell("echo hushhush > \(secret)")
        defer { Host.shell("rm \(secret)") }
        let outcome = Host.shell(
            """
            V=12345 $MYDOCKER build -q -t builtmounts --secret id=file,src=\(secret) --secret id=named,src=\(secret) \
              --secret id=var,env=V \(context.directory)
            """)
        #expect(outcome.code == 0, "\(outcome.error)")
        defer { mydocker("rmi", "-f", "builtmounts") }
        let lines = runOnce("builtmounts", "cat", "/out").lines
        #expect(
            lines.count == 7 && lines[0] == "400 /run/secrets/file" && lines[1] == "444 /s" && lines[3] == "5"
                && lines[4] == "none")
        // It stands in the place of a variable that the image has.
        #expect(lines.dropFirst(5) == ["1", "5"])
        #expect(runOnce("builtmounts", "ls", "-d", "/s", "/run/secrets").code != 0)
        #expect(Host.shell("grep -rl hushhush /var/lib/mydocker /run/mydocker").text.isEmpty)
        for (words, message) in [
            ("--secret src=/x", "secret without id"), ("--secret id=a,src=/nosuch", "No such file"),
            ("--secret id=a", "neither a file"), ("--ssh x=/nosuch", "\"/nosuch\": No such file"),
            ("--ssh x=/etc/passwd", "not the socket of an agent"),
        ] {
            let wrong = Host.shell("$MYDOCKER build \(words) \(context.directory)")
            #expect(wrong.code == 1 && wrong.error.contains(message), "\(wrong.error)")
        }
    }

    @Test func anAgentIsAsked() throws {
        let context = try BuildContext(
            "FROM busybox\nRUN --mount=type=ssh test -S $SSH_AUTH_SOCK && echo $SSH_AUTH_SOCK > /out")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            python3 -c 'import socket,sys,time; s=socket.socket(socket.AF_UNIX); s.bind(sys.argv[1]); s.listen(); time.sleep(60)' \
              \(context.directory).sock & until test -S \(context.directory).sock; do sleep 0.05; done
            $MYDOCKER build -q -t builtmounts --ssh default=\(context.directory).sock \(context.directory); code=$?
            kill -9 $!; rm \(context.directory).sock; exit $code
            """)
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(runOnce("builtmounts", "cat", "/out").word == "/run/buildkit/ssh_agent.0")
        mydocker("rmi", "-f", "builtmounts")
    }

    @Test func cachesAndStepsAreKeptUntilTheyArePruned() throws {
        let context = try BuildContext(
            "FROM busybox\nARG n\nRUN --mount=type=cache,target=/c,mode=0700 echo $n >> /c/log; cp /c/log /out; stat -c %a /c >> /out"
        )
        defer { context.remove() }
        _ = build(context, "--build-arg", "n=1")
        _ = build(context, "--build-arg", "n=2")
        #expect(runOnce("builtmounts", "cat", "/out").lines == ["1", "2", "700"])
        mydocker("rmi", "-f", "builtmounts")
        #expect(
            succeed("system", "df", "--format", "{{.Type}} {{.TotalCount}}").lines.contains {
                $0.hasPrefix("Build Cache ") && $0 != "Build Cache 0"
            })
        // A dangling image has a layer, too.
        succeed("image", "prune", "-f")
        expectRecentMountsStay()
        // As a kill leaves it that comes before there is a directory.
        Host.shell("touch /var/lib/mydocker/images/build-cache/mount-0.lock")
        let pruned = succeed("builder", "prune", "-f")
        #expect(!pruned.lines.contains("mount-0"))
        #expect(Host.shell("ls /var/lib/mydocker/images/build-cache/mount-*").text.isEmpty)
        #expect(pruned.lines.contains { $0.hasPrefix("mount-") } && pruned.text.contains("Total reclaimed space: "))
        #expect(succeed("builder", "prune", "-f", "-a").code == 0)
        #expect(Host.shell("ls /var/lib/mydocker/images/build-cache").text.isEmpty)
        _ = build(context, "--build-arg", "n=3")
        #expect(runOnce("builtmounts", "cat", "/out").lines == ["3", "700"])
        mydocker("rmi", "-f", "builtmounts")
        #expect(mydocker("system", "check").code == 0)
        #expect(mydocker("builder", "prune", "--filter", "nosuch=1", "-f").code == 1)
    }

    /// One cache mount is there, of a build a moment ago.
    private func expectRecentMountsStay() {
        let rows = Host.shell(
            "$MYDOCKER buildx du --json | jq -c '[.entries[]|select(.type==\"exec.cachemount\")|.id]'")
        #expect(rows.text.hasPrefix("[\"mount-"), "\(rows.text)")
        let sums = Host.shell(
            "$MYDOCKER buildx du --json | jq '.total==([.entries[].size]|add) and .reclaimable<=.total and .total>0'")
        #expect(sums.word == "true", "\(sums.text)")
        #expect(succeed("buildx", "du").text.contains("exec.cachemount"))
        for words in [
            ["--filter", "until=24h"], ["--filter", "unused-for=1h"], ["--filter", "type=source.local"],
            ["--filter", "id=nosuch"], ["--filter", "inuse=true"], ["--keep-storage", "10GB"],
            ["--max-used-space", "1tb"], ["--min-free-space", "1"],
        ] {
            let pruned = Host.run([Host.mydocker, "builder", "prune", "-f"] + words)
            #expect(pruned.code == 0 && pruned.text == "Total reclaimed space: 0B\n", "\(words): \(pruned.text)")
        }
        // It was last used long ago.
        Host.shell("touch -d '3 days ago' /var/lib/mydocker/images/build-cache/mount-*.lock")
        let old = succeed("system", "prune", "-f", "--filter", "until=96h")
        #expect(!old.text.contains("mount-"), "\(old.text)")
        let others = succeed("builder", "prune", "-f", "--filter", "type=regular")
        #expect(!others.text.contains("mount-"), "\(others.text)")
        #expect(mydocker("builder", "prune", "-f", "--filter", "type=nosuch").code == 1)
        #expect(mydocker("builder", "prune", "-f", "--keep-storage", "much").code == 125)
    }

    @Test func filesGoElsewhere() throws {
        let context = try BuildContext("FROM scratch\nCOPY --chmod=640 Dockerfile /a/b")
        defer { context.remove() }
        let place = context.directory + ".out"
        defer { Host.shell("rm -rf \(place) \(place).tar") }
        #expect(context.build("-o", place).code == 0)
        #expect(Host.shell("cd \(place); find . -type f -printf '%p %m\\n'").lines == ["./a/b 640"])
        #expect(context.build("--output", "type=tar,dest=\(place).tar").code == 0)
        #expect(Host.shell("tar tf \(place).tar").lines == ["./", "a/", "a/b"])
        #expect(Host.shell("$MYDOCKER build -q -o - \(context.directory) | tar t").lines == ["./", "a/", "a/b"])
        #expect(context.build("--output", "type=registry").code == 1)
        for words in ["-o -", "-o type=oci", "-o type=tar"] {
            let drawn = Host.shell(
                "script -qec \"$MYDOCKER build -q \(words) \(context.directory); echo code \\$?\" /dev/null")
            #expect(drawn.text.contains("refusing to write an archive to a terminal") && drawn.text.contains("code 1"))
        }
        for type in ["docker", "oci"] {
            #expect(context.build("-t", "built/\(type):1", "-o", "type=\(type),dest=\(place).tar").code == 0)
            // It is nowhere until somebody loads it, and others read it as well.
            #expect(mydocker("image", "inspect", "built/\(type):1").code == 1)
            let other = "\(type == "oci" ? "oci" : "docker")-archive:\(place).tar"
            let layers = Host.shell("skopeo inspect --override-os linux \(other) | jq '.Layers|length'")
            #expect(layers.word == "1", "\(layers.error)")
            #expect(succeed("load", "-i", place + ".tar").text.contains("built/\(type):1"))
            #expect(succeed("image", "inspect", "-f", "{{len .RootFS.Layers}}", "built/\(type):1").word == "1")
            mydocker("rmi", "built/\(type):1")
        }
        #expect(!succeed("images", "-q").lines.contains(""))
    }

    @Test func severalStagesAtOnce() throws {
        let dockerfile = """
            FROM busybox AS a
            RUN sleep 2; touch /a
            FROM busybox AS b
            RUN sleep 2; touch /b
            FROM busybox
            COPY --from=a /a /
            COPY --from=b /b /
            """
        let context = try BuildContext(dockerfile)
        defer { context.remove() }
        let outcome = context.build("-t", "builtmounts", "--no-cache")
        #expect(outcome.code == 0)
        // Both were at work before either was done.
        let lines = outcome.error.split(separator: "\n")
        let begun = lines.lastIndex { $0.contains("RUN sleep") } ?? .max
        let done = lines.firstIndex { $0.contains("DONE 2.") } ?? 0
        #expect(begun < done, "\(outcome.error)")
        mydocker("rmi", "-f", "builtmounts")
    }

    /// Both make the directories of the same mounts, and neither finds the other's half-made.
    @Test func severalStagesWithNewCaches() throws {
        let mounts = (0..<24).map { "--mount=type=cache,id=new\($0),target=/c\($0),mode=0700" }.joined(separator: " ")
        let context = try BuildContext(
            """
            FROM busybox AS a
            RUN \(mounts) touch /a /c0/a; stat -c %a /c0 /c23 > /a
            FROM busybox AS b
            RUN \(mounts) touch /b /c0/b; stat -c %a /c0 /c23 > /b
            FROM busybox
            COPY --from=a /a /
            COPY --from=b /b /
            RUN \(mounts) ls /c0 > /c
            """)
        defer { context.remove() }
        for _ in 1...3 {
            let outcome = context.build("-t", "builtmounts", "--no-cache")
            #expect(outcome.code == 0, "\(outcome.error)")
            #expect(
                runOnce("builtmounts", "cat", "/a", "/b", "/c").lines == ["700", "700", "700", "700", "a", "b"])
            mydocker("rmi", "-f", "builtmounts")
            succeed("builder", "prune", "-af")
        }
    }

    /// Ten megabytes are read, one more is refused, and a step that fails is found in all of it.
    @Test func aVeryLongFile() throws {
        let filler = String(repeating: "# " + String(repeating: "x", count: 1021) + "\n", count: 10_000)
        let context = try BuildContext("FROM busybox\n" + filler + "RUN exit 3\n")
        defer { context.remove() }
        let outcome = context.build()
        #expect(outcome.code == 1 && outcome.error.contains("Dockerfile:10002\n"), "\(outcome.error.suffix(400))")
        try context.write("FROM busybox\n" + filler + filler)
        #expect(context.build().error == "mydocker: dockerfile parse error: the file is longer than 10 MB\n")
    }
}
