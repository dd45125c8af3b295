import Foundation
import Testing

/// What stages, steps and caches have of what came before them.
extension CLI.Build {
    private func built(_ dockerfile: String, _ script: String = "true") throws -> Outcome {
        let context = try BuildContext(dockerfile, script)
        defer { context.remove() }
        let outcome = context.build("-q", "-t", "builtnext")
        #expect(outcome.code == 0, "\(outcome.error)")
        return outcome
    }

    /// Whatever a stage ends with.
    @Test(arguments: ["COPY Dockerfile /x", "RUN true", "WORKDIR /w", "LABEL a=b", "USER 1"])
    func variablesStay(last: String) throws {
        defer { mydocker("rmi", "-f", "builtnext") }
        let dockerfile = "FROM busybox AS a\nENV A=1\n\(last)\nFROM a\nENV B=2\n\(last)"
        let first = try built(dockerfile)
        let environment = succeed("image", "inspect", "-f", "{{range .Config.Env}}{{.}} {{end}}", "builtnext").word
        #expect(environment.contains("A=1") && environment.contains("B=2") && environment.contains("PATH="))
        #expect(try built(dockerfile).word == first.word)
    }

    @Test func argumentsAreInherited() throws {
        defer { mydocker("rmi", "-f", "builtnext") }
        _ = try built(
            "FROM busybox AS base\nARG V=1\nFROM base\nRUN echo \"$V\" > /v\nFROM busybox\nCOPY --from=1 /v /v")
        #expect(runOnce("builtnext", "cat", "/v").word == "1")
    }

    @Test func directoriesAreTheUsers() throws {
        defer { mydocker("rmi", "-f", "builtnext") }
        _ = try built(
            "FROM busybox\nRUN echo n:x:12:34::/:/bin/sh >> /etc/passwd\nUSER n\nWORKDIR /app/b\nRUN touch f\nWORKDIR /"
        )
        #expect(
            runOnce("--user", "0", "builtnext", "stat", "-c", "%u:%g", "/app", "/app/b").lines == ["12:34", "12:34"])
        #expect(
            succeed("image", "inspect", "-f", "{{.Config.WorkingDir}} {{len .RootFS.Layers}}", "builtnext").word
                == "/ 4")
    }

    /// Whatever leads there: it is one that a run accepts.
    @Test(arguments: [".", "./", "..", "../../..", "/a\nWORKDIR ..", "/a\nENV D=..\nWORKDIR $D", "/a\nWORKDIR ../b/.."])
    func workingDirectoriesLeadToTheTop(path: String) throws {
        defer { mydocker("rmi", "-f", "builtnext") }
        _ = try built("FROM scratch\nCOPY Dockerfile /\nWORKDIR \(path)")
        #expect(succeed("image", "inspect", "-f", "{{.Config.WorkingDir}}", "builtnext").word == "/")
    }

    /// What a pattern meets and has not what stands behind it is left out; what is ignored stays so.
    @Test func patternsInTheMiddle() throws {
        defer { mydocker("rmi", "-f", "builtnext") }
        let script = """
            mkdir -p p/a p/b c1; touch p/a/j p/b/other p/readme c1/.env c1/k; echo '**/.env' > .dockerignore
            """
        _ = try built("FROM busybox\nCOPY p/*/j /d/\nCOPY c*/.env c*/k /e/", script)
        #expect(runOnce("builtnext", "sh", "-c", "ls -A /d /e").lines == ["/d:", "j", "/e:", "k"])
    }

    /// With parents kept, two asterisks are any number of directories.
    @Test func anyNumberOfDirectories() throws {
        defer { mydocker("rmi", "-f", "builtnext") }
        let script = "mkdir -p a/b/c n; touch j a/j a/b/c/j n/j; ln -s a l; echo n > .dockerignore"
        _ = try built("FROM busybox\nCOPY --parents ./**/j /d/\nCOPY --parents a/**/j /e/\nCOPY **/j /f/", script)
        let found = runOnce("builtnext", "sh", "-c", "find /d /e /f -type f | sort").lines
        #expect(found == ["/d/a/b/c/j", "/d/a/j", "/d/j", "/e/a/b/c/j", "/e/a/j", "/f/j"])
    }

    /// The id goes to where it is wanted, whatever that is, and none is there of a build that fails.
    @Test func identityFiles() throws {
        let context = try BuildContext("FROM busybox\nLABEL a=b")
        defer { context.remove() }
        let file = context.directory + ".id"
        let outcome = Host.shell(
            """
            m="$MYDOCKER build -q --iidfile"; cd \(context.directory); mkfifo fifo; mknod null c 1 3
            $m \(file) . && cmp \(file) <($m /proc/self/fd/2 . 2>&1 >/dev/null) && stat -c %a \(file)
            $m null . >/dev/null; $m fifo . >/dev/null & cut -c -7 fifo; stat -c %F null fifo
            rm fifo null; echo RUN false >> Dockerfile; $m \(file) . 2>/dev/null; echo $?; ls \(file) 2>/dev/null
            """)
        #expect(
            outcome.lines.dropFirst() == ["644", "sha256:", "character special file", "fifo", "1"],
            "\(outcome.text)\(outcome.error)")
        succeed("image", "prune", "-f")
    }

    /// A time that nothing may be later than is part of what is known.
    @Test func timesArePartOfAStep() throws {
        let context = try BuildContext("FROM busybox\nRUN touch /x")
        defer { context.remove() }
        #expect(context.build("-q", "-t", "builtnext").code == 0)
        #expect(context.build("-q", "-t", "builtnext", "--build-arg", "SOURCE_DATE_EPOCH=1000").code == 0)
        #expect(runOnce("builtnext", "stat", "-c", "%Y", "/x").word == "1000")
        mydocker("rmi", "-f", "builtnext")
    }

    /// Triggers come when the order of stages is settled: what they name is built all the same, and before them.
    @Test func triggersTakeFromOtherStages() throws {
        let base = try BuildContext("FROM busybox\nONBUILD COPY --from=tool /t /t")
        defer { base.remove() }
        #expect(base.build("-q", "-t", "builttrigger").code == 0)
        defer { mydocker("rmi", "-f", "builttrigger", "builtnext") }
        let context = try BuildContext("FROM busybox AS tool\nRUN sleep 1; echo 1 > /t\nFROM builttrigger\nRUN cat /t")
        defer { context.remove() }
        let built = context.build("-t", "builtnext")
        #expect(built.code == 0 && built.error.contains("[tool 2/2] RUN sleep 1"), "\(built.error)")
        #expect(runOnce("builtnext", "cat", "/t").word == "1")
        try context.write("FROM builttrigger AS a\nFROM a AS tool\nRUN echo 1 > /t\nFROM a")
        let circular = context.build("-t", "builtnext")
        #expect(circular.code == 1 && circular.error.contains("circular dependency"), "\(circular.error)")
        try context.write("FROM builttrigger")
        let absent = context.build("-t", "builtnext")
        #expect(absent.code == 1 && absent.error.contains("no such host"), "\(absent.error)")
    }

    /// What a link leads to is made below the root, however far up it leads.
    @Test func aDirectoryBehindALink() throws {
        defer { mydocker("rmi", "-f", "builtnext") }
        _ = try built(
            """
            FROM busybox
            RUN mkdir /a && ln -s /new/place /a/l && ln -s ../../../../up /a/up && ln -s l/deep /a/chain
            WORKDIR /a/l/sub
            RUN pwd -P > /where; touch here
            WORKDIR /a/up
            WORKDIR /a/chain
            """)
        let seen = runOnce("builtnext", "sh", "-c", "pwd -P; cat /where; ls /new/place/sub /up; readlink /a/l")
        #expect(
            seen.lines == ["/new/place/deep", "/new/place/sub", "/new/place/sub:", "here", "/up:", "/new/place"],
            "\(seen.text)\(seen.error)")
        let loop = try BuildContext("FROM busybox\nRUN ln -s a /b && ln -s b /a\nWORKDIR /a")
        defer { loop.remove() }
        let refused = loop.build("-q")
        #expect(refused.code == 1 && refused.error.contains("Too many levels of symbolic links"), "\(refused.error)")
        #expect(!FileManager.default.fileExists(atPath: "/up"))
    }

    /// Caches that two have in another order, or one twice.
    @Test func lockedCachesDoNotWaitForEachOther() throws {
        func mount(_ names: String...) -> String {
            names.map { "--mount=type=cache,target=/c/\($0),id=\($0),sharing=locked" }.joined(separator: " ")
        }
        let context = try BuildContext(
            """
            FROM busybox AS a
            RUN \(mount("x", "y")) sleep 0.5; echo a >> /c/x/log
            FROM busybox AS b
            RUN \(mount("y", "x")) sleep 0.5; echo b >> /c/x/log
            FROM busybox
            COPY --from=a /etc/passwd /a
            COPY --from=b /etc/passwd /b
            RUN --mount=type=cache,target=/1,id=x,sharing=locked --mount=type=cache,target=/2,id=x,sharing=locked \
              cat /1/log /2/log > /log
            """)
        defer { context.remove() }
        let outcome = context.build("-q", "-t", "builtnext", "--no-cache")
        #expect(outcome.code == 0, "\(outcome.error)")
        let lines = runOnce("builtnext", "cat", "/log").lines
        #expect(lines.count == 4 && lines.prefix(2).sorted() == ["a", "b"] && lines.prefix(2) == lines.suffix(2))
        mydocker("rmi", "-f", "builtnext")
    }

    /// Whatever is removed meanwhile: a build has what it began with, and so has the next one.
    @Test func nothingIsTakenFromUnderABuild() throws {
        let base = try BuildContext("FROM busybox\nRUN echo base > /base")
        defer { base.remove() }
        #expect(base.build("-q", "-t", "builtbase").code == 0)
        let context = try BuildContext("FROM builtbase\nRUN echo step > /step\nRUN sleep 2; cat /base /step > /out")
        defer { context.remove() }
        let outcome = Host.shell(
            """
            $MYDOCKER build -q -t builtnext \(context.directory) & builder=$!
            until $MYDOCKER ps -q --external --filter status=running | grep -q .; do sleep 0.05; done; sleep 0.7
            $MYDOCKER rmi -f builtbase; $MYDOCKER image prune -af; $MYDOCKER builder prune -af
            wait $builder
            """)
        #expect(outcome.code == 0, "\(outcome.error)")
        #expect(runOnce("builtnext", "cat", "/out").lines == ["base", "step"])
        #expect(mydocker("system", "check").code == 0)
        mydocker("rmi", "-f", "builtnext")
        #expect(base.build("-q", "-t", "builtbase").code == 0 && context.build("-q", "-t", "builtnext").code == 0)
        #expect(runOnce("builtnext", "cat", "/out").lines == ["base", "step"])
        mydocker("rmi", "-f", "builtnext", "builtbase")
    }

    /// Output without line ends fills no memory, and takes no longer than other output.
    @Test func endlessLines() throws {
        let context = try BuildContext("FROM busybox\nRUN head -c 20000000 /dev/zero | tr '\\0' x; echo; echo last")
        defer { context.remove() }
        let outcome = context.build()
        let lines = outcome.error.split(separator: "\n")
        #expect(outcome.code == 0 && lines.contains { $0.hasSuffix(" last") })
        #expect(lines.count > 100 && lines.allSatisfy { $0.utf8.count < 200_000 })
        #expect(lines.reduce(0) { $0 + $1.count { $0 == "x" } } >= 20_000_000)
    }
}
