import Foundation
import Testing

extension CLI {
    /// Files between this host and containers.
    @Suite(.serialized) struct Copies {
        init() { #expect(Host.hasDefaultImage) }

        /// A container with some files and a volume, `box`, in each phase in which it can be copied.
        enum Phase: String, CaseIterable { case created, running, paused, exited }

        static let files =
            "mkdir -p /d/sub; echo one >/d/one; echo two >/d/sub/two; ln -s sub /d/link; ln -s one /d/file"

        func withBox(_ phase: Phase, _ body: (_ volume: String) throws -> Void) throws {
            try withScratch { scratch in
                try FileManager.default.createDirectory(atPath: scratch + "/vol", withIntermediateDirectories: false)
                let verb = phase == .created ? ["create"] : ["run", "-d"]
                let end = phase == .exited ? "true" : "exec sleep 1000"
                let command = ["sh", "-c", Self.files + "; echo ready; " + end]
                let made = Host.run(
                    [Host.mydocker] + verb + ["--net", "none", "--name", "box", "-v", scratch + "/vol:/vol"] + command)
                #expect(made.code == 0, "\(made.error)")
                defer { mydocker("rm", "-f", "box") }
                if phase != .created { waitForLog("box", "ready") }
                if phase == .exited { succeed("wait", "box") }
                if phase == .paused { succeed("pause", "box") }
                try body(scratch)
            }
        }
    }
}

extension CLI.Copies {
    // MARK: The rules

    @Test(arguments: Phase.allCases) func filesGoBothWaysWhateverTheContainerDoes(_ phase: Phase) throws {
        try Ledger.expectUnchanged {
            try withBox(phase) { scratch in
                try writeFile("in\n", scratch + "/in")
                #expect(mydocker("cp", scratch + "/in", "box:/tmp-in").error == "")
                #expect(mydocker("cp", scratch + "/in", "box:/vol").error == "")
                #expect(mydocker("cp", "box:/tmp-in", scratch + "/out").error == "")
                #expect(Host.read(scratch + "/out") == "in")
                // What is mounted is what it sees.
                #expect(Host.read(scratch + "/vol/in") == "in")
                #expect(mydocker("cp", "box:vol/in", scratch + "/vol-out").error == "")
                #expect(Host.read(scratch + "/vol-out") == "in")
                if phase == .paused { succeed("unpause", "box") }
                if phase == .created || phase == .exited { succeed("start", "box") }
                #expect(mydocker("inspect", "-f", "{{.State.Status}}", "box").word != "created")
            }
        }
    }

    /// What a shell says of copies by Docker's rules: one line each, `command: code: files there`.
    @Test func dockersRulesHoldInBothDirections() throws {
        try withBox(.running) { scratch in
            let outcome = Host.shell(
                """
                cd \(scratch); exec 2>&1
                mkdir -p src/sub there; echo a >src/a; echo b >src/sub/b; echo old >old; ln -s src link; ln -s src/a filelink
                try() { "$MYDOCKER" cp "$@" && echo ok; }
                inside() { "$MYDOCKER" exec box sh -c "cd $1; find . | sort | tr '\\n' ' '"; echo; }
                inside_new() { "$MYDOCKER" exec box sh -c 'rm -rf /w; mkdir -p /w/dir; echo x >/w/file'; }
                inside_new
                try src box:/w/new; try src/. box:/w/new2; try src box:/w/dir; inside /w
                inside_new
                try src/. box:/w/dir; try src/ box:/w/dir/; inside /w
                inside_new
                try src/a box:/w/dir/; try src/a box:/w/file; try src/a box:/w/b; inside /w
                "$MYDOCKER" exec box cat /w/file
                inside_new
                try link box:/w; try -L link box:/w/dir; try -L filelink box:/w; inside /w
                echo out
                try box:/d new; try box:/d/. new2; try box:/d there; try box:/d/. there; find new new2 there | sort | tr '\\n' ' '; echo
                try box:/d/one there/; try box:/d/one old; cat old; try -L box:/d/link here; find here | sort | tr '\\n' ' '; echo
                try box:/d/file kept; readlink kept; try -L box:/d/file followed; cat followed
                """)
            #expect(
                outcome.text == """
                    ok
                    ok
                    ok
                    . ./dir ./dir/src ./dir/src/a ./dir/src/sub ./dir/src/sub/b ./file ./new ./new/a ./new/sub ./new/sub/b ./new2 ./new2/a ./new2/sub ./new2/sub/b \n\
                    ok
                    ok
                    . ./dir ./dir/a ./dir/src ./dir/src/a ./dir/src/sub ./dir/src/sub/b ./dir/sub ./dir/sub/b ./file \n\
                    ok
                    ok
                    ok
                    . ./b ./dir ./dir/a ./file \n\
                    a
                    ok
                    ok
                    ok
                    . ./dir ./dir/link ./dir/link/a ./dir/link/sub ./dir/link/sub/b ./file ./filelink ./link \n\
                    out
                    ok
                    ok
                    ok
                    ok
                    new new/file new/link new/one new/sub new/sub/two new2 new2/file new2/link new2/one new2/sub new2/sub/two there there/d there/d/file there/d/link there/d/one there/d/sub there/d/sub/two there/file there/link there/one there/sub there/sub/two \n\
                    ok
                    ok
                    one
                    ok
                    here here/two \n\
                    ok
                    one
                    ok
                    one

                    """, "\(outcome.text)")
        }
    }

    @Test(arguments: [
        (["box:/nope", "."], "Could not find the file /nope in container box"),
        (["box:/d/one/x", "."], "Could not find the file /d/one/x in container box"),
        (["src", "box:/nope/x"], "Could not find the file /nope in container box"),
        (["nope", "box:/"], "copy \"@/nope\": No such file or directory"),
        (["src", "box:/new/"], "copy to \"box:/new\": no such directory"),
        (["dir", "box:/d/one"], "copy to \"box:/d/one\": cannot copy directory"),
        (["src", "box:/d/one/"], "copy to \"box:/d/one\": not a directory"),
        (["src/", "box:/"], "copy \"@/src\": Not a directory"),
        (["box:/d", "src"], "copy to \"@/src\": cannot copy directory"),
        (["box:/d/one", "new/"], "copy to \"@/new\": no such directory"),
        (["box:/d/one", "nope/new"], "invalid output path: directory \"@/nope\" does not exist"),
        (["box:/d/one", "/dev/null"], "destination \"/dev/null\" must be a directory or a regular file"),
        (["src", "box:/dev/null"], "destination \"box:/dev/null\" must be a directory or a regular file"),
        (["src", "box:/proc/new"], "copy \"box:/proc/new\": it lies inside a file system of the kernel's"),
        (["box:/proc/1/environ", "new"], "copy \"box:/proc/1/environ\": it lies inside a file system of the kernel's"),
        (["box:/proc", "new"], "copy \"box:/proc\": it lies inside a file system of the kernel's"),
        (["/proc/1", "box:/"], "copy \"/proc/1\": it lies inside a file system of the kernel's"),
        (["one", "two"], "must specify at least one container source"),
        (["box:/d", "box:/e"], "copying between containers is not supported"),
        (["nobox:/d", "."], "No such container: nobox"), (["src", "nobox:/d"], "No such container: nobox"),
        (["", "box:/d"], "source can not be empty"), (["src", ""], "destination can not be empty"),
        (["box:", "."], "invalid path in container \"box\": value is empty"),
        (["-", "box:/d/one"], "destination \"box:/d/one\" must be a directory"),
        (["-", "box:/nope"], "destination \"box:/nope\" must be a directory"),
    ])
    func whatCannotBeCopiedIsOneLineAndChangesNothing(_ operands: [String], _ text: String) throws {
        try withBox(.running) { scratch in
            let list =
                "cd \(scratch); mkdir -p dir; echo x >src; find . -printf '%p %s %T@\\n' | sort; $MYDOCKER diff box"
            let before = Host.shell(list)
            let outcome = Host.run([Host.mydocker, "cp"] + operands, directory: scratch)
            #expect(outcome.code == 1 && outcome.text == "")
            #expect(outcome.error == "mydocker: " + text.replacing("@", with: scratch) + "\n")
            let after = Host.shell(list.replacing("echo x >src; ", with: ""))
            #expect(after.lines.filter { !$0.hasPrefix(". ") } == before.lines.filter { !$0.hasPrefix(". ") })
        }
    }

    @Test func ownersAreRootsInsideAndTheCallersOutsideUnlessTheyAreKept() throws {
        try withBox(.running) { scratch in
            let outcome = Host.shell(
                """
                cd \(scratch)
                echo x >f; chown 1000:1001 f; chmod 4750 f; touch -d @1000000 f; setfattr -n user.note -v yes f 2>/dev/null
                $MYDOCKER cp f box:/f; $MYDOCKER cp -a f box:/kept
                $MYDOCKER exec box stat -c '%u:%g %a %Y' /f /kept
                $MYDOCKER cp box:/kept out; $MYDOCKER cp -a box:/kept out-kept
                stat -c '%u:%g %a %Y' out out-kept
                """)
            #expect(
                outcome.text == """
                    0:0 750 1000000
                    1000:1001 4750 1000000
                    0:0 750 1000000
                    1000:1001 4750 1000000

                    """, "\(outcome)")
        }
    }

    @Test func howMuchItWasIsSaidAtATerminal() throws {
        try withBox(.running) { scratch in
            try writeFile(String(repeating: "x", count: 3072), scratch + "/f")
            #expect(mydocker("cp", scratch + "/f", "box:/f").error == "")
            #expect(
                mydocker("cp", "-q=false", scratch + "/f", "box:/f").error == "Successfully copied 3.07kB to box:/f\n")
            let session = try TerminalSession([Host.mydocker, "cp", "box:/f", scratch + "/g"])
            #expect(session.end() == 0)
            #expect(session.text == "Successfully copied 3.07kB to \(scratch)/g\r\n")
            let quiet = try TerminalSession([Host.mydocker, "cp", "-q", "box:/f", scratch + "/g"])
            #expect(quiet.end() == 0 && quiet.text == "")
        }
    }

    // MARK: Archives

    @Test func archivesGoThroughTheStandardStreams() throws {
        try withBox(.running) { scratch in
            let outcome = Host.shell(
                """
                cd \(scratch); exec 2>&1
                $MYDOCKER cp box:/d - | tar t | sort | tr '\\n' ' '; echo
                $MYDOCKER cp box:/d/. - | tar t | sort | tr '\\n' ' '; echo
                $MYDOCKER cp box:/d/one - | tar xO
                $MYDOCKER cp box:/d/file - | tar tv | sed 's/.*file/file/'
                $MYDOCKER cp -L box:/d/file - | tar xO
                mkdir t; echo new >t/one; chown 5:6 t/one; tar cz -C t . | $MYDOCKER cp - box:/d
                $MYDOCKER exec box stat -c '%u:%g' /d/one; $MYDOCKER exec box ls /d
                """)
            #expect(
                outcome.text == """
                    d/ d/file d/link d/one d/sub/ d/sub/two \n\
                    ./ ./file ./link ./one ./sub/ ./sub/two \n\
                    one
                    file -> one
                    one
                    5:6
                    file
                    link
                    one
                    sub

                    """, "\(outcome.text)")
        }
    }

    /// Names and links that lead out, devices, and what would replace a directory.
    @Test func noArchiveLeadsOut() throws {
        try withBox(.running) { scratch in
            let script = """
                import io, sys, tarfile
                def member(name, **values):
                    info = tarfile.TarInfo(name)
                    for key, value in values.items(): setattr(info, key, value)
                    return info
                kind = sys.argv[1]
                out = tarfile.open(fileobj=sys.stdout.buffer, mode="w|", format=tarfile.PAX_FORMAT)
                data = io.BytesIO(b"evil"); size = 4
                if kind == "up": out.addfile(member("../evil", size=size), data)
                if kind == "absolute": out.addfile(member("\(scratch)/evil", size=size), data)
                if kind == "link":
                    out.addfile(member("out", type=tarfile.SYMTYPE, linkname="\(scratch)"))
                    out.addfile(member("out/evil", size=size), data)
                if kind == "hard":
                    out.addfile(member("copy", type=tarfile.LNKTYPE, linkname="../../../../..\(scratch)/secret"))
                if kind == "device":
                    out.addfile(member("disk", type=tarfile.BLKTYPE, devmajor=8, devminor=0, mode=0o666))
                if kind == "over": out.addfile(member("sub", size=size), data)
                out.close()
                """
            try writeFile(script, scratch + "/make.py")
            try writeFile("secret", scratch + "/secret")
            func copy(_ kind: String) -> Outcome {
                Host.shell("python3 \(scratch)/make.py \(kind) | $MYDOCKER cp - box:/d")
            }
            let up = copy("up")
            #expect(up.code == 1 && up.error.contains("the name leads out of the archive"), "\(up)")
            #expect(copy("absolute").code == 0)
            #expect(mydocker("exec", "box", "cat", "/d\(scratch)/evil").text == "evil")
            // Inside a link means what it means there.
            _ = copy("link")
            #expect(copy("hard").code == 1)
            let device = copy("device")
            #expect(device.code == 0 && device.error.contains("warning: 1 devices and sockets"), "\(device)")
            #expect(mydocker("exec", "box", "ls", "/d/disk").code == 1)
            let over = copy("over")
            #expect(over.code == 1 && over.error.contains("cannot overwrite directory with non-directory"), "\(over)")
            #expect(!FileManager.default.fileExists(atPath: scratch + "/evil"))
            #expect(Host.read(scratch + "/secret") == "secret")
        }
    }

    // MARK: Hostile containers

    /// A directory of the container and a link to this host's root change places as fast as they can.
    @Test func CVE_2018_15664_aContainerThatRacesReachesNothingOfTheHosts() throws {
        try withScratch { scratch in
            let race = """
                mkdir -p /race\(scratch) /bait\(scratch); ln -s / /race-link; echo ready
                while :; do mv -T /race /race-dir; mv -T /race-link /race; mv -T /race /race-link; mv -T /race-dir /race; done
                """
            try withContainer("racer", "sh", "-c", race) { _ in
                waitForLog("racer", "ready")
                try writeFile("secret", scratch + "/secret")
                try writeFile("new", scratch + "/new")
                let outcome = Host.shell(
                    """
                    cd \(scratch); mkdir got
                    for i in $(seq 150); do
                      $MYDOCKER cp new racer:/race\(scratch)/planted
                      tar c new | $MYDOCKER cp - racer:/race\(scratch)
                      $MYDOCKER cp racer:/race\(scratch)/secret got/$i
                      $MYDOCKER cp -L racer:/race\(scratch)/. got
                    done 2>/dev/null
                    ls; find got -type f -exec cat {} +
                    """, seconds: 120)
                #expect(outcome.lines.filter { !["got", "new", "secret", "newnew"].contains($0) } == [], "\(outcome)")
                #expect(!outcome.text.contains("secretsecret") && !outcome.lines.contains("planted"))
                #expect(!FileManager.default.fileExists(atPath: scratch + "/planted"))
            }
        }
    }

    @Test func devicesAndRightsOfProgramsStayInside() throws {
        try withScratch { scratch in
            try withContainer(
                "maker", "--cap-add", "MKNOD", "sh", "-c",
                "mkdir /x; mknod /x/disk b 8 0; echo x >/x/suid; chown 1000 /x/suid; chmod 4755 /x/suid; mkfifo /x/pipe; echo ready; exec sleep 1000"
            ) { _ in
                waitForLog("maker", "ready")
                let outcome = mydocker("cp", "maker:/x", scratch + "/x")
                #expect(outcome.code == 0)
                #expect(
                    outcome.error
                        == "mydocker: warning: \"maker:/x/disk\" is a device node, which is not copied: it would open a device of this host\n"
                )
                #expect(Host.shell("cd \(scratch)/x; stat -c '%n %a %u' * | sort").text == "pipe 644 0\nsuid 755 0\n")
            }
        }
    }

    // MARK: Ends

    @Test func aFullDiskLeavesNothingOfAPart() throws {
        try withBox(.running) { scratch in
            let outcome = Host.shell(
                """
                cd \(scratch); mkdir small; mount -t tmpfs -o size=64k tmpfs small
                echo old >small/f
                $MYDOCKER exec box sh -c 'head -c 1000000 /dev/zero >/big'
                $MYDOCKER cp box:/big small/f; echo $?; cat small/f; ls small
                head -c 1000000 /dev/zero >big; umount small
                $MYDOCKER run -d --name tiny --net none --tmpfs /t:size=64k sleep 1000 >/dev/null
                $MYDOCKER cp big tiny:/t/f; echo $?; $MYDOCKER exec tiny ls /t
                tar c big | $MYDOCKER cp - tiny:/t; echo $?; $MYDOCKER exec tiny ls /t
                $MYDOCKER rm -f tiny >/dev/null
                """)
            #expect(outcome.text == "1\nold\nf\n1\n1\n", "\(outcome)")
            #expect(outcome.error.components(separatedBy: "No space left on device").count == 4, "\(outcome.error)")
        }
    }

    @Test(arguments: ["KILL", "INT", "TERM"]) func aCopyThatIsKilledLeavesNothing(_ signal: String) throws {
        try withBox(.exited) { scratch in
            let outcome = Host.shell(
                """
                cd \(scratch); mkdir got; head -c 400000000 /dev/zero >big
                for i in 1 2 3 4 5 6; do
                  $MYDOCKER cp big box:/big & sleep 0.0$i; kill -\(signal) $!; wait $!
                  $MYDOCKER start box >/dev/null || echo cannot start; $MYDOCKER wait box >/dev/null
                  $MYDOCKER cp box:/d/one got/one || echo cannot copy
                done 2>/dev/null
                ls got; $MYDOCKER diff box | grep big | sort -u
                $MYDOCKER system check
                """, seconds: 120)
            let big = outcome.lines.filter { $0 == "A /big" }
            #expect(
                outcome.lines.filter { $0 == "cannot start" || $0 == "cannot copy" } == [] && big.count < 2,
                "\(outcome)")
            #expect(outcome.lines.first == "one", "\(outcome)")
            #expect(outcome.code == 0, "\(outcome)")
        }
    }

    @Test func aReadOnlyContainerStaysSo() throws {
        try withContainer("fixed", "--read-only", "--tmpfs", "/t", "sleep", "1000") { _ in
            let outcome = mydocker("cp", "/etc/hostname", "fixed:/x")
            #expect(outcome.code == 1 && outcome.error == "mydocker: container rootfs is marked read-only\n")
            #expect(mydocker("cp", "/etc/hostname", "fixed:/t/x").code == 0)
            succeed("stop", "-t", "0", "fixed")
            let stopped = mydocker("cp", "/etc/hostname", "fixed:/x")
            #expect(stopped.code == 1 && stopped.error == "mydocker: container rootfs is marked read-only\n")
        }
    }
}
