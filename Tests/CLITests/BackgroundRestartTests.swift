import Foundation
import Testing

extension CLI {
    /// A container that was begun in the foreground and goes on in the background, by its restart policy, with another
    /// supervisor than before.
    @Suite(.serialized) struct BackgroundRestarts {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }

        /// Ends once and stays then.
        private static let program = ["sh", "-c", "[ -e /again ] && exec sleep 1000; >/again; exit 3"]

        private func withSecondRound(_ name: String, _ flags: [String], _ body: () throws -> Void) throws {
            let outcome = Host.run(
                [Host.mydocker, "run", "--restart", "always", "--name", name] + flags + Self.program, seconds: 10)
            defer { mydocker("rm", "-f", name) }
            try #require(outcome.code == 3, "\(outcome.error)")
            Host.eventually("second round") { inspect("{{.State.Status}} {{.RestartCount}}", name) == "running 1" }
            try body()
        }

        @Test(arguments: [["stop", "-t", "0"], ["stop", "-t", "5"], ["kill"], ["rm", "-f"]])
        func itIsEndedForGood(_ words: [String]) throws {
            try Ledger.expectUnchanged {
                try withSecondRound("rsback", ["--net", "none"]) {
                    let pid = try #require(Int(inspect("{{.State.Pid}}", "rsback")))
                    let outcome = Host.run([Host.mydocker] + words + ["rsback"], seconds: 9)
                    #expect(outcome.code == 0, "\(outcome.error)")
                    #expect(!Host.isAlive(pid))
                    let states = words == ["rm", "-f"] ? [] : ["exited"]
                    Host.eventually("\(states)") {
                        succeed("ps", "-a", "-f", "name=rsback", "--format", "{{.State}}").lines == states
                    }
                    // Longer than the pause before a round that would begin.
                    usleep(300_000)
                    #expect(succeed("ps", "-q", "-f", "name=rsback").text == "")
                }
            }
        }

        /// While it runs its name, port and network are its own, and nobody waits to be told so.
        @Test func itKeepsWhatIsItsOwn() throws {
            try Ledger.expectUnchanged {
                let network = try TestNetwork("rsbacknet", "10.77.3.0/24")
                defer { network.remove() }
                try withSecondRound("rsback", ["--net", "rsbacknet", "-p", "7790:80"]) {
                    let supervisor = try Host.supervisor(of: "rsback")
                    let id = inspect("{{.Id}}", "rsback")
                    #expect(
                        Host.read("/run/mydocker/containers/\(id)/state.json").contains("\"supervisor\":\(supervisor)"))
                    let removal = mydocker("network", "rm", "rsbacknet", seconds: 4)
                    #expect(removal.code == 1 && removal.error.contains("name:\"rsback\""), "\(removal.error)")
                    let port = mydocker("run", "--rm", "--net", "rsbacknet", "-p", "7790:80", "true", seconds: 4)
                    #expect(port.code == 125 && port.error.contains("by container \"rsback\""), "\(port.error)")
                    let name = mydocker("run", "--rm", "--net", "none", "--name", "rsback", "true", seconds: 4)
                    #expect(name.code == 125 && name.error.contains("Conflict"), "\(name.error)")
                    #expect(succeed("exec", "rsback", "ls", "/again").word == "/again")
                    #expect(succeed("system", "check").code == 0)
                    // Its place is free when that supervisor is killed.
                    kill(Int32(supervisor), SIGKILL)
                    succeed("run", "--rm", "--net", "rsbacknet", "-p", "7790:80", "true")
                }
            }
        }

        /// Nobody's terminal is the supervisor's: what is sent to a session that ends does not get there.
        @Test func aSupervisorInTheBackgroundHasASessionOfItsOwn() throws {
            try Ledger.expectUnchanged {
                try withSecondRound("rsback", ["--net", "none"]) {
                    try expectOwnSession(try Host.supervisor(of: "rsback"))
                }
                let detached = try Box("rsback", on: "none")
                try expectOwnSession(detached.supervisor)
                detached.remove()
            }
        }

        private func expectOwnSession(_ pid: Int, sourceLocation: SourceLocation = #_sourceLocation) throws {
            // Behind the name: state, parent, group, session, terminal (proc_pid_stat(5)).
            let stat = Host.read("/proc/\(pid)/stat")
            let fields = try #require(stat.split(separator: ")").last).split(separator: " ")
            #expect(fields[2...4].map(String.init) == ["\(pid)", "\(pid)", "0"], sourceLocation: sourceLocation)
        }

        /// The command has heard that it is to end when its successor is there already and is not on record yet.
        @Test func stoppedOnItsWayToTheBackground() throws {
            let run = ["run", "--restart", "always", "--name", "rsway", "--net", "none"]
            let points = try FaultPoints.list(run + ["sh", "-c", "exit 4"], code: 4)
            succeed("rm", "-f", "rsway")
            // The guardian is the first copy of the command.
            let guardian = try #require(points.number("create process"))
            let fork = try #require(points.number("create process", behind: guardian))
            let record = try #require(points.number("replace", "/state.json", behind: fork))
            try Ledger.expectUnchanged {
                defer { mydocker("rm", "-f", "rsway") }
                let command = try stopping(at: record, run + ["sh", "-c", "exit 4"])
                var successor: Int?
                Host.eventually("the successor stops") {
                    successor = Host.children(of: Int(command.pid)).first { Host.state(of: $0) == "T" }
                    return successor != nil
                }
                let stop = try Background([Host.mydocker, "stop", "-t", "0", "rsway"])
                Host.eventually("the command has been told") {
                    let pending = Host.status("ShdPnd", in: Host.read("/proc/\(command.pid)/status")) ?? ""
                    return (UInt64(pending, radix: 16) ?? 0) & 1 << UInt64(SIGURG - 1) != 0
                }
                kill(Int32(try #require(successor)), SIGCONT)
                #expect(command.end() == 4, "\(command.errorText)")
                #expect(stop.end(seconds: 8) == 0, "\(stop.errorText)")
                #expect(inspect("{{.State.Status}} {{.State.ExitCode}}", "rsway") == "exited 4")
                usleep(300_000)
                #expect(inspect("{{.State.Status}} {{.RestartCount}}", "rsway") == "exited 1")
            }
        }

        /// How often it began again is known when its supervisor is killed, while it runs and while it rests.
        @Test(arguments: [true, false]) func theCountOutlivesTheSupervisor(_ isRunning: Bool) throws {
            let script = isRunning ? "echo x >>/count; [ $(wc -l </count) -lt 3 ] || exec sleep 1000; exit 5" : "exit 5"
            let id = succeed(
                "run", "-d", "--name", "rscount", "--net", "none", "--restart", "always", "sh", "-c", script
            ).word
            defer { mydocker("rm", "-f", "rscount") }
            let state = "{{.State.Status}} {{.RestartCount}}"
            // The fifth pause is 1.6 s long.
            let wanted = isRunning ? "running 2" : "restarting 5"
            Host.eventually(wanted) { inspect(state, "rscount") == wanted }
            let record = Host.read("/run/mydocker/containers/\(id)/state.json")
            let supervisor = try #require(record.firstMatch(of: #/"supervisor":(\d+)/#).flatMap { Int32($0.1) })
            kill(supervisor, SIGKILL)
            Host.wait { !Host.isAlive(Int(supervisor)) }
            succeed("stop", "rscount")
            let (count, code) = isRunning ? (2, 137) : (5, 5)
            #expect(inspect(state + " {{.State.ExitCode}}", "rscount") == "exited \(count) \(code)")
        }
    }
}
