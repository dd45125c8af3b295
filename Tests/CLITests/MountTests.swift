import Foundation
import Testing

/// Mounts on top of mounts, the files of the container's own, accounts, and sources that are not there.
extension CLI.Flags {
    private func run(_ flags: [String], _ command: String...) -> Outcome {
        Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + flags + ["sh", "-c"] + command)
    }

    // MARK: F3: mounts go by their depth

    @Test func F3_mountsGoByDepth() throws {
        try withScratch { scratch in
            let made = Host.shell("cd \(scratch) && mkdir a b w out && echo a >a/f && echo b >b/g && echo f >file")
            try #require(made.code == 0)
            for (flags, script, expected) in [
                (["--tmpfs", "/d", "-v", "\(scratch)/a:/d/sub"], "cat /d/sub/f; stat -f -c %T /d", ["a", "tmpfs"]),
                (["-v", "\(scratch)/a:/d/sub", "--tmpfs", "/d"], "cat /d/sub/f; stat -f -c %T /d", ["a", "tmpfs"]),
                (["-v", "\(scratch)/a:/w/out", "-v", "\(scratch)/w:/w"], "cat /w/out/f", ["a"]),
                (["-v", "\(scratch)/file:/x/y/f", "-v", "\(scratch)/b:/x/y"], "cat /x/y/f /x/y/g", ["f", "b"]),
                (["-v", "\(scratch)/a:/run/x", "-v", "\(scratch)/b:/run"], "cat /run/x/f /run/g", ["a", "b"]),
                (["--tmpfs", "/d/t", "--tmpfs", "/d"], "stat -f -c %T /d/t; ls /d", ["tmpfs", "t"]),
                (["-v", "\(scratch)/a:/dev/shm/q", "--tmpfs", "/dev/shm"], "cat /dev/shm/q/f", ["a"]),
                (["-v", "\(scratch)/a:/dev/shm"], "cat /dev/shm/f", ["a"]),
                (["--tmpfs", "/dev/shm:size=4k"], "head -c 9000 /dev/zero >/dev/shm/x || echo full", ["full"]),
                (["--device", "/dev/zero:/d/z", "--tmpfs", "/d"], "head -c 1 /d/z | wc -c", ["1"]),
            ] {
                let outcome = run(flags, script)
                #expect(outcome.lines == expected, "\(flags): \(outcome.error)")
            }
        }
    }

    /// The container's own files come on top of what is mounted at /etc, but not of what is mounted in their place.
    @Test func F3_ownFilesComeOnTop() throws {
        try withScratch { scratch in
            try #require(
                Host.shell("cd \(scratch) && mkdir etc ro && echo mine >etc/mine && echo own >hosts").code == 0)
            let names = "grep -c localhost /etc/hosts; cat /etc/hostname"
            for flags in [["-v", "\(scratch)/etc:/etc"], ["--tmpfs", "/etc"]] {
                let outcome = run(["-h", "web"] + flags, names)
                #expect(outcome.lines == ["2", "web"], "\(flags): \(outcome.error)")
            }
            #expect(run(["-v", "\(scratch)/hosts:/etc/hosts", "--tmpfs", "/etc"], "cat /etc/hosts").lines == ["own"])
            // There is no place for them: it is as it was asked for.
            #expect(run(["-v", "\(scratch)/ro:/etc:ro"], "ls /etc | wc -l").lines == ["0"])
        }
    }

    @Test func F3_oneTargetOnlyOnce() throws {
        try withScratch { scratch in
            Ledger.expectUnchanged {
                for flags in [
                    ["-v", "\(scratch):/x", "-v", "\(scratch):/x"], ["-v", "\(scratch):/x", "--tmpfs", "/x"],
                    ["--tmpfs", "/x:size=1m", "--tmpfs", "//x/./"], ["-v", "\(scratch):/x/", "-v", "/etc:/x"],
                    ["--device", "/dev/zero:/x", "-v", "\(scratch):/x"],
                ] {
                    let outcome = run(flags, "true")
                    #expect(outcome.code == 125 && outcome.error == "mydocker: Duplicate mount point: /x\n", "\(flags)")
                }
            }
        }
    }

    /// Also by a file system in memory, or a device.
    @Test(arguments: ["/proc", "/proc/sys", "/proc/1", "/sys", "/sys/fs/cgroup", "/dev", "/./proc//"])
    func CVE_2019_19921_nothingIsMountedIntoTheKernelsOwn(target: String) throws {
        try withScratch { scratch in
            Ledger.expectUnchanged {
                for flags in [
                    ["-v", "\(scratch):\(target)"], ["--tmpfs", target], ["--device", "/dev/zero:\(target)"],
                ] {
                    let outcome = run(flags, "true")
                    #expect(outcome.code == 125 && outcome.text.isEmpty, "\(flags)")
                    #expect(outcome.error.contains("inside a file system of the kernel's"), "\(outcome.error)")
                }
            }
        }
    }

    // MARK: F4 and S10: hosts, hostname, resolv.conf

    @Test func F4_readOnlyMeansTheOwnFilesToo() {
        let script = "for f in hosts hostname resolv.conf; do echo x >>/etc/$f || echo no; done"
        #expect(run(["--read-only"], script).lines == ["no", "no", "no"])
        #expect(run([], script).lines.isEmpty)
        // --tmpfs /etc does not make them the container's to write.
        #expect(run(["--read-only", "--tmpfs", "/etc"], "touch /etc/x && " + script).lines == ["no", "no", "no"])
    }

    @Test func S10_theOwnFilesFillNothingOfTheHosts() {
        func grow(_ megabytes: Int) -> Outcome {
            run(
                [],
                "for f in hosts hostname resolv.conf; do head -c \(megabytes)m /dev/zero >>/etc/$f || echo full; done")
        }
        #expect(grow(1).text == "")
        // As much as /dev holds, and no more.
        #expect(grow(70).text.contains("full"))
        let host = Host.run(["stat", "-c", "%d", "/run", "/var/lib/mydocker"]).lines
        #expect(!host.contains(run([], "stat -c %d /etc/hosts").word))
    }

    @Test func S10_theOwnFilesAreNotCommitted() throws {
        let started = mydocker(
            "run", "-d", "--net", "none", "--name", "lfown", "sh", "-c",
            "echo '1.2.3.4 added' >>/etc/hosts; cat /etc/hosts; sleep 1000")
        defer { succeed("rm", "-f", "lfown") }
        try #require(started.code == 0, "\(started.error)")
        waitForLog("lfown", "1.2.3.4 added")
        #expect(Host.read(inspect("{{.HostsPath}}", "lfown")).contains("added"))
        let image = succeed("commit", "lfown").word
        defer { succeed("rmi", "-f", image) }
        #expect(runOnce("--image", image, "cat", "/etc/hosts").text.contains("localhost"))
        #expect(!runOnce("--image", image, "cat", "/etc/hosts").text.contains("added"))
    }

    // MARK: F6: whom the container knows

    @Test func F6_theUserIsLookedUpInWhatTheContainerSees() throws {
        try withScratch { scratch in
            try #require(
                Host.shell(
                    """
                    cd \(scratch) && mkdir etc && echo 'shuffle:x:5563:2222::/h:' >passwd && cp passwd etc/ &&
                    echo 'crew:x:77:shuffle' >group && cp group etc/ && mkfifo fifo
                    """
                ).code == 0)
            let files = ["-v", "\(scratch)/passwd:/etc/passwd", "-v", "\(scratch)/group:/etc/group:ro"]
            let id = "echo $(id -u) $(id -G) $HOME"
            for flags in [files, ["-v", "\(scratch)/etc:/etc"], ["-v", "\(scratch)/etc:/etc:ro"]] {
                for user in ["5563", "shuffle"] {
                    let outcome = run(["-u", user] + flags, id)
                    #expect(outcome.lines == ["5563 2222 77 /h"], "\(flags): \(outcome.error)")
                }
            }
            // What a mount hides is not there, and a number needs no entry.
            #expect(run(["--tmpfs", "/etc", "-u", "4711"], id).lines == ["4711 0 /"])
            #expect(run(["--tmpfs", "/etc", "-u", "nobody"], id).code == 125)
            // A pipe is not waited for.
            let piped = run(["-v", "\(scratch)/fifo:/etc/passwd", "-u", "4711"], "grep ^Gid /proc/self/status")
            #expect(piped.text == "Gid:\t0\t0\t0\t0\n", "\(piped.error)")
            try withContainer("lfuser", arguments: files + ["sleep", "1000"]) {
                #expect(mydocker("exec", "-u", "shuffle", "lfuser", "sh", "-c", id).lines == ["5563 2222 77 /h"])
                #expect(mydocker("exec", "-u", "5563", "lfuser", "id", "-g").word == "2222")
            }
        }
    }

    /// What the program has written since, in whatever is mounted there.
    @Test func F6_execKnowsTheContainersUsersOfNow() throws {
        let script = """
            echo 'late:x:99:98::/l:' >/etc/passwd; echo 'more:x:97:late' >/etc/group; echo ready; sleep 1000
            """
        try withContainer("lfuser", "--tmpfs", "/etc", "sh", "-c", script) { _ in
            waitForLog("lfuser", "ready")
            #expect(
                mydocker("exec", "-u", "late", "lfuser", "sh", "-c", "echo $(id -u) $(id -G) $HOME").lines == [
                    "99 98 97 /l"
                ])
            for hostile in [
                "mkfifo /etc/passwd", "mkdir /etc/passwd", "ln -s /proc/1/fd/0 /etc/passwd", "ln -s passwd /etc/passwd",
                "ln -s /dev/zero /etc/passwd",
            ] {
                succeed("exec", "lfuser", "sh", "-c", "rm -rf /etc/passwd; \(hostile)")
                let outcome = mydocker("exec", "-u", "5", "lfuser", "id", "-g", seconds: 10)
                #expect(outcome.word == "0", "\(hostile): \(outcome.error)")
            }
        }
    }

    @Test func S17_aLargeGroupFileIsRead() throws {
        try withScratch { scratch in
            let groups = (0..<60_000).map { "g\($0):x:\($0 + 10_000):user\($0)\n" }.joined() + "last:x:9:app\n"
            try writeFile(groups, scratch + "/group")
            try writeFile("root:x:0:0::/root:\napp:x:55:56::/:\n", scratch + "/passwd")
            let root = try makeRoot(scratch + "/root")
            try #require(
                Host.shell("cp \(scratch)/group \(scratch)/passwd \(root)/etc/ && ln -s busybox \(root)/bin/echo").code
                    == 0)
            for flags in [
                ["--rootfs", root], ["-v", "\(scratch)/group:/etc/group", "-v", "\(scratch)/passwd:/etc/passwd"],
            ] {
                #expect(run(flags, "id -u").lines == ["0"])
                #expect(run(["-u", "app"] + flags, "id -G").lines == ["56 9"])
                #expect(run(["-u", "app:g59999"] + flags, "id -g").lines == ["69999"])
            }
        }
    }

    // MARK: Defect 9: a source is what was opened

    @Test func D9_aSourceThatChangesPlacesIsOneOrTheOther() throws {
        try withScratch { scratch in
            try #require(Host.shell("cd \(scratch) && mkdir one && echo in >one/f && echo file >other").code == 0)
            let swapper = try Background([Probe.path, "swap", scratch + "/one", scratch + "/other"])
            defer { kill(swapper.pid, SIGKILL) }
            swapper.expect("ready=OK")
            var seen: Set<String> = []
            for _ in 0..<60 {
                let outcome = run(["-v", "\(scratch)/one:/m"], "cat /m/f 2>/dev/null || cat /m")
                #expect(outcome.code == 0, "\(outcome.error)")
                seen.insert(outcome.word)
            }
            #expect(seen.isSubset(of: ["in", "file"]) && !seen.isEmpty)
        }
    }

    // MARK: W8: a source that is not there

    @Test func W8_aMissingSourceIsMadeAndSaid() throws {
        try withScratch { scratch in
            let path = scratch + "/new/deep"
            let outcome = Host.shell(
                "umask 077; \"$MYDOCKER\" run --rm --net none -v \(path):/x sh -c 'echo made >/x/f'")
            #expect(outcome.code == 0 && outcome.text.isEmpty)
            #expect(outcome.error == "mydocker: warning: there was no \"\(path)\" for -v: made a directory\n")
            #expect(Host.read(path + "/f") == "made")
            #expect(Host.run(["stat", "-c", "%a %u", scratch + "/new", path]).lines == ["755 0", "755 0"])
            // A second time it is there; detached it is said as well.
            #expect(run(["-v", "\(path):/x"], "cat /x/f").error.isEmpty)
            let detached = mydocker("run", "-d", "--rm", "--net", "none", "-v", "\(scratch)/other:/x", "true")
            #expect(detached.code == 0 && detached.error.split(separator: "\n").count == 1, "\(detached.error)")
            // From the current directory.
            let here = Host.run(
                [Host.mydocker, "run", "--rm", "--net", "none", "-v", "./here:/x", "true"], directory: scratch)
            #expect(here.code == 0 && FileManager.default.fileExists(atPath: scratch + "/here"))
        }
    }

    @Test func W8_whatCannotBeMadeIsAnError() throws {
        try withScratch { scratch in
            try writeFile("x", scratch + "/file")
            symlink("/nowhere", scratch + "/link")
            Ledger.expectUnchanged {
                #expect(
                    run(["-v", "na/med:/x"], "true").error.contains(
                        "includes invalid characters for a local volume name"))
                for source in ["\(scratch)/file/x", "\(scratch)/link", "/proc/nosuch"] {
                    let outcome = run(["-v", "\(source):/x"], "true")
                    #expect(outcome.code == 125 && outcome.error.hasPrefix("mydocker: "), "\(source): \(outcome.error)")
                }
                // Another flag is wrong: nothing is made.
                #expect(run(["-v", "\(scratch)/never:/x", "-u", "nosuch"], "true").code == 125)
                #expect(run(["-v", "\(scratch)/never:/x", "--tmpfs", "/x"], "true").code == 125)
                #expect(Host.names(in: scratch) == ["file", "link"])
                #expect(!FileManager.default.fileExists(atPath: "/nowhere"))
            }
        }
    }

    @Test func W8_aMountIsStrict() throws {
        try withScratch { scratch in
            try #require(Host.shell("mkdir \(scratch)/a && echo a >\(scratch)/a/f").code == 0)
            let good = run(
                [
                    "--mount", "type=bind,source=\(scratch)/a,target=/m,readonly", "--mount",
                    "type=tmpfs,dst=/t,tmpfs-mode=700",
                ],
                "cat /m/f; touch /m/x || echo no; stat -c %a /t; stat -f -c %T /t")
            #expect(good.lines == ["a", "no", "700", "tmpfs"], "\(good.error)")
            Ledger.expectUnchanged {
                let missing = run(["--mount", "type=bind,source=\(scratch)/new,target=/m"], "true")
                #expect(missing.code == 125)
                #expect(missing.error == "mydocker: bind source path does not exist: \(scratch)/new\n")
                let twice = run(["--mount", "type=tmpfs,target=/m", "-v", "\(scratch)/a:/m"], "true")
                #expect(twice.error == "mydocker: Duplicate mount point: /m\n")
                #expect(run(["--mount", "type=volume,source=v,target=/m"], "true").code == 125)
            }
            #expect(Host.names(in: scratch) == ["a"])
        }
    }

    // MARK: The store

    /// Neither what is in images, nor records, logs and what containers have written.
    @Test func CVE_2021_41091_nobodyElseReadsTheStore() throws {
        try withScratch { scratch in
            let root = try makeRoot(scratch + "/root")
            #expect(Host.shell("tar -C \(root) -cf \(scratch)/root.tar .").code == 0)
            let image = succeed("import", scratch + "/root.tar", "store:test").word
            defer { succeed("rmi", "-f", image) }
            succeed("network", "create", "lfstore")
            defer { succeed("network", "remove", "lfstore") }
            let started = mydocker(
                "run", "-d", "--name", "lfstore", "--net", "lfstore", "--image", "store:test", "sh", "-c",
                "umask 0; echo log; mkdir /open; echo x >/open/file; sleep 1000")
            defer { succeed("rm", "-f", "lfstore") }
            try #require(started.code == 0, "\(started.error)")
            waitForLog("lfstore", "log")
            let script = """
                find /var/lib/mydocker /run/mydocker -mindepth 1 -printf '%p\\n' >\(scratch)/all; chmod 644 \(scratch)/all
                setpriv --reuid 1000 --regid 1000 --clear-groups bash -c '
                  while IFS= read -r p; do if [ -r "$p" ] || [ -x "$p" ] || [ -w "$p" ]; then echo "$p"; fi; done' <\(scratch)/all
                """
            #expect(Host.shell(script).lines.isEmpty)
            let all = Host.read(scratch + "/all")
            for part in [
                "/upper/open/file", "/record.json", "/log.json", "/layers/", "/blobs/", "state.json", "/pool", "/hosts",
            ] {
                #expect(all.contains(part), "\(part)")
            }
            // What others may find lies behind a directory that they may not enter.
            let closed = Host.shell(
                "find /var/lib/mydocker /run/mydocker -mindepth 1 -maxdepth 1 -type d -perm /077; find /run/mydocker -type f -perm /077"
            ).lines
            #expect(closed.isEmpty)
        }
    }
}

/// A detached container for as long as `body` runs.
private func withContainer(_ name: String, arguments: [String], _ body: () throws -> Void) throws {
    let started = Host.run([Host.mydocker, "run", "-d", "--net", "none", "--name", name] + arguments)
    defer { succeed("rm", "-f", name) }
    try #require(started.code == 0, "\(started.error)")
    try body()
}
