import Foundation
import Testing

extension CLI {
    /// A container from its start to its removal.
    @Suite(.serialized) struct Lifecycle {
        init() { #expect(Host.hasDefaultImage) }
    }
}

// MARK: - Exit codes and arguments

extension CLI.Lifecycle {
    @Test func B67_theExitCodeIsTheProgramsOwn() {
        Ledger.expectUnchanged {
            for code: Int32 in [0, 1, 7, 125, 255] {
                let outcome = runOnce("sh", "-c", "exit \(code)")
                #expect(outcome.code == code)
                #expect(outcome.error == "" && outcome.text == "")
            }
        }
    }

    @Test func B93_aProgramThatCannotBeRun() {
        let programs: [([String], Int32)] = [
            (["/nosuch"], 127), (["--image", "busybox", "nosuch"], 127), (["Nosuch"], 127),
            // It could be an image that is not here.
            (["nosuch"], 125), (["/etc/passwd"], 126), (["--entrypoint", "/etc", "busybox"], 126),
            (["-w", "/etc/passwd", "true"], 125), (["/etc/passwd/x"], 127), ([""], 125),
        ]
        Ledger.expectUnchanged {
            for (command, code) in programs {
                for flags in [[], ["-d"], ["--init"], ["-t"]] {
                    let outcome = Host.run(
                        [Host.mydocker, "run", "--net", "none", "--name", "lfnorun"] + flags + command)
                    #expect(outcome.code == code, "\(flags) \(command)")
                    #expect(outcome.text == "", "nothing runs, so there is no id")
                    // What could be an image was asked for at its registry.
                    let said = outcome.error.split(separator: "\n").drop { !$0.hasPrefix("mydocker: ") }
                    #expect((1...2).contains(said.count), "\(outcome.error)")
                }
            }
        }
    }

    @Test func B62_aFailedSetUpIs125AndRunsNothing() throws {
        try withScratch { directory in
            try FileManager.default.createDirectory(
                atPath: directory + "/root/bin", withIntermediateDirectories: true)
            // The program is there, but /proc is a file: the file system cannot be made.
            try FileManager.default.copyItem(atPath: "/usr/bin/busybox", toPath: directory + "/root/bin/touch")
            try writeFile("", directory + "/root/proc")
            Ledger.expectUnchanged {
                let outcome = runOnce(
                    "-v", "\(directory):\(directory)", "--rootfs", directory + "/root", "touch", directory + "/ran")
                #expect(outcome.code == 125)
                #expect(outcome.error.contains("/proc"))
                #expect(!FileManager.default.fileExists(atPath: directory + "/ran"))
            }
        }
    }

    @Test func B67_aSignalIs128AndItsNumber() throws {
        #expect(runOnce("--init", "sh", "-c", "kill -KILL $$").code == 128 + 9)
        #expect(runOnce("--init", "sh", "-c", "kill -SEGV $$").code == 128 + 11)
        let run = try Background([Host.mydocker, "run", "--rm", "--net", "none", "--name", "lfkilled", "sleep", "1000"])
        Host.eventually("runs") { mydocker("ps", "-q", "-f", "name=lfkilled").word != "" }
        succeed("kill", "lfkilled")
        #expect(run.end() == 137)
    }

    @Test func B93_flagsThatAreWrongAre125AndGoToStandardError() {
        let commands = [
            ["run", "--nosuch", "true"], ["run", "-m", "much", "true"], ["run", "-p", "x:y", "true"],
            ["run", "--name", "a b", "true"], ["ps", "--nosuch"], ["kill", "-s", "NOSUCH", "x"],
            ["rm", "--nosuch", "x"],
        ]
        for command in commands {
            let outcome = Host.run([Host.mydocker] + command)
            #expect(outcome.code == 125, "\(command)")
            #expect(outcome.text == "" && outcome.error != "", "\(command)")
        }
        #expect(mydocker("rm").code == 1)
        #expect(mydocker("nosuchcommand").code == 1)
    }

    @Test func B66_argumentsArriveAsTheyAre() {
        let words = ["a b", "", "*", "$HOME", "'", "\"", "\\", "\n", "-x", "--rm", "ü", " "]
        let script = "for word; do printf '%s\\0' \"$word\"; done"
        let outcome = Host.run([Host.mydocker, "run", "--rm", "--net", "none", "sh", "-c", script, "sh"] + words)
        #expect(outcome.code == 0)
        #expect(outcome.text == words.map { $0 + "\0" }.joined())
        #expect(runOnce("sh", "-c", "echo a  b").text == "a b\n")
        #expect(runOnce("echo", "a  b").text == "a  b\n")
    }

    @Test func singleDashNamesWinOverBundles() throws {
        try withScratch { directory in
            let outcome = Host.run([
                Host.mydocker, "run", "-rm", "-name", "lfseed", "-net", "none", "-mem", "64m", "-cpu", "50", "-cpuset",
                "0",
                "-cpushare", "512", "-v=\(directory):/d", "-e=A=1", "sh", "-c",
                "echo $A; ls -d /d; cat /proc/self/cgroup",
            ])
            #expect(outcome.code == 0, "\(outcome.error)")
            #expect(outcome.lines.prefix(2) == ["1", "/d"])
        }
        // The flags end at the command.
        #expect(runOnce("echo", "-d", "--name", "x").text == "-d --name x\n")
        #expect(runOnce("--", "echo", "-d").text == "-d\n")
        #expect(runOnce("-iw/tmp", "pwd").text == "/tmp\n")
    }
}

// MARK: - In the background

extension CLI.Lifecycle {
    @Test func B68_detachedPrintsTheIDAloneOnceTheProgramRuns() throws {
        try Ledger.expectUnchanged {
            let outcome = mydocker(
                "run", "-d", "--net", "none", "--name", "lfd", "sh", "-c", "echo out; echo err >&2; exec sleep 1000")
            defer { succeed("rm", "-f", "lfd") }
            #expect(outcome.code == 0)
            #expect(outcome.error == "")
            #expect(outcome.text.wholeMatch(of: /[0-9a-f]{64}\n/) != nil, "\(outcome.text)")
            // Already exec'd: the process is no mydocker any more.
            let pid = try #require(Int(inspect("{{.State.Pid}}", "lfd")))
            #expect(Host.read("/proc/\(pid)/comm") != "mydocker")
            #expect(inspect("{{.Id}}", "lfd") == outcome.word)
        }
    }

    @Test func B61_B92_aDetachedContainerThatEndsLeavesOnlyItsRecords() throws {
        let before = Ledger.take()
        succeed("run", "-d", "--net", "none", "--name", "lfends", "-m", "32m", "sh", "-c", "exit 3")
        #expect(mydocker("wait", "lfends").word == "3")
        let left = Ledger.take().lines.filter { !before.lines.contains($0) }
        #expect(
            !left.isEmpty && left.allSatisfy { $0.hasPrefix("file: ") && $0.contains("/var/lib/mydocker/") }, "\(left)")
        #expect(inspect("{{.State.Status}} {{.State.ExitCode}}", "lfends") == "exited 3")
        succeed("rm", "lfends")
        #expect(Ledger.take(settlingTo: before) == before)
    }

    @Test func detachedWithRemovalIsRemovedByItsSupervisor() {
        Ledger.expectUnchanged {
            let outcome = succeed(
                "run", "-d", "--rm", "--net", "none", "--name", "lfdrm", "sh", "-c", "sleep 1; exit 6")
            let waited = mydocker("wait", outcome.word)
            #expect(waited.word == "6")
            Host.eventually("gone") { mydocker("ps", "-aq", "--no-trunc").word.contains(outcome.word) == false }
            #expect(mydocker("inspect", "lfdrm").code == 1)
        }
    }

    @Test func B60_aRunningContainerKeepsAllThatIsItsOwn() throws {
        let run = try Background([
            Host.mydocker, "run", "--rm", "--net", "none", "--name", "lfkeeps", "sh", "-c",
            "echo data > /file; echo ready; sleep 1; cat /file; hostname; cat /etc/hostname",
        ])
        run.expect("ready")
        #expect(inspect("{{.State.Running}}", "lfkeeps") == "true")
        let id = inspect("{{.Id}}", "lfkeeps")
        #expect(run.end() == 0)
        #expect(run.text == "ready\ndata\n\(id.prefix(12))\n\(id.prefix(12))\n")
        #expect(run.errorText == "")
    }
}

// MARK: - Signals

extension CLI.Lifecycle {
    @Test func B77_signalsReachTheProgram() throws {
        let signals: [(String, Int32)] = [
            ("TERM", SIGTERM), ("INT", SIGINT), ("HUP", SIGHUP), ("USR1", SIGUSR1), ("USR2", SIGUSR2),
            ("QUIT", SIGQUIT),
        ]
        try Ledger.expectUnchanged {
            for (name, number) in signals {
                for options in [[], ["--init"]] {
                    let script = "trap 'echo got \(name); exit 42' \(name); echo ready; while :; do sleep 0.02; done"
                    let run = try Background(
                        [Host.mydocker, "run", "--rm", "--net", "none"] + options + ["sh", "-c", script])
                    run.expect("ready")
                    kill(run.pid, number)
                    #expect(run.end() == 42, "\(name) \(options)")
                    #expect(run.text == "ready\ngot \(name)\n")
                }
            }
        }
    }

    @Test func B77_aSignalThatEndsTheProgramEndsTheRunLikewise() throws {
        let run = try Background([
            Host.mydocker, "run", "--rm", "--net", "none", "--init", "sh", "-c", "echo ready; exec sleep 1000",
        ])
        run.expect("ready")
        kill(run.pid, SIGTERM)
        #expect(run.end() == 143)
    }
}

// MARK: - Names and ids

extension CLI.Lifecycle {
    @Test func B74_aNameIsTakenOnce() throws {
        try withContainer("lfname", "sleep", "1000") { id in
            Ledger.expectUnchanged {
                for options in [[], ["-d"]] {
                    let outcome = Host.run(
                        [Host.mydocker, "run", "--net", "none", "--name", "lfname"] + options + ["touch", "/never"])
                    #expect(outcome.code == 125)
                    #expect(outcome.text == "")
                    #expect(
                        outcome.error
                            == "mydocker: Conflict. The container name \"/lfname\" is already in use by container "
                            + "\"\(id)\". You have to remove (or rename) that container to be able to reuse that name.\n"
                    )
                }
                #expect(inspect("{{.State.Running}}", "lfname") == "true")
            }
            // Also when it has ended, until it is removed.
            succeed("kill", "lfname")
            #expect(mydocker("run", "--net", "none", "--name", "lfname", "true").code == 125)
        }
        #expect(runOnce("--name", "lfname", "true").code == 0)
    }

    @Test func B64_namesAreValidatedBeforeTheyBecomePaths() {
        Ledger.expectUnchanged {
            let names = ["../../etc", "..", ".", "//etc", "/", "/etc/x", "a/b", "-a", "a b", "a\n", "ü", "a", "_a"]
            for name in names + [String(repeating: "a", count: 300)] {
                let outcome = mydocker("run", "--net", "none", "--name=\(name)", "true")
                #expect(outcome.code == 125, "\(name)")
                #expect(outcome.text == "")
                #expect(outcome.error.contains("Invalid container name"))
            }
            #expect(FileManager.default.fileExists(atPath: "/etc/passwd"))
        }
    }

    @Test func B64_namesThatAreNoneFindNothing() {
        Ledger.expectUnchanged {
            for name in ["../../etc", "/var/lib", "..", "*"] {
                for command in ["rm", "stop", "kill", "wait", "logs", "inspect"] {
                    let outcome = mydocker(command, name)
                    #expect(outcome.code == 1, "\(command) \(name)")
                    #expect(outcome.error.lowercased().contains("no such"), "\(outcome.error)")
                }
                let forced = mydocker("rm", "-f", name)
                #expect(forced.code == 0)
                #expect(forced.text == "", "only what was removed is printed")
            }
            #expect(FileManager.default.fileExists(atPath: "/etc/passwd"))
        }
    }

    @Test func aPrefixOfAnIDIsEnoughWhenThereIsOnlyOne() throws {
        try withContainer("lfid1", "sleep", "1000") { first in
            try withContainer("lfid2", "sleep", "1000") { second in
                let common = zip(first, second).prefix { $0 == $1 }.count
                #expect(inspect("{{.Name}}", String(first.prefix(common + 1))) == "/lfid1")
                #expect(inspect("{{.Name}}", String(second.prefix(12))) == "/lfid2")
                // A name goes first, whatever ids begin with.
                try withContainer(String(first.prefix(12)), "sleep", "1000") { third in
                    #expect(inspect("{{.Id}}", String(first.prefix(12))) == third)
                    #expect(inspect("{{.Id}}", first) == first)
                }
            }
        }
        #expect(mydocker("inspect", "0000000000").code == 1)
    }

    @Test func anAmbiguousPrefixIsRefused() throws {
        // Seventeen ids have sixteen first digits.
        var ids: [String] = []
        defer { Host.run([Host.mydocker, "rm", "-f"] + ids) }
        while Set(ids.map { $0.prefix(1) }).count == ids.count {
            ids.append(succeed("run", "-d", "--net", "none", "true").word)
        }
        let digit = try #require(ids.last?.prefix(1))
        let outcome = mydocker("rm", "-f", String(digit))
        #expect(outcome.code == 1)
        #expect(outcome.error.contains("multiple IDs found with provided prefix: \(digit)"), "\(outcome.error)")
        for id in ids { #expect(inspect("{{.Id}}", id) == id) }
    }
}
