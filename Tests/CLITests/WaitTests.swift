import Foundation
import Testing

extension CLI {
    /// Somebody does not do their part: a supervisor or a program that is held still, a stranger with a lock. S8, S9, defects 5, 6,
    /// 10, 12 and 14, W11.
    @Suite struct Waits {
        /// What is made once and kept is there.
        init() { succeed("run", "--rm", "true") }

        @Test(arguments: [
            ["stop", "-t", "1", "w5"], ["kill", "w5"], ["rm", "-f", "w5"],
        ])
        func D6_aStoppedSupervisorIsWokenUp(_ command: [String]) throws {
            try Ledger.expectUnchanged {
                succeed(
                    "run", "-d", "--name", "w5", "--net", "none", "sh", "-c",
                    "trap 'exit 4' TERM; while :; do sleep 0.05; done")
                let pid = try Host.recordedSupervisor(of: "w5")
                kill(pid, SIGSTOP)
                Host.eventually("it is stopped") { Host.isStopped(pid) }
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
                kill(try Host.recordedSupervisor(of: "w6"), SIGSTOP)
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
                Host.eventually("it is stopped") { Host.isStopped(run.pid) }
                let tracer = try Background(
                    ["/usr/bin/strace", "-f", "-o", "/dev/null", "-p", String(run.pid), "-e", "trace=none"])
                Host.eventually("it is traced") { Host.isStopped(run.pid) }
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
                let pid = try Host.recordedSupervisor(of: "w17")
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
                let pid = try Host.recordedSupervisor(of: "w8")
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
                let pid = try Host.recordedSupervisor(of: "w9")
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

        /// A program in the container holds still whatever comes in (S8).
        @Test func S8_aStoppedExecIsWokenUpOrEnds() throws {
            try Ledger.expectUnchanged {
                let freezer =
                    "while :; do for p in /proc/[0-9]*; do p=${p#/proc/}; [ $p -gt 1 ] && kill -STOP $p; done; done"
                succeed("run", "-d", "--name", "w13", "--net", "none", "sh", "-c", freezer + " 2>/dev/null")
                for index in 0..<12 {
                    let exec = try Background(Host.withDefaults + ["exec", "w13", "sh", "-c", "exit 0"])
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
                Host.eventually("it is stopped") { Host.isStopped(exec.pid) }
                expectDone(command, 0, within: 4)
                #expect(exec.end(seconds: 3) == 137)
                succeed("rm", "-f", "w19")
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
