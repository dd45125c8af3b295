import Foundation
import Testing

extension CLI {
    /// Commands that meet another run of a container than the one that they were about, or one that is about to begin or to end.
    @Suite(.serialized) struct OtherRuns {
        init() { #expect(Host.hasDefaultImage) }

        /// A start that is killed takes nothing from a container whose end nobody has recorded.
        @Test func aLostContainerOutlivesAKilledStart() {
            let outcome = Host.elsewhere(
                """
                exec 2>&1; m=$MYDOCKER
                $m run -d --name lost --net none sh -c 'echo word >/file; sleep 1000' >/dev/null
                until $m exec lost test -s /file; do :; done
                state=$(echo /run/mydocker/containers/*/state.json)
                kill -KILL $(jq .supervisor $state)
                echo 11111111-2222-3333-4444-555555555555 >/run/mydocker/boot-id
                for point in $(seq 100); do
                  MYDOCKER_FAULT=kill@$point $m start lost >/dev/null 2>&1 && break
                  $m run --rm --net none true
                  [ "$($m ps -aq | wc -l)" = 1 ] || { echo lost at $point; exit; }
                done
                [ $point -gt 10 ] && $m exec lost cat /file; $m rm -f lost
                """)
            #expect(outcome.text.hasSuffix("word\nlost\n") && !outcome.text.contains("lost at"), "\(outcome.text)")
        }

        /// `stop` is about the run that there was when it was asked.
        @Test func stopLeavesALaterRunAlone() throws {
            try Ledger.expectUnchanged {
                let slow = try Box(
                    "orslow", on: "none",
                    command: ["sh", "-c", "trap 'echo asked' TERM; echo ready; while :; do sleep 0.1; done"])
                Host.eventually("ready") { succeed("logs", "orslow").text.contains("ready") }
                succeed(
                    "run", "--name", "orlate", "--net", "none", "sh", "-c", "[ -e /f ] && exec sleep 1000; touch /f")
                let stop = try Background([Host.mydocker, "stop", "-t", "2", "orslow", "orlate"])
                Host.eventually("asked") { succeed("logs", "orslow").text.contains("asked") }
                succeed("start", "orlate")
                #expect(stop.end(seconds: 10) == 0)
                #expect(!Host.isAlive(slow.pid))
                #expect(inspect("{{.State.Status}}", "orlate") == "running")
                succeed("rm", "-f", "orslow", "orlate")
            }
        }

        /// Its program has ended, and its supervisor is about to begin it again.
        @Test func rmRefusesWhatBeginsAgain() throws {
            try Ledger.expectUnchanged {
                let box = try Box(
                    "orloop", on: "none", ["--restart", "always"],
                    command: [
                        "sh", "-c", "[ -e /f ] || { until [ -e /f ]; do sleep 0.02; done; exit 1; }; exec sleep 1000",
                    ])
                kill(pid_t(box.supervisor), SIGSTOP)
                succeed("exec", "orloop", "touch", "/f")
                Host.wait { [nil, "Z"].contains(Host.state(of: box.pid)) }
                let removal = mydocker("rm", "orloop")
                #expect(removal.code == 1)
                #expect(removal.error.contains("cannot remove container"), "\(removal.error)")
                Host.eventually("it runs again") { inspect("{{.State.Status}}", "orloop") == "running" }
                succeed("rm", "-f", "orloop")
            }
        }

        /// A command that is about to become the supervisor does not hear yet that there is to be no further round.
        @Test(arguments: [6, 14, 17]) func stopDuringAStartEndsRestarts(_ point: Int) throws {
            try Ledger.expectUnchanged {
                succeed(
                    "create", "--name", "orway", "--net", "none", "--restart", "always", "sh", "-c",
                    "trap 'exit 5' TERM; while :; do sleep 0.02; done")
                // A shell in between: `start` closes what it inherits, and Foundation takes that for its end.
                let start = try Background([
                    "/bin/sh", "-c", "MYDOCKER_FAULT=stop@\(point) \(Host.mydocker) start orway; exit $?",
                ])
                var stopped: [pid_t] { Trace.processes().filter { $0.state == "T" }.map(\.pid) }
                Host.wait { !stopped.isEmpty }
                let stop = try Background([Host.mydocker, "stop", "-t", "5", "orway"])
                #expect(stop.end() == 0, "\(stop.errorText)")
                for pid in stopped { kill(pid, SIGCONT) }
                _ = start.end()
                #expect(inspect("{{.State.Status}} {{.RestartCount}}", "orway") == "exited 0")
                succeed("rm", "orway")
            }
        }

        /// Also when it has ended by the time that somebody looks.
        @Test func restartOfAShortProgram() throws {
            try Ledger.expectUnchanged {
                _ = try Box(
                    "orshort", on: "none", command: ["sh", "-c", "[ -e /f ] && exit 3; touch /f; exec sleep 1000"])
                Host.wait { mydocker("exec", "orshort", "test", "-e", "/f").code == 0 }
                for _ in 0..<10 {
                    succeed("restart", "-t", "0", "orshort")
                    #expect(succeed("wait", "orshort").word == "3")
                }
                succeed("rm", "orshort")
            }
        }

        /// A signal that comes while the supervisor waits for somebody else's lock is the program's.
        @Test func aSignalDuringConnectReachesTheProgram() throws {
            let network = try TestNetwork("ornet", "10.201.142.0/24")
            defer { network.remove() }
            let run = try Background([
                Host.mydocker, "run", "--name", "orsig", "--net", "ornet", "sh", "-c",
                "trap 'exit 7' TERM; echo ready; while :; do sleep 0.02; done",
            ])
            run.expect("ready")
            let other = try TestNetwork("ornet2", "10.201.143.0/24")
            defer { other.remove() }
            let holder = try Background(["/usr/bin/flock", "--no-fork", "/run/mydocker/lock", "/bin/sleep", "1000"])
            Host.wait { Host.run(["flock", "--nonblock", "/run/mydocker/lock", "true"]).code != 0 }
            let connect = try Background([Host.mydocker, "network", "connect", "ornet2", "orsig"])
            usleep(300_000)
            kill(run.pid, SIGTERM)
            usleep(300_000)
            kill(holder.pid, SIGKILL)
            _ = holder.end()
            #expect(run.end() == 7, "\(run.errorText)")
            #expect([0, 1].contains(connect.end()), "\(connect.errorText)")
            #expect(!connect.errorText.contains("SIGTERM"), "\(connect.errorText)")
            succeed("rm", "orsig")
        }

        /// As in Docker: its output comes here from then on.
        @Test func startAttachedOfOneThatRuns() throws {
            try Ledger.expectUnchanged {
                _ = try Box(
                    "orrun", on: "none",
                    command: ["sh", "-c", "until [ -e /go ]; do sleep 0.02; done; echo end; exit 4"])
                let start = try Background([Host.mydocker, "start", "-a", "orrun"])
                // Until it is attached.
                Host.wait { Host.read("/proc/\(start.pid)/wchan") != "" && Host.state(of: Int(start.pid)) == "S" }
                usleep(200_000)
                succeed("exec", "orrun", "touch", "/go")
                #expect(start.end() == 4 && start.text == "end\n", "\(start.text) \(start.errorText)")
                succeed("rm", "orrun")
            }
        }

        /// Whoever has asked for its end before is not who asks last.
        @Test func restartAfterASignalThatEnds() throws {
            try Ledger.expectUnchanged {
                _ = try Box(
                    "ornow", on: "none",
                    command: ["sh", "-c", "trap 'echo asked' TERM; echo ready; while :; do sleep 0.02; done"])
                Host.eventually("ready") { succeed("logs", "ornow").text.contains("ready") }
                succeed("kill", "-s", "TERM", "ornow")
                Host.eventually("asked") { succeed("logs", "ornow").text.contains("asked") }
                succeed("restart", "-t", "0", "ornow")
                #expect(inspect("{{.State.Status}}", "ornow") == "running")
                succeed("stop", "-t", "0", "ornow")
                #expect(inspect("{{.State.Status}}", "ornow") == "exited")
                succeed("rm", "ornow")
            }
        }

        /// As in Docker: for the end of the program, and not of the last one.
        @Test(arguments: [true, false]) func waitEndsWithTheProgram(_ isAsked: Bool) throws {
            try Ledger.expectUnchanged {
                let box = try Box(
                    "orwait", on: "none", isAsked ? [] : ["--restart", "always"],
                    command: ["sh", "-c", "trap 'exit 9' TERM; echo ready; while :; do sleep 0.02; done"])
                Host.eventually("ready") { succeed("logs", "orwait").text.contains("ready") }
                let wait = try Background([Host.mydocker, "wait", "orwait"])
                Host.wait { Host.read("/proc/\(wait.pid)/wchan") != "0" && Host.state(of: Int(wait.pid)) == "S" }
                if isAsked { succeed("restart", "orwait") } else { kill(pid_t(box.pid), SIGTERM) }
                #expect(wait.end() == 0 && wait.text == "9\n", "\(wait.text) \(wait.errorText)")
                succeed("rm", "-f", "orwait")
            }
        }

        @Test func startOfAPausedOne() throws {
            try Ledger.expectUnchanged {
                _ = try Box("orheld", on: "none", command: ["sleep", "1000"])
                succeed("pause", "orheld")
                let outcome = mydocker("start", "orheld")
                #expect(outcome.code == 1)
                #expect(outcome.error == "mydocker: cannot start a paused container, try unpause instead\n")
                succeed("rm", "-f", "orheld")
            }
        }

        /// As `inspect` writes names.
        @Test func aSlashInFrontOfAName() {
            Ledger.expectUnchanged {
                succeed("create", "--name", "/orname", "--net", "none", "true")
                succeed("rename", "/orname", "/orother")
                #expect(inspect("{{.Name}}", "/orother") == "/orother")
                succeed("rm", "/orother")
            }
        }

        @Test func moreProcessorsThanThereAre() {
            let sentence = /mydocker: range of CPUs is from 0\.01 to \d+\.00, as there are only \d+ CPUs available\n/
            let run = mydocker("run", "--rm", "--net", "none", "--cpus", "999", "true")
            #expect(run.code == 125 && run.error.wholeMatch(of: sentence) != nil, "\(run.error)")
            Ledger.expectUnchanged {
                succeed("create", "--name", "ormany", "--net", "none", "true")
                let update = mydocker("update", "--cpus", "999", "ormany")
                #expect(update.code == 1 && update.error.wholeMatch(of: sentence) != nil, "\(update.error)")
                succeed("rm", "ormany")
            }
        }

        /// What a killed command was writing goes with the next change.
        @Test func anUnfinishedRecordGoesWithTheNextChange() {
            Ledger.expectUnchanged {
                let id = succeed("create", "--name", "orrest", "--net", "none", "true").word
                let rest = "/var/lib/mydocker/containers/\(id)/record.json.1.tmp"
                #expect(FileManager.default.createFile(atPath: rest, contents: Data("{".utf8)))
                succeed("rename", "orrest", "orrest2")
                #expect(!FileManager.default.fileExists(atPath: rest))
                succeed("rm", "orrest2")
            }
        }

        @Test func createRefusesLikeRun() {
            let outcome = mydocker("create", "--rm", "--restart", "always", "true")
            #expect(outcome.code == 125, "\(outcome.error)")
        }

        /// A `restart` beside it has the last word or the first; the container that it has begun is another run's then.
        @Test(arguments: [["kill"], ["stop", "-t", "0"]]) func whatEndsARunLeavesTheNextRound(_ words: [String]) throws
        {
            try Ledger.expectUnchanged {
                succeed("create", "--name", "orbeside", "--net", "none", "sleep", "1000")
                defer { Host.run([Host.mydocker, "rm", "-f", "orbeside"]) }
                for round in 0..<15 {
                    succeed("start", "orbeside")
                    let restart = try Background([Host.mydocker, "restart", "-t", "0", "orbeside"])
                    usleep(UInt32(round % 5) * 2000)
                    let other = try Background([Host.mydocker] + words + ["orbeside"])
                    // Nobody waits for the end of a container that goes on (15 s).
                    let code = other.end(seconds: 10)
                    #expect(code == 0 || other.errorText.contains("is not running"), "\(other.errorText)")
                    #expect(restart.end(seconds: 10) == 0, "\(restart.errorText)")
                }
                succeed("rm", "-f", "orbeside")
            }
        }

        /// A record that only a newer one can read is lost by no mere `rm`.
        @Test func aRecordThatCannotBeReadIsKeptByRm() throws {
            let id = succeed("create", "--name", "ornewer", "--net", "none", "true").word
            defer { Host.run([Host.mydocker, "rm", "-f", "ornewer"]) }
            let file = "/var/lib/mydocker/containers/\(id)/record.json"
            Host.shell("sed -i 's/\"version\":2/\"version\":99/' \(file)")
            let removal = mydocker("rm", "ornewer")
            #expect(removal.code == 1 && removal.error.contains("written by a newer mydocker"), "\(removal.error)")
            #expect(Host.read(file).contains("\"version\":99"))
            succeed("rm", "-f", "ornewer")
            #expect(!FileManager.default.fileExists(atPath: file))
        }
    }
}
