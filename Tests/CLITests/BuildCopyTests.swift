import Foundation
import Testing

extension CLI {
    /// What COPY and ADD make of a context, and what they never take.
    @Suite(.serialized, .sweepsImages) struct BuildCopies {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.BuildCopies {
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

    /// The path that it goes to is one of directories alone then: links of the image give way, and nothing comes to where they lead.
    @Test func linkedCopiesFollowNoLinks() throws {
        let dockerfile = """
            FROM busybox
            RUN mkdir /tgt /kept; touch /kept/old; ln -s /tgt /to; ln -s /tgt /tree; ln -s /tgt /last; ln -s /tgt/f /file
            RUN mkdir /in; ln -s /tgt /in/d; ln -s /tgt /both
            COPY --link f /to/x
            COPY --link d /tree
            COPY --link f /last/
            COPY --link f /file
            COPY --link f /kept
            COPY --link top /in
            COPY --link <<E /both/there/doc
            words
            E
            """
        try withBuilt(dockerfile, "mkdir -p d top/d; echo 1 > f; echo 2 > d/g; echo 3 > top/d/h; chmod 750 d") { name in
            #expect(tree(name, "/tgt") == ["755 0:0 ."])
            #expect(tree(name, "/to") == ["755 0:0 .", "644 0:0 ./x"])
            #expect(tree(name, "/tree") == ["750 0:0 .", "644 0:0 ./g"])
            #expect(tree(name, "/last") == ["755 0:0 .", "644 0:0 ./f"])
            #expect(tree(name, "/kept") == ["755 0:0 .", "644 0:0 ./f", "644 0:0 ./old"])
            #expect(tree(name, "/in") == ["755 0:0 .", "755 0:0 ./d", "644 0:0 ./d/h"])
            #expect(runOnce(name, "sh", "-c", "test ! -L /file && cat /file /both/there/doc").lines == ["1", "words"])
        }
    }

    /// What was kept of a step that followed links is not what one comes to that does not.
    @Test func linkedCopiesAreOtherSteps() throws {
        let base = "FROM busybox\nRUN mkdir /tgt; ln -s /tgt /to\n"
        try withBuilt(base + "COPY f /to/x", "touch f") { followed in
            try withBuilt(base + "COPY --link f /to/x", "touch f") { linked in
                #expect(tree(followed, "/tgt") == ["755 0:0 .", "644 0:0 ./x"])
                #expect(tree(linked, "/tgt") == ["755 0:0 ."])
            }
        }
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
}
