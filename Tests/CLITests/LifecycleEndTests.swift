import Foundation
import Testing

// MARK: - stop, kill, wait, rm

extension CLI.Lifecycle {
    /// Whoever is told to end while it begins must not run on.
    @Test(arguments: [["stop", "-t", "0"], ["rm", "-f"]]) func aContainerThatIsBeingMadeEnds(words: [String]) throws {
        Host.switchRoutingOn()
        try Ledger.expectUnchanged {
            let network = try TestNetwork("lcmaking", "10.214.1.1/24")
            defer { network.remove() }
            // It cannot publish its port, and so not begin, before the lock is free.
            let script = """
                exec 9>>/run/xtables.lock; flock 9
                $MYDOCKER run -d --name lc-making --net lcmaking -p 7931:80 sleep 1000 9>&- &
                until $MYDOCKER ps -aq --filter name=lc-making 9>&- | grep -q .; do :; done
                timeout 30 $MYDOCKER \(words.joined(separator: " ")) lc-making 9>&- & ending=$!
                sleep 0.3; exec 9>&-
                wait $ending; echo $?
                """
            let outcome = Host.shell(script)
            #expect(outcome.lines.last == "0", "\(outcome.text) \(outcome.error)")
            #expect(mydocker("ps", "-q").word == "")
            mydocker("rm", "-f", "lc-making")
        }
    }

    @Test func B70_stopAsksFirst() throws {
        let script = "trap 'echo TERM; exit 5' TERM; echo ready; while :; do sleep 0.02; done"
        try withContainer("lfstop", "sh", "-c", script) { id in
            waitForLog("lfstop", "ready")
            let outcome = succeed("stop", "lfstop", seconds: 8)
            #expect(outcome.text == "lfstop\n")
            #expect(inspect("{{.State.ExitCode}} {{.State.Status}}", "lfstop") == "5 exited")
            #expect(succeed("logs", "lfstop").text == "ready\nTERM\n")
            // Once more is a success, too.
            #expect(succeed("stop", String(id.prefix(6)), "lfstop").lines == [String(id.prefix(6)), "lfstop"])
        }
    }

    @Test func B70_stopKillsWhatDoesNotGo() throws {
        // Process 1 without a handler, and one that ignores the signal: that is said, and no second is waited for.
        for script in ["exec sleep 1000", "trap '' TERM; echo ready; while :; do sleep 0.02; done"] {
            try withContainer("lfhard", "sh", "-c", script) { _ in
                if script.contains("ready") { waitForLog("lfhard", "ready") }
                let outcome = succeed("stop", "-t", "100", "lfhard", seconds: 8)
                #expect(outcome.text == "lfhard\n")
                #expect(
                    outcome.error
                        == "mydocker: warning: container \"lfhard\": process 1 ignores SIGTERM; killing it\n")
                #expect(inspect("{{.State.ExitCode}} {{.State.OOMKilled}}", "lfhard") == "137 false")
            }
        }
        // One that waits for it with sigwait(3), as our own init does, does not ignore it.
        try withContainer("lfawaits", "--init", "sleep", "1000") { _ in
            let outcome = succeed("stop", "lfawaits", seconds: 8)
            #expect(outcome.error == "")
            #expect(inspect("{{.State.ExitCode}}", "lfawaits") == "143")
        }
        // One that catches it and stays has the time that it was given.
        let script = "trap 'echo TERM' TERM; echo ready; while :; do sleep 0.02; done"
        for (flags, options) in [([], ["-t", "1"]), (["--stop-timeout", "1"], [])] as [([String], [String])] {
            let box = try Box("lfstays", on: "none", flags, command: ["sh", "-c", script])
            waitForLog("lfstays", "ready")
            let start = Date()
            let outcome = Host.run([Host.mydocker, "stop"] + options + ["lfstays"], seconds: 8)
            #expect(outcome.code == 0 && outcome.error == "", "\(outcome.error)")
            #expect(Date().timeIntervalSince(start) >= 1)
            #expect(inspect("{{.State.ExitCode}}", "lfstays") == "137")
            #expect(succeed("logs", "lfstays").text == "ready\nTERM\n")
            box.remove()
        }
    }

    @Test func theStopSignalIsTheContainersOwn() throws {
        let script =
            "trap 'exit 11' USR1; trap 'exit 12' TERM; trap 'exit 13' INT; echo ready; while :; do sleep 0.02; done"
        for (flag, options, code) in [
            ("USR1", [], "11"), ("SIGTERM", [], "12"), ("2", [], "13"), ("USR1", ["-s", "INT"], "13"),
        ] {
            try withContainer("lfsig", "--stop-signal", flag, "sh", "-c", script) { _ in
                waitForLog("lfsig", "ready")
                #expect(Host.run([Host.mydocker, "stop"] + options + ["lfsig"], seconds: 8).code == 0)
                #expect(inspect("{{.State.ExitCode}}", "lfsig") == code, "\(flag) \(options)")
            }
        }
    }

    @Test func stopGoesOnAfterAFailure() throws {
        try withContainer("lfs1", "sleep", "1000") { _ in
            let outcome = mydocker("stop", "-t", "0", "lfnosuch", "lfs1")
            #expect(outcome.code == 1)
            #expect(outcome.text == "lfs1\n")
            #expect(outcome.error == "mydocker: No such container: lfnosuch\n")
            #expect(inspect("{{.State.Running}}", "lfs1") == "false")
        }
        #expect(mydocker("stop").code == 1)
        #expect(mydocker("stop", "-t", "soon", "lfs1").code == 125)
    }

    @Test func killSendsTheSignalThatIsAskedFor() throws {
        let script = "trap 'echo USR2' USR2; echo ready; while :; do sleep 0.02; done"
        try withContainer("lfkill", "sh", "-c", script) { id in
            waitForLog("lfkill", "ready")
            for spelling in ["USR2", "SIGUSR2", "usr2", "12"] {
                let before = mydocker("logs", "lfkill").lines.count
                #expect(succeed("kill", "-s", spelling, "lfkill").text == "lfkill\n")
                Host.eventually("trapped") { mydocker("logs", "lfkill").lines.count == before + 1 }
            }
            #expect(inspect("{{.State.Running}}", "lfkill") == "true")
            #expect(succeed("kill", "lfkill").text == "lfkill\n")
            #expect(inspect("{{.State.Running}} {{.State.ExitCode}}", "lfkill") == "false 137")
            let again = mydocker("kill", "lfkill")
            #expect(again.code == 1 && again.text == "")
            #expect(again.error.contains("container \(id) is not running"))
        }
    }

    @Test func waitPrintsTheCodeWhenItIsThere() throws {
        try withContainer("lfwait", "sh", "-c", "while [ ! -e /go ]; do sleep 0.02; done; exit 7") { id in
            let waiter = try Background([Host.mydocker, "wait", "lfwait", id])
            usleep(200_000)
            #expect(waiter.text == "", "it still runs")
            succeed("exec", "-d", "lfwait", "touch", "/go")
            #expect(waiter.end() == 0)
            #expect(waiter.text == "7\n7\n")
            #expect(succeed("wait", "lfwait").text == "7\n")
        }
        #expect(mydocker("wait", "lfwait").code == 1)
    }

    @Test func waitOnAContainerThatIsRemovedAtItsEnd() throws {
        try Ledger.expectUnchanged {
            for foreground in [false, true] {
                let flags = foreground ? [] : ["-d"]
                let run = try Background(
                    [Host.mydocker, "run", "--rm", "--net", "none", "--name", "lfwrm"] + flags + [
                        "sh", "-c", "sleep 1.5; exit 8",
                    ])
                Host.eventually("runs") { mydocker("ps", "-q", "-f", "name=lfwrm").word != "" }
                #expect(succeed("wait", "lfwrm").text == "8\n")
                #expect(run.end() == (foreground ? 8 : 0))
                Host.eventually("removed") { mydocker("ps", "-aq", "-f", "name=lfwrm").word == "" }
            }
        }
    }

    @Test func B72_rmRefusesARunningOneUnlessForced() {
        Ledger.expectUnchanged {
            succeed("run", "-d", "--net", "none", "--name", "lfrm", "-m", "64m", "sleep", "1000")
            let refused = mydocker("rm", "lfrm")
            #expect(refused.code == 1 && refused.text == "")
            #expect(
                refused.error == "mydocker: cannot remove container \"lfrm\": container is running: "
                    + "stop the container before removing or force remove\n")
            #expect(inspect("{{.State.Running}}", "lfrm") == "true")
            #expect(succeed("rm", "-f", "lfrm").text == "lfrm\n")
            #expect(mydocker("inspect", "lfrm").code == 1)
            // One that has ended by itself, been stopped or been killed goes without force.
            for end in [["wait", "lfrm"], ["stop", "-t", "0", "lfrm"], ["kill", "lfrm"]] {
                let command = end[0] == "wait" ? ["true"] : ["sleep", "1000"]
                Host.run([Host.mydocker, "run", "-d", "--net", "none", "--name", "lfrm"] + command)
                Host.run([Host.mydocker] + end)
                #expect(succeed("rm", "lfrm").text == "lfrm\n", "\(end)")
            }
        }
    }

    @Test func B71_rmOfAContainerWhoseSupervisorIsDead() throws {
        try Ledger.expectUnchanged {
            for flags in [[], ["-f"]] {
                let box = try Box("lforphan", on: "none", ["-m", "64m"])
                box.killSupervisor()
                let outcome = Host.run([Host.mydocker, "rm"] + flags + ["lforphan"], seconds: 10)
                #expect(outcome.code == 0, "\(outcome.error)")
                #expect(outcome.text == "lforphan\n")
            }
        }
    }

    @Test func rmGoesOnAfterAFailureAndSaysWhatItRemoved() throws {
        succeed("run", "--net", "none", "--name", "lfr1", "true")
        succeed("run", "--net", "none", "--name", "lfr2", "true")
        let outcome = mydocker("rm", "lfr1", "lfnosuch", "lfr2")
        #expect(outcome.code == 1)
        #expect(outcome.text == "lfr1\nlfr2\n")
        #expect(outcome.error == "mydocker: No such container: lfnosuch\n")
        let forced = mydocker("rm", "-f", "lfnosuch")
        #expect(forced.code == 0 && forced.text == "")
    }

    @Test func severalRemoveTheSameContainerAtOnce() throws {
        try Ledger.expectUnchanged {
            for _ in 0..<5 {
                succeed("run", "-d", "--net", "none", "--name", "lfrace", "sleep", "1000")
                let removers = try (0..<4).map { _ in try Background([Host.mydocker, "rm", "-f", "lfrace"]) }
                #expect(removers.map { $0.end() } == [0, 0, 0, 0], "\(removers.map(\.errorText))")
                #expect(mydocker("inspect", "lfrace").code == 1)
            }
        }
    }
}
