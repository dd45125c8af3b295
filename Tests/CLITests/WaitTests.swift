import Foundation
import Testing

extension CLI {
    /// Somebody does not do their part: a reader that stalls, a terminal that is stopped, a supervisor or a program that is held
    /// still, a stranger with a lock. S8, S9, F11, defects 1, 2, 5, 6, 10 and 12, W11.
    @Suite struct Waits {
        /// What is made once and kept is there.
        init() { succeed("run", "--rm", "true") }

        /// mydocker as a shell at a terminal starts it, whatever the caller of the tests ignores.
        private static let withDefaults = ["/usr/bin/env", "--default-signal=INT,QUIT,HUP,TERM", Host.mydocker]

        private func expectDone(
            _ command: [String], _ code: Int32, within seconds: Double,
            sourceLocation: SourceLocation = #_sourceLocation
        ) {
            let outcome = Host.run([Host.mydocker] + command, seconds: seconds, sourceLocation: sourceLocation)
            #expect(outcome.code == code, "\(command): \(outcome.error)", sourceLocation: sourceLocation)
        }

        private func supervisor(of name: String) throws -> Int32 {
            let id = inspect("{{.Id}}", name)
            let state = try String(contentsOfFile: "/run/mydocker/containers/\(id)/state.json", encoding: .utf8)
            let number = try #require(state.firstMatch(of: /"supervisor":\s*(\d+)/))
            return try #require(Int32(number.1))
        }

        private func isStopped(_ pid: Int32) -> Bool {
            let fields =
                (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8))?.split(separator: " ") ?? []
            return fields.count > 2 && "Tt".contains(fields[2])
        }

        private func isRunning(_ name: String) -> Bool { inspect("{{.State.Running}}", name) == "true" }

        // MARK: A reader that stalls

        @Test(arguments: [
            ["stop", "-t", "1", "w1"], ["kill", "w1"], ["rm", "-f", "w1"],
        ])
        func S9_D1_aReaderThatStallsKeepsNothing(_ command: [String]) throws {
            try Ledger.expectUnchanged {
                let line = "\(Host.mydocker) run --name w1 --net none yes | sleep 1000"
                let run = try Background(["/bin/bash", "-c", "exec 3< <(sleep 1000); \(line)"])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w1").word != "" }
                Host.eventually("the pipe is full") { Self.isWaiting(onOutputOf: "w1") }
                expectDone(command, 0, within: 4)
                if command[0] != "rm" {
                    #expect(!isRunning("w1"))
                    expectDone(["wait", "w1"], 0, within: 2)
                    expectDone(["rm", "w1"], 0, within: 2)
                }
                // Its name is free while the output still waits to be read.
                #expect(runOnce("--name", "w1", "echo", "again").word == "again")
                kill(run.pid, SIGKILL)
                Host.shell("pkill -KILL -x sleep; pkill -KILL -f 'mydocker run --name w1'; true")
                _ = run.end()
            }
        }

        /// The log grows no more: the container waits for its reader.
        private static func isWaiting(onOutputOf name: String) -> Bool {
            let path = "/var/lib/mydocker/containers/\(inspect("{{.Id}}", name))/log.json"
            func size() -> Int? { (try? FileManager.default.attributesOfItem(atPath: path))?[.size] as? Int }
            let before = size()
            usleep(100_000)
            return before ?? 0 > 0 && before == size()
        }

        @Test func S9_theExitCodeAndTheWholeLogAreThereBeforeTheReaderIs() throws {
            try Ledger.expectUnchanged {
                // More than a pipe holds, less than two of them: the program ends while its last words are under way.
                let program = "head -c 100000 /dev/zero | tr '\\0' x; echo END; exit 7"
                let run = try Background([
                    "/bin/bash", "-c",
                    "\(Host.mydocker) run --name w2 --net none sh -c \"\(program)\" > >(sleep 1.5; wc -c); echo code $?",
                ])
                Host.eventually("it has ended") {
                    mydocker("ps", "-aq", "-f", "status=exited", "-f", "name=w2").word != ""
                }
                #expect(inspect("{{.State.ExitCode}}", "w2") == "7")
                #expect(succeed("logs", "w2").text.hasSuffix("xEND\n"))
                #expect(run.end() == 0)
                Host.eventually("all arrives: \(run.text)") { run.text.contains("100004") }
                #expect(run.text.contains("code 7"))
                succeed("rm", "w2")
            }
        }

        @Test(arguments: [SIGTERM, SIGINT]) func S9_aSignalEndsACommandThatOnlyDelivers(_ signal: Int32) throws {
            try Ledger.expectUnchanged {
                let run = try Background([
                    "/usr/bin/python3", "-c",
                    """
                    import os, subprocess, sys, time
                    r, w = os.pipe()
                    p = subprocess.Popen(sys.argv[1:], stdout=w)
                    print(p.pid, flush=True)
                    print("code", p.wait(), flush=True)
                    """, "/usr/bin/env", "--default-signal=INT", Host.mydocker, "run", "--name", "w3", "--net", "none",
                    "sh", "-c", "head -c 100000 /dev/zero; exit 5",
                ])
                run.expect("\n")
                let pid = try #require(Int32(run.text.split(separator: "\n")[0]))
                Host.eventually("it has ended") {
                    mydocker("ps", "-aq", "-f", "status=exited", "-f", "name=w3").word != ""
                }
                succeed("rm", "w3")
                kill(pid, signal)
                #expect(run.end(seconds: 3) == 0)
                #expect(run.text.contains("code 5"))
            }
        }

        /// One signal is enough, also when it is what ends the program: `timeout 5 mydocker run …`.
        @Test(arguments: [
            ["run", "--rm", "--net", "none"], ["run", "--rm", "--init", "--net", "none"], ["exec", "w18"],
        ])
        func S9_oneSignalIsEnough(_ words: [String]) throws {
            try withContainer("w18", "sleep", "1000") { _ in
                let line = words.joined(separator: " ")
                let outcome = Host.shell(
                    """
                    mkfifo $MYDOCKER_SANDBOX_SCRATCH/ff$$; exec 3<>$MYDOCKER_SANDBOX_SCRATCH/ff$$
                    timeout -k 8 1 $MYDOCKER \(line) yes >&3; echo $?
                    """, seconds: 20)
                #expect(outcome.word == "124", "\(outcome.error)")
            }
        }

        @Test func D2_aTerminalThatNobodyReadsHoldsNothingUp() throws {
            try Ledger.expectUnchanged {
                let run = try Background([
                    "/usr/bin/python3", "-c",
                    """
                    import os, subprocess, sys, time
                    m, s = os.openpty()
                    p = subprocess.Popen(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=s, stderr=s)
                    print("code", p.wait(), flush=True)
                    """, Host.mydocker, "run", "--name", "w4", "--net", "none", "sh", "-c",
                    "trap 'exit 9' TERM; yes & wait",
                ])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w4").word != "" }
                Host.eventually("the terminal is full") { Self.isWaiting(onOutputOf: "w4") }
                kill(try supervisor(of: "w4"), SIGTERM)
                Host.eventually("it has ended", seconds: 3) { !isRunning("w4") }
                #expect(inspect("{{.State.ExitCode}}", "w4") == "9")
                succeed("rm", "w4")
                Host.shell("pkill -KILL -f 'mydocker run --name w4'; true")
                _ = run.end()
            }
        }

        // MARK: A supervisor that is held still

        @Test(arguments: [
            ["stop", "-t", "1", "w5"], ["kill", "w5"], ["rm", "-f", "w5"],
        ])
        func D6_aStoppedSupervisorIsWokenUp(_ command: [String]) throws {
            try Ledger.expectUnchanged {
                succeed(
                    "run", "-d", "--name", "w5", "--net", "none", "sh", "-c",
                    "trap 'exit 4' TERM; while :; do sleep 0.05; done")
                let pid = try supervisor(of: "w5")
                kill(pid, SIGSTOP)
                Host.eventually("it is stopped") { isStopped(pid) }
                expectDone(command, 0, within: 3)
                guard command[0] != "rm" else { return }
                // Not the 137 of a container whose supervisor was killed, unless it was itself.
                #expect(inspect("{{.State.ExitCode}}", "w5") == (command[0] == "stop" ? "4" : "137"))
                succeed("rm", "w5")
            }
        }

        @Test func D6_waitLooksAfterAStoppedSupervisor() throws {
            try Ledger.expectUnchanged {
                succeed("run", "-d", "--name", "w6", "--net", "none", "sh", "-c", "sleep 0.5; exit 6")
                kill(try supervisor(of: "w6"), SIGSTOP)
                let outcome = mydocker("wait", "w6", seconds: 5)
                #expect(outcome.word == "6")
                succeed("rm", "w6")
            }
        }

        @Test func D6_aContainerThatIsNeverMadeIsRemoved() throws {
            try Ledger.expectUnchanged {
                let arguments = ["run", "--name", "w7", "--net", "none", "true"]
                let points = try FaultPoints.list(arguments)
                succeed("rm", "w7")
                let number = try #require(points.number("replace", "/record.json"))
                // Stopped for good while it makes the container; traced, so that it cannot be woken up.
                let run = try stopping(at: number + 1, arguments)
                Host.eventually("it is being made") { mydocker("ps", "-aq", "-f", "name=w7").word != "" }
                Host.eventually("it is stopped") { isStopped(run.pid) }
                let tracer = try Background(
                    ["/usr/bin/strace", "-f", "-o", "/dev/null", "-p", String(run.pid), "-e", "trace=none"])
                Host.eventually("it is traced") { isStopped(run.pid) }
                expectDone(["rm", "-f", "w7"], 0, within: 10)
                _ = run.end()
                _ = tracer.end()
            }
        }

        /// A dead supervisor's number is another process's by now, and a stranger has its lock for a moment.
        @Test func D14_aRecycledPidIsNoSupervisor() throws {
            try Ledger.expectUnchanged {
                succeed("run", "-d", "--name", "w17", "--net", "none", "sleep", "1000")
                let id = inspect("{{.Id}}", "w17")
                let pid = try supervisor(of: "w17")
                let lock = "/run/mydocker/containers/\(id)/lock"
                let state = "/run/mydocker/containers/\(id)/state.json"
                let stranger = try Background(["/bin/sleep", "1000"])
                kill(pid, SIGKILL)
                Host.eventually("the lock is free") { Host.run(["flock", "-n", "-x", lock, "true"]).code == 0 }
                let edit = Host.shell(
                    "jq -c '.supervisor = \(stranger.pid)' \(state) > \(state).new && mv \(state).new \(state)")
                #expect(edit.code == 0, "\(edit.error)")
                let holder = try Background(["/usr/bin/flock", "-x", lock, "sleep", "1.5"])
                Host.eventually("the lock is held") { Host.run(["flock", "-n", "-x", lock, "true"]).code != 0 }
                // Whoever is alive there is not whom the record means: the container is cleared away.
                expectDone(["rm", "-f", "w17"], 0, within: 10)
                #expect(stranger.isRunning, "a stranger was killed")
                kill(stranger.pid, SIGKILL)
                _ = stranger.end()
                _ = holder.end()
            }
        }

        @Test func D10_aSharedLockIsNamedAndNotSpunOn() throws {
            try Ledger.expectUnchanged {
                succeed("run", "-d", "--name", "w8", "--net", "none", "sleep", "1000")
                let id = inspect("{{.Id}}", "w8")
                let pid = try supervisor(of: "w8")
                kill(pid, SIGKILL)
                Host.eventually("it is dead") { kill(pid, 0) != 0 }
                let lock = "/run/mydocker/containers/\(id)/lock"
                let stranger = try Background(["/usr/bin/flock", "-s", lock, "sleep", "1000"])
                Host.eventually("the stranger has it") {
                    Host.run(["flock", "-n", "-x", lock, "true"]).code != 0
                }
                let outcome = Host.shell("time -p $MYDOCKER rm -f w8", seconds: 30)
                #expect(outcome.code == 1)
                #expect(outcome.error.contains("process \(stranger.pid) (flock) holds its lock"), "\(outcome.error)")
                let user = outcome.error.firstMatch(of: /user ([0-9.]+)/).flatMap { Double($0.1) } ?? 100
                let system = outcome.error.firstMatch(of: /sys ([0-9.]+)/).flatMap { Double($0.1) } ?? 100
                #expect(user + system < 3, "it spins")
                kill(stranger.pid, SIGKILL)
                Host.shell("pkill -KILL -x sleep; true")
                _ = stranger.end()
                succeed("rm", "-f", "w8")
            }
        }

        @Test func D5_aRoundThatCannotBeginLeavesNothing() throws {
            try Ledger.expectUnchanged {
                succeed("network", "create", "--subnet", "10.94.1.0/24", "w9")
                succeed(
                    "run", "-d", "--name", "w9", "--net", "w9", "--restart", "always", "sh", "-c", "sleep 0.5; exit 3")
                let pid = try supervisor(of: "w9")
                #expect(Host.run(["prlimit", "--pid", String(pid), "--nofile=7:7"]).code == 0)
                Host.eventually("it has ended") {
                    mydocker("ps", "-aq", "-f", "status=exited", "-f", "name=w9").word != ""
                }
                #expect(inspect("{{.State.ExitCode}}", "w9") == "3")
                #expect(inspect("{{.State.Error}}", "w9").contains("Too many open files"))
                succeed("system", "check")
                succeed("rm", "w9")
                succeed("network", "rm", "w9")
            }
        }

        // MARK: Signals

        @Test(arguments: [SIGTERM, SIGINT, SIGHUP])
        func F11_aSignalThatProcessOneIgnoresEndsTheRun(_ signal: Int32) throws {
            try Ledger.expectUnchanged {
                let run = try Background(
                    Self.withDefaults + ["run", "--rm", "--name", "w10", "--net", "none", "sleep", "1000"])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w10").word != "" }
                kill(run.pid, signal)
                #expect(run.end(seconds: 3) == 137)
                #expect(run.errorText.contains("process 1 ignores SIGTERM; killing it"))
            }
        }

        @Test func F11_whatProcessOneHandlesIsLeftToIt() throws {
            try Ledger.expectUnchanged {
                let program = "trap 'echo got' INT; trap 'exit 8' TERM; echo ready; while :; do sleep 0.05; done"
                let run = try Background(Self.withDefaults + ["run", "--rm", "--net", "none", "sh", "-c", program])
                run.expect("ready")
                kill(run.pid, SIGINT)
                run.expect("got")
                // Handled neither by name nor by nature: `stop` asks with SIGTERM.
                kill(run.pid, SIGHUP)
                #expect(run.end(seconds: 5) == 8)
            }
        }

        @Test func whatTheCallerIgnoresIsNotPassedOn() throws {
            try Ledger.expectUnchanged {
                let run = try Background(
                    ["/usr/bin/nohup", Host.mydocker, "run", "--rm", "--name", "w11", "--net", "none", "sleep", "1000"])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w11").word != "" }
                kill(run.pid, SIGHUP)
                usleep(300_000)
                #expect(isRunning("w11"))
                kill(run.pid, SIGTERM)
                #expect(run.end(seconds: 3) == 137)
            }
        }

        @Test func withoutSigProxyTheCommandEndsAlone() throws {
            try Ledger.expectUnchanged {
                let run = try Background(
                    Self.withDefaults + [
                        "run", "--sig-proxy=false", "--name", "w12", "--net", "none", "sh", "-c",
                        "trap 'exit 3' INT TERM; while :; do sleep 0.05; done",
                    ])
                Host.eventually("it runs") { mydocker("ps", "-q", "-f", "name=w12").word != "" }
                kill(run.pid, SIGINT)
                #expect(run.end(seconds: 3) == 130)
                #expect(isRunning("w12"))
                succeed("stop", "-t", "2", "w12")
                #expect(inspect("{{.State.ExitCode}}", "w12") == "3")
                succeed("rm", "w12")
            }
            #expect(runOnce("--sig-proxy=false", "sh", "-c", "echo out; exit 5").code == 5)
        }

        // MARK: exec

        /// A program in the container holds still whatever comes in (S8).
        @Test func S8_aStoppedExecIsWokenUpOrEnds() throws {
            try Ledger.expectUnchanged {
                let freezer =
                    "while :; do for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p -gt 1 ] && kill -STOP $p; done; done"
                succeed("run", "-d", "--name", "w13", "--net", "none", "sh", "-c", freezer + " 2>/dev/null")
                for index in 0..<12 {
                    let exec = try Background(Self.withDefaults + ["exec", "w13", "sh", "-c", "exit 0"])
                    usleep(UInt32(index) * 20_000)
                    kill(exec.pid, index % 2 == 0 ? SIGTERM : SIGINT)
                    let code = exec.end(seconds: 3)
                    #expect([0, 130, 143].contains(code), "\(code): \(exec.errorText)")
                }
                succeed("rm", "-f", "w13")
            }
        }

        /// Its process ends with the container, and nobody else can wait for that.
        @Test(arguments: [["stop", "-t", "1", "w19"], ["rm", "-f", "w19"]])
        func S9_aStoppedExecKeepsNoContainer(_ command: [String]) throws {
            try Ledger.expectUnchanged {
                succeed("run", "-d", "--name", "w19", "--net", "none", "sleep", "1000")
                let exec = try Background([Host.mydocker, "exec", "w19", "sh", "-c", "echo in; sleep 1000"])
                exec.expect("in")
                kill(exec.pid, SIGSTOP)
                Host.eventually("it is stopped") { isStopped(exec.pid) }
                expectDone(command, 0, within: 4)
                #expect(exec.end(seconds: 3) == 137)
                succeed("rm", "-f", "w19")
            }
        }

        @Test func S9_aWarningThatNobodyReadsHoldsNothingUp() {
            Ledger.expectUnchanged {
                let outcome = Host.shell(
                    """
                    mkfifo $MYDOCKER_SANDBOX_SCRATCH/fw$$; exec 3<>$MYDOCKER_SANDBOX_SCRATCH/fw$$
                    head -c 65536 /dev/zero >&3
                    timeout -k 8 1 $MYDOCKER run --rm --net none sleep 1000 2>&3 >&3; echo $?
                    """, seconds: 20)
                #expect(outcome.word == "124", "\(outcome.error)")
            }
        }

        @Test func S9_anExecWithAReaderThatStallsEndsWhenItIsTold() throws {
            try Ledger.expectUnchanged {
                try withContainer("w14", "sleep", "1000") { _ in
                    let run = try Background([
                        "/usr/bin/python3", "-c",
                        """
                        import os, subprocess, sys
                        r, w = os.pipe()
                        p = subprocess.Popen(sys.argv[1:], stdout=w)
                        print(p.pid, flush=True)
                        print("code", p.wait(), flush=True)
                        """, Host.mydocker, "exec", "w14", "yes",
                    ])
                    run.expect("\n")
                    let pid = try #require(Int32(run.text.split(separator: "\n")[0]))
                    Host.eventually("it writes") { mydocker("exec", "w14", "pidof", "yes").code == 0 }
                    kill(pid, SIGTERM)
                    Host.eventually("the program has ended", seconds: 3) {
                        mydocker("exec", "w14", "pidof", "yes").code == 1
                    }
                    // The second one is for the command, which still has something to deliver.
                    kill(pid, SIGTERM)
                    #expect(run.end(seconds: 3) == 0)
                    #expect(run.text.contains("code 143"))
                }
            }
        }

        @Test func aProgramLeftInTheBackgroundKeepsNoExecWaiting() throws {
            try withContainer("w15", "sleep", "1000") { _ in
                let outcome = mydocker("exec", "w15", "sh", "-c", "yes & echo done >&2; exit 4", seconds: 10)
                #expect(outcome.code == 4)
                #expect(outcome.error.contains("done"))
            }
        }

        @Test func W11_execIntoAContainerThatJustEnds() {
            Ledger.expectUnchanged {
                for _ in 0..<25 {
                    let id = succeed("run", "-d", "--net", "none", "true").word
                    let outcome = mydocker("exec", id, "true")
                    #expect(
                        outcome.code == 0 || outcome.code == 137
                            || outcome.code == 1 && outcome.error.contains("is not running"), "\(outcome.error)")
                    succeed("rm", "-f", id)
                }
            }
        }

        // MARK: A lock of a stranger's

        @Test func S9_aRunThatWaitsForALockEndsWhenItIsTold() throws {
            try Ledger.expectUnchanged {
                succeed("network", "create", "--subnet", "10.94.2.0/24", "w16")
                succeed("run", "--rm", "--net", "w16", "true")
                let lock = Host.run(["find", "/run/mydocker/networks", "-name", "lock"]).lines.first ?? ""
                let stranger = try Background(["/usr/bin/flock", "-x", lock, "sleep", "1000"])
                Host.eventually("the stranger has it") { Host.run(["flock", "-n", "-x", lock, "true"]).code != 0 }
                let run = try Background([Host.mydocker, "run", "--rm", "--name", "w16", "--net", "w16", "true"])
                Host.eventually("it waits") { mydocker("ps", "-aq", "-f", "name=w16").word != "" }
                kill(run.pid, SIGTERM)
                #expect(run.end(seconds: 5) == 143)
                #expect(run.errorText.contains("SIGTERM"))
                kill(stranger.pid, SIGKILL)
                Host.shell("pkill -KILL -x sleep; true")
                _ = stranger.end()
                succeed("network", "rm", "w16")
            }
        }
    }
}
