import Foundation
import Testing

extension CLI {
    /// Dockerfiles, what they become, and what is left of those that become nothing.
    @Suite(.serialized, .sweepsImages) struct Build {
        init() { #expect(Host.hasDefaultImage) }
    }
}

/// Builds it, calls `body` with the image's name, and removes the image.
private func withBuilt(
    _ dockerfile: String, _ script: String = "true", _ arguments: [String] = [], _ body: (String) throws -> Void
) throws {
    let context = try BuildContext(dockerfile, script)
    defer { context.remove() }
    let name = "built-\(UUID().uuidString.lowercased().prefix(8))"
    let outcome = Host.run([Host.mydocker, "build", "-t", name] + arguments + [context.directory])
    #expect(outcome.code == 0, "\(outcome.error)")
    defer { mydocker("rmi", "-f", name) }
    try body(name)
}

/// Every file of an image below a directory: mode, owner, name, and what a link points to.
private func tree(_ image: String, _ directory: String) -> [String] {
    runOnce(image, "sh", "-c", "cd \(directory) && find . | sort | xargs stat -c '%a %u:%g %N'").lines
}

extension CLI.Build {
    @Test func whatGoesIntoTheConfiguration() throws {
        let dockerfile = """
            FROM scratch
            ENV A=1 B="two words" C='$A' D=${A:-x}${N:+y}
            LABEL a.b=c "x y"=z
            WORKDIR /w
            WORKDIR sub
            USER 7:8
            EXPOSE 81-82 80/udp
            VOLUME /v ["/x"]
            VOLUME ["/v w"]
            STOPSIGNAL SIGINT
            SHELL ["/bin/x", "-y"]
            ENTRYPOINT ["/e"]
            CMD a b
            HEALTHCHECK --interval=5s CMD ["h"]
            ONBUILD RUN x
            MAINTAINER me
            """
        try withBuilt(dockerfile, "true", ["--label", "given=1"]) { name in
            let config = Host.shell(
                "$MYDOCKER image inspect \(name) | jq -cS '.[0].Config|del(.Hostname,.Domainname,.Image)'")
            for (filter, expected) in [
                (".Env[1:]", #"["A=1","B=two words","C=$A","D=x"]"#),
                (".Labels", #"{"a.b":"c","given":"1","x y":"z"}"#),
                (".WorkingDir", #""/w/sub""#), (".User", #""7:8""#),
                (".ExposedPorts|keys", #"["80/udp","81/tcp","82/tcp"]"#),
                (".Volumes|keys", #"["/v","/v w","[/x]"]"#), (".StopSignal", #""SIGINT""#),
                (".Entrypoint", #"["/e"]"#), (".Cmd", #"["/bin/x","-y","a b"]"#),
                (".Healthcheck", #"{"Interval":5000000000,"Test":["CMD","h"]}"#),
            ] {
                let value = Host.run(["jq", "-cS", filter], input: config.output)
                #expect(value.word == expected, "\(filter)")
            }
            #expect(inspect("{{.Author}}", name) == "me")
        }
    }

    @Test func runsAreContainersOfTheirStage() throws {
        let dockerfile = """
            FROM busybox
            ARG who=usual
            ENV E=env
            WORKDIR /w
            RUN echo "$who $E $(pwd) $(id -u)" > out
            USER nobody
            RUN id -u > /tmp/user
            RUN ["sh", "-c", "echo $0", "words"]
            RUN <<X
            echo one > /tmp/one
            echo two > /tmp/two
            X
            RUN cat <<X > /tmp/piped
            $who
            X
            RUN <<X
            #!/bin/cat
            a script
            X
            """
        try withBuilt(dockerfile, "true", ["--build-arg", "who=given"]) { name in
            #expect(runOnce(name, "cat", "/w/out").word == "given env /w 0")
            #expect(
                runOnce(name, "sh", "-c", "cat /tmp/user /tmp/one /tmp/two /tmp/piped").lines == [
                    "65534", "one", "two", "given",
                ])
            // An argument is no variable of the image, and what every container is given is no part of it.
            #expect(runOnce(name, "sh", "-c", "echo ${who-unset}").word == "unset")
            #expect(inspect("{{.Config.User}}", name) == "nobody")
        }
    }

    @Test func copiesFollowDockersRules() throws {
        let script = """
            mkdir -p d/deep e; echo 1 > a.txt; echo 2 > b.txt; echo 3 > d/deep/c; ln -s deep/c d/link; chmod 750 d
            chmod 4755 a.txt; chown 5:6 b.txt; ln b.txt d/hard
            """
        let dockerfile = """
            FROM busybox AS first
            COPY a.txt /one
            COPY a.txt b.txt /two/
            COPY d /three
            COPY d/ /four/
            COPY *.txt /five/
            COPY --chown=7:8 --chmod=640 b.txt /six/x
            COPY --chown=nobody b.txt /six/
            COPY --exclude=deep d /seven
            COPY --parents d/./deep/c /eight/
            COPY --parents d/deep /nine/
            COPY nothing*here /ten/
            COPY <<"D" <<E /eleven/
            $x
            D
            ${x:-e}
            E
            RUN mkdir -p /real && ln -s real /linked
            COPY a.txt /linked/
            COPY --chmod=u=rwX,go= d /twelve
            FROM busybox
            COPY --from=first --chown=1 /six /from
            COPY --from=0 /three/link /l
            COPY --from=busybox /etc/group /
            """
        try withBuilt(dockerfile, script, ["--target", "first"]) { name in
            #expect(
                runOnce(
                    name, "stat", "-c", "%a %u:%g %n", "/one", "/two", "/two/a.txt", "/two/b.txt", "/three",
                    "/real/a.txt"
                ).lines == [
                    "4755 0:0 /one", "755 0:0 /two", "4755 0:0 /two/a.txt", "644 0:0 /two/b.txt", "750 0:0 /three",
                    "4755 0:0 /real/a.txt",
                ])
            #expect(
                tree(name, "/three") == [
                    "750 0:0 .", "755 0:0 ./deep", "644 0:0 ./deep/c", "644 0:0 ./hard",
                    "777 0:0 './link' -> 'deep/c'",
                ])
            #expect(tree(name, "/four") == tree(name, "/three"))
            #expect(tree(name, "/five") == ["755 0:0 .", "4755 0:0 ./a.txt", "644 0:0 ./b.txt"])
            #expect(tree(name, "/six") == ["755 7:8 .", "644 65534:65534 ./b.txt", "640 7:8 ./x"])
            #expect(tree(name, "/seven") == ["750 0:0 .", "644 0:0 ./hard", "777 0:0 './link' -> 'deep/c'"])
            #expect(tree(name, "/eight") == ["755 0:0 .", "755 0:0 ./deep", "644 0:0 ./deep/c"])
            #expect(
                tree(name, "/nine") == ["755 0:0 .", "755 0:0 ./d", "755 0:0 ./d/deep", "644 0:0 ./d/deep/c"])
            #expect(tree(name, "/ten") == ["755 0:0 ."])
            #expect(runOnce(name, "cat", "/eleven/D", "/eleven/E").lines == ["$x", "e"])
            #expect(tree(name, "/twelve").first == "700 0:0 ." && tree(name, "/twelve")[2] == "600 0:0 ./deep/c")
        }
        try withBuilt(dockerfile, script) { name in
            #expect(tree(name, "/from") == ["755 1:1 .", "644 1:1 ./b.txt", "640 1:1 ./x"])
            #expect(runOnce(name, "cat", "/l").word == "3")
            #expect(runOnce(name, "cat", "/group").text == runOnce("busybox", "cat", "/etc/group").text)
        }
    }

    @Test(arguments: ["mkdir .dockerignore", "mkfifo .dockerignore", "ln -s ../outside .dockerignore"])
    func whatSaysNothingOfWhatIsIgnored(_ script: String) throws {
        let context = try BuildContext("FROM scratch\nCOPY f /", "touch f; \(script)")
        defer { context.remove() }
        let outcome = context.build("-q")
        #expect(
            outcome.code == 0
                && outcome.error.contains(
                    "warning: .dockerignore is not read, as it is no regular file in the context"),
            "\(script): \(outcome.error)")
    }

    @Test func anArchiveReplacesNoLinkByItsDirectory() throws {
        let context = try BuildContext(
            "FROM busybox\nRUN mkdir /usr/two && ln -s usr/two /two\nADD a.tar /",
            "mkdir two; touch two/f; tar cf a.tar two")
        defer { context.remove() }
        let outcome = context.build()
        #expect(
            outcome.code == 1 && outcome.error.contains("cannot overwrite non-directory with directory")
                && outcome.error.contains("  COPY the archive, and unpack it with RUN tar -C / -xf"),
            "\(outcome.error)")
    }

    @Test func whatIsIgnored() throws {
        let script = """
            mkdir -p d e; touch a.md README.md d/x.o d/x.c e/keep e/no
            printf '%s\\n' '*.md' '!README.md' '**/*.o' 'e' '!e/keep' > .dockerignore
            cp Dockerfile Other; printf 'd\\n' > Other.dockerignore
            """
        let dockerfile = "FROM scratch\nCOPY . /x/"
        try withBuilt(dockerfile + "\nFROM busybox\nCOPY --from=0 /x /x", script) { name in
            #expect(
                runOnce(name, "sh", "-c", "cd /x; find . -type f | sort").lines == [
                    "./.dockerignore", "./Dockerfile", "./Other", "./Other.dockerignore", "./README.md", "./d/x.c",
                    "./e/keep",
                ])
        }
        let context = try BuildContext("FROM busybox\nCOPY . /x/", script)
        defer { context.remove() }
        let other = context.build("-q", "-f", context.directory + "/Other")
        #expect(other.code == 0, "\(other.error)")
        #expect(
            runOnce(other.word, "ls", "/x").lines == [
                "Dockerfile", "Other", "Other.dockerignore", "README.md", "a.md", "e",
            ])
        mydocker("rmi", "-f", other.word)
        #expect(context.build("-q").code == 0)
        try context.write("FROM busybox\nCOPY a.md /")
        #expect(context.build().error.hasSuffix("mydocker: failed to solve: \"/a.md\": not found\n"))
    }

    @Test func archivesAreTakenApart() throws {
        let script =
            "mkdir t; echo 1 > t/f; chown 3:4 t/f; tar czf t.tgz -C t .; tar cf t.tar -C t .; echo no | gzip > no.gz"
        try withBuilt(
            "FROM busybox\nADD t.tgz /a\nADD t.tar no.gz /b/\nADD --unpack=false t.tgz /c/\nCOPY t.tgz /d/", script
        ) { name in
            #expect(tree(name, "/a") == ["755 0:0 .", "644 3:4 ./f"])
            #expect(
                runOnce(name, "sh", "-c", "ls /b /c /d").lines == ["/b:", "f", "no.gz", "/c:", "t.tgz", "/d:", "t.tgz"])
        }
    }

    @Test func standardInput() throws {
        let alone = mydocker("build", "-q", "-", input: Data("FROM busybox\nRUN echo 1 > /x\nCMD cat /x".utf8))
        #expect(alone.code == 0 && alone.text.wholeMatch(of: /sha256:[0-9a-f]{64}\n/) != nil, "\(alone.error)")
        #expect(runOnce(alone.word).word == "1")
        mydocker("rmi", "-f", alone.word)
        let context = try BuildContext("FROM busybox\nCOPY f /f", "echo 2 > f")
        defer { context.remove() }
        for packing in ["tar c", "tar cz"] {
            let outcome = Host.shell("\(packing) -C \(context.directory) . | $MYDOCKER build -q -")
            #expect(outcome.code == 0 && runOnce(outcome.word, "cat", "/f").word == "2", "\(outcome.error)")
            mydocker("rmi", "-f", outcome.word)
        }
        let file = mydocker("build", "-q", "-f", "-", context.directory, input: Data("FROM busybox\nCOPY f /g".utf8))
        #expect(file.code == 0 && runOnce(file.word, "cat", "/g").word == "2", "\(file.error)")
        mydocker("rmi", "-f", file.word)
    }

    /// Times of files count for nothing, all else does; of a change what comes after it is done again.
    @Test func whatWasDoneIsNotDoneAgain() throws {
        let context = try BuildContext(
            "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /first\nCOPY f /\nRUN cat /proc/sys/kernel/random/uuid > /second\nCMD [\"a\"]",
            "echo 1 > f")
        defer { context.remove() }
        func times() throws -> [String] {
            let outcome = context.build("-q", "-t", "buildcached")
            try #require(outcome.code == 0, "\(outcome.error)")
            return runOnce("buildcached", "cat", "/first", "/second").lines
        }
        defer { mydocker("rmi", "-f", "buildcached") }
        let before = try times()
        #expect(before.count == 2)
        Host.shell("touch \(context.directory)/f")
        #expect(try times() == before)
        try context.write(
            "FROM busybox\nRUN cat /proc/sys/kernel/random/uuid > /first\nCOPY f /\nRUN cat /proc/sys/kernel/random/uuid > /second\nCMD [\"b\"]"
        )
        #expect(try times() == before)
        Host.shell("chmod 600 \(context.directory)/f")
        let changed = try times()
        #expect(changed[0] == before[0] && changed[1] != before[1])
        Host.shell("echo 2 > \(context.directory)/f; chmod 600 \(context.directory)/f")
        let again = try times()
        #expect(again[0] == before[0] && again[1] != changed[1])
        #expect(context.build("-q", "-t", "buildcached", "--no-cache").code == 0)
        #expect(runOnce("buildcached", "cat", "/first").word != before[0])
    }

    @Test func stages() throws {
        let dockerfile = """
            FROM busybox AS needed
            RUN echo 1 > /n
            FROM busybox AS unused
            RUN false
            FROM needed AS Last
            COPY --from=NEEDED /n /m
            """
        try withBuilt(dockerfile) { name in #expect(runOnce(name, "cat", "/m", "/n").lines == ["1", "1"]) }
        let context = try BuildContext(dockerfile)
        defer { context.remove() }
        #expect(context.build("--target", "unused").code == 1)
        #expect(
            context.build("--target", "nosuch").error
                == "mydocker: dockerfile parse error: target stage \"nosuch\" could not be found\n")
    }

    @Test func triggersOfTheImageBelow() throws {
        try withBuilt("FROM busybox\nONBUILD COPY f /f\nONBUILD RUN cat /f > /g") { base in
            try withBuilt("FROM \(base)\nRUN cat /g > /h", "echo 5 > f") { name in
                #expect(runOnce(name, "cat", "/h").word == "5")
                #expect(Host.shell("$MYDOCKER image inspect \(name) | jq -c '.[0].Config.OnBuild'").word == "null")
            }
        }
    }

    @Test func sameContentSameDigest() throws {
        let context = try BuildContext("FROM busybox\nWORKDIR /w\nCOPY f .\nRUN echo 1 > g", "echo 1 > f")
        defer { context.remove() }
        func build() -> String {
            Host.shell("SOURCE_DATE_EPOCH=1000000000 $MYDOCKER build -q --no-cache \(context.directory)").word
        }
        let first = build()
        Host.shell("touch \(context.directory)/f")
        #expect(build() == first && first.hasPrefix("sha256:"))
        #expect(inspect("{{.Created}}", first).hasPrefix("2001-09-09T01:46:40"))
        #expect(runOnce(first, "stat", "-c", "%Y", "/w", "/w/f", "/w/g").lines.allSatisfy { $0 == "1000000000" })
        mydocker("rmi", "-f", first)
    }
}

// MARK: - What cannot be

extension CLI.Build {
    /// The lines of the file, and then one with what is wrong; nothing is left.
    @Test(arguments: [
        (
            "FROM busybox\nRUNN x", "dockerfile parse error on line 2: unknown instruction: RUNN (did you mean RUN?)",
            ">>> RUNN x"
        ),
        (
            "FROM busybox\nRUN exit 7",
            "failed to solve: process \"/bin/sh -c exit 7\" did not complete successfully: exit code: 7",
            ">>> RUN exit 7"
        ),
        ("FROM busybox\nRUN [\"nosuch\"]", "nosuch", ">>> RUN [\"nosuch\"]"),
        ("FROM nosuch:1", "failed to solve: ", ">>> FROM nosuch:1"),
        ("FROM busybox\nCOPY nosuch /", "failed to solve: \"/nosuch\": not found", ">>> COPY nosuch /"),
        (
            "FROM busybox\nCOPY Dockerfile x /y",
            "more than one source file, the destination must be a directory and end with a /", ">>> COPY"
        ),
        ("FROM busybox\nCOPY --chmod=9 Dockerfile /", "invalid chmod parameter: '9'", ">>> COPY"),
        ("FROM busybox\nCOPY --chown=nosuch Dockerfile /", "nosuch", ">>> COPY"),
        ("FROM busybox\nCOPY Dockerfile /etc/passwd/x", "something in it is no directory", ">>> COPY"),
        ("FROM busybox\nENV a=${x?missing}", "failed to solve: x: missing", ">>> ENV"),
        ("FROM busybox\nSTOPSIGNAL NOSUCH", "failed to solve: invalid signal: NOSUCH", ">>> STOPSIGNAL"),
        ("FROM busybox\nADD git@example.com:a.git /", "there is no agent", ">>> ADD"),
        ("FROM busybox\nARG a=${b:?missing}", "failed to solve: b: missing", ">>> ARG"),
        ("FROM busybox:$none", "failed to parse stage name \"busybox:\": invalid reference format", ">>> FROM"),
        ("FROM --platform=linux/s390x busybox", "this host runs", ">>> FROM"),
        ("FROM busybox\nRUN --mount=type=secret,id=x,required true", "secret x: not found", ">>> RUN"),
        ("FROM busybox\nRUN --security=insecure true", "security.insecure is not allowed", ">>> RUN"),
        ("FROM busybox\nCOPY --from=busybox /nosuch /", "\"/nosuch\": not found", ">>> COPY"),
    ])
    func mistakes(dockerfile: String, message: String, shown: String) throws {
        let context = try BuildContext(dockerfile)
        defer { context.remove() }
        Ledger.expectUnchanged {
            let outcome = context.build("-t", "buildmistake")
            #expect(outcome.code == 1 && outcome.text.isEmpty)
            let lines = outcome.error.split(separator: "\n").filter { $0.hasPrefix("mydocker: ") }
            #expect(lines.count == 1 && lines[0].contains(message), "\(outcome.error)")
            #expect(outcome.error.contains(shown), "\(outcome.error)")
        }
        #expect(mydocker("image", "inspect", "buildmistake").code == 1)
        #expect(mydocker("system", "check").code == 0)
        #expect(Host.shell("ls /var/lib/mydocker/images/temporary").text.isEmpty)
    }

    @Test(arguments: [
        (["/nosuch"], "unable to prepare context: path \"/nosuch\" not found", 1),
        (["https://example.com/x.git#-x"], "reference \"-x\" is not valid", 1),
        (["--push", "/etc"], "tag is needed when pushing to registry", 1),
        (["--builder", "nosuch", "."], "no builder \"nosuch\" found", 1),
        (["--provenance=true", "."], "there are no attestations", 125),
        (["--attest", "type=sbom", "."], "there are no attestations", 125),
        (["--allow", "security.insecure", "."], "there is network.host alone", 125),
        (["-t", "UPPER", "."], "repository name (UPPER) must be lowercase", 1),
        (["-f", "nosuch", "/etc"], "failed to read dockerfile: open nosuch: no such file or directory", 1),
        (["-f", "-", "-"], "can't use stdin for both build context and dockerfile", 1),
        (["--platform", "linux/s390x", "."], "this host runs", 1),
        (["--network", "nosuch", "."], "use default, none or host", 125),
        (["--nosuch", "."], "unknown flag: --nosuch", 125),
    ])
    func wrongWords(words: [String], message: String, code: Int32) {
        let outcome = Host.run([Host.mydocker, "build"] + words)
        #expect(outcome.code == code && outcome.text.isEmpty)
        #expect(outcome.error.contains(message), "\(outcome.error)")
    }

    /// Links lead nowhere but to files of the context, and what is no content is not copied.
    @Test func nothingLeadsOutOfTheContext() throws {
        let script = """
            ln -s /etc/shadow out; ln -s ../../../../../../etc up; mkfifo pipe; mknod device c 1 3; mkdir d; ln -s /d/f in; echo 1 > d/f
            """
        try withBuilt("FROM busybox\nCOPY . /x/\nCOPY in /in", script) { name in
            #expect(
                runOnce(name, "sh", "-c", "cd /x; readlink out; ls; cat /in").lines == [
                    "/etc/shadow", "Dockerfile", "d", "in", "out", "pipe", "up", "1",
                ])
        }
        let context = try BuildContext("FROM busybox\nCOPY out /x", script)
        defer { context.remove() }
        #expect(context.build().error.hasSuffix("mydocker: failed to solve: \"/out\": not found\n"))
        try context.write("FROM busybox\nCOPY up/passwd /x")
        #expect(context.build().error.hasSuffix("mydocker: failed to solve: \"/up/passwd\": not found\n"))
        // The same of another stage, whose links are a container's.
        try context.write(
            "FROM busybox AS a\nRUN ln -s /proc/1/root /r; ln -s /nosuch-\(getpid()) /n\nFROM busybox\nCOPY --from=a /r/etc/shadow /x"
        )
        #expect(context.build().code == 1)
        // A link of the image is followed inside of it, to where nothing is yet, too.
        try context.write("FROM busybox\nRUN ln -s ../n/f /n1; ln -s /m /n2\nCOPY d/f /n1\nCOPY d /n2")
        let new = context.build("-q")
        #expect(
            new.code == 0 && runOnce(new.word, "cat", "/n/f", "/m/f", "/n1").lines == ["1", "1", "1"], "\(new.error)")
        mydocker("rmi", "-f", new.word)
        try context.write("FROM busybox\nRUN ln -s /../../../../tmp/made /made\nCOPY d/f /made/f")
        let made = context.build("-q")
        #expect(made.code == 0 && runOnce(made.word, "cat", "/tmp/made/f").word == "1", "\(made.error)")
        #expect(!FileManager.default.fileExists(atPath: "/tmp/made"))
        // `..` behind a linked directory leads out of the one that it points to.
        try context.write(
            """
            FROM busybox
            RUN mkdir -p /app/releases/3 /app/shared; ln -s releases/3 /app/current; ln -s ../../shared/f /app/releases/3/f
            COPY d/f /app/current/f
            """)
        let behind = context.build("-q")
        #expect(
            behind.code == 0 && runOnce(behind.word, "sh", "-c", "cat /app/shared/f; ls /").lines.first == "1"
                && !runOnce(behind.word, "ls", "/").lines.contains("shared"), "\(behind.error)")
        mydocker("rmi", "-f", behind.word)
        mydocker("rmi", "-f", made.word)
    }

    /// An error or a kill at each point of the builder and of its copies, which count on from where they begin.
    @Test func whateverEndsABuild() throws {
        let context = try BuildContext(
            """
            FROM busybox AS a
            COPY d/f /w/
            RUN --mount=type=cache,target=/c --mount=type=bind,source=d,target=/d echo x > y
            FROM busybox
            COPY --from=a /w /w
            """, "mkdir d; echo 1 > d/f")
        defer { context.remove() }
        let build = "$MYDOCKER build --no-cache -q -t buildwalk \(context.directory)"
        let listed = Host.shell(
            "MYDOCKER_FAULT_LIST=\(context.directory).list \(build) >/dev/null && cut -d' ' -f1 \(context.directory).list | sort -n | tail -n1"
        )
        defer {
            Host.shell(
                "rm -f \(context.directory).list; $MYDOCKER rmi -f buildwalk; $MYDOCKER image prune -f; $MYDOCKER builder prune -f -a"
            )
        }
        let count = try #require(Int(listed.word))
        #expect(count > 50)
        let step = ProcessInfo.processInfo.environment["MYDOCKER_SOAK"] == "1" ? 1 : 9
        for action in ["error", "kill", "killgroup", "enospc"] {
            for number in stride(from: 1 + Int.random(in: 0..<step), through: count, by: step) {
                let outcome = Host.shell("MYDOCKER_FAULT=\(action)@\(number) setsid -w \(build)", seconds: 60)
                let what = "\(action)@\(number): \(outcome.error)"
                // In one of its copies it is an error like any other; 9 is what setsid(1) makes of a kill.
                #expect([0, 1, 9].contains(outcome.code), "\(what)")
                Host.eventually("nothing left after \(what)") { mydocker("system", "check").code == 0 }
                #expect(
                    Host.shell("ls /var/lib/mydocker/images/temporary; $MYDOCKER ps -aq --external").text.isEmpty,
                    "\(what)")
                #expect(Host.shell(build.replacing("--no-cache", with: "")).code == 0, "\(what)")
            }
        }
    }

    @Test func aKilledBuildLeavesNothing() throws {
        let context = try BuildContext("FROM busybox\nCOPY Dockerfile /\nRUN touch /x; sleep 1000")
        defer { context.remove() }
        // The network of that name is made on first use, and stays.
        succeed("run", "--rm", "busybox", "true")
        succeed("builder", "prune", "-f", "-a")
        Ledger.expectUnchanged {
            for signal in ["KILL", "TERM"] {
                let outcome = Host.shell(
                    """
                    $MYDOCKER build \(context.directory) 2>/dev/null & builder=$!
                    until $MYDOCKER ps -q --external | grep -q .; do sleep 0.05; done
                    kill -\(signal) $builder; wait $builder; echo $?
                    for i in $(seq 100); do $MYDOCKER system check >/dev/null && break; sleep 0.1; done; $MYDOCKER system check >&2
                    # What was done before is kept.
                    $MYDOCKER builder prune -f -a >/dev/null
                    """, seconds: 60)
                #expect(outcome.word == (signal == "KILL" ? "137" : "143"), "\(outcome.text)\(outcome.error)")
            }
        }
    }
}
