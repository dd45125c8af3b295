import Foundation
import Testing

// MARK: - --restart

/// How often it began again, and what the state says.
private func restarts(_ name: String) -> Int { Int(inspect("{{.RestartCount}}", name)) ?? -1 }

private func waitForRestarts(
    _ name: String, _ count: Int, sourceLocation: SourceLocation = #_sourceLocation
) {
    Host.eventually("\(count) restarts of \(name)", sourceLocation: sourceLocation) {
        (Int(mydocker("inspect", "-f", "{{.RestartCount}}", name).word) ?? -1) >= count
    }
}

extension CLI {
    @Suite struct Restart {
        init() { #expect(Host.hasDefaultImage) }

        @Test func onFailureGivesUpAfterSoManyTimes() throws {
            try Ledger.expectUnchanged {
                try withContainer("rsfail", "--restart", "on-failure:2", "sh", "-c", "echo again; exit 4") { _ in
                    Host.eventually("it has given up") { inspect("{{.State.Status}}", "rsfail") == "exited" }
                    #expect(succeed("wait", "rsfail").word == "4")
                    #expect(succeed("logs", "rsfail").text == "again\nagain\nagain\n")
                    #expect(
                        inspect("{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}", "rsfail") == "exited 4 2")
                    let policy = "{{.HostConfig.RestartPolicy.Name}} {{.HostConfig.RestartPolicy.MaximumRetryCount}}"
                    #expect(inspect(policy, "rsfail") == "on-failure 2")
                }
                // Success is no failure.
                try withContainer("rsgood", "--restart", "on-failure", "sh", "-c", "echo once") { _ in
                    #expect(succeed("wait", "rsgood").word == "0")
                    #expect(restarts("rsgood") == 0)
                }
                try withContainer(
                    "rsonce", "--restart", "on-failure", "sh", "-c", "[ -e /been ] || { touch /been; false; }"
                ) { _ in
                    // Until then `wait` may have the first round's end, as in Docker.
                    Host.eventually("it has ended well") { inspect("{{.State.Status}}", "rsonce") == "exited" }
                    #expect(succeed("wait", "rsonce").word == "0")
                    #expect(restarts("rsonce") == 1)
                }
            }
        }

        @Test func whatIsItsOwnStays() throws {
            Host.switchRoutingOn()
            let network = try TestNetwork("rsnet", "10.77.1.0/24")
            defer { network.remove() }
            let script = """
                echo $(ip -4 addr show eth0 | sed -n 's/.*inet //p') $(cat /sys/class/net/eth0/address) $(hostname)
                echo x >>/count; [ $(wc -l </count) -lt 3 ] && { echo own >>/etc/hosts; printf tail; exit 1; }
                exec httpd -f -p 80 -h /
                """
            let id = succeed(
                "run", "-d", "--name", "rskeep", "--net", "rsnet", "--restart", "always", "-p", "7788:80", "-m", "32m",
                "sh", "-c", script
            ).word
            defer { succeed("rm", "-f", "rskeep") }
            let first = inspect("{{.State.StartedAt}} {{.NetworkSettings.IPAddress}}", "rskeep").split(separator: " ")
            waitForRestarts("rskeep", 2)
            Host.eventually("served") { Host.run(["curl", "-s", "127.0.0.1:7788/count"]).text == "x\nx\nx\n" }
            let lines = succeed("logs", "rskeep").text.split(separator: "\n")
            #expect(lines.count == 3)
            #expect(Set(lines.map { $0.hasPrefix("tail") ? $0.dropFirst(4) : $0 }).count == 1, "\(lines)")
            #expect(lines.first?.hasPrefix(first[1] + "/24 ") == true)
            #expect(inspect("{{.NetworkSettings.IPAddress}}", "rskeep") == first[1])
            #expect(inspect("{{.State.StartedAt}}", "rskeep") > first[0])
            // The files that are not the image's are made anew, as in Docker.
            #expect(mydocker("exec", "rskeep", "grep", "-c", "own", "/etc/hosts").word == "0")
            // One rule, one link, one cgroup: those of the round that runs.
            #expect(Host.destinations(ofPort: 7788).count == 1)
            let pid = inspect("{{.State.Pid}}", "rskeep")
            #expect(KernelLimits(id: id).members("memory").contains(pid))
            #expect(KernelLimits(id: id).memory == "33554432")
            #expect(succeed("system", "check").code == 0)
        }

        @Test func whileItRests() throws {
            Host.switchRoutingOn()
            let network = try TestNetwork("rsrest", "10.77.2.0/24")
            defer { network.remove() }
            succeed("run", "--rm", "--net", "rsrest", "true")
            Ledger.expectUnchanged {
                let started = succeed(
                    "run", "-d", "--name", "rsidle", "--net", "rsrest", "-p", "7789:80", "--restart", "unless-stopped",
                    "sh", "-c", "exit 1")
                // The pauses double: the fifth is 1.6 s long.
                waitForRestarts("rsidle", 5)
                let status = succeed("ps", "-f", "name=rsidle", "--format", "{{.State}} {{.Status}}").word
                #expect(status.hasPrefix("restarting Restarting (1) ") && status.hasSuffix(" ago"), "\(status)")
                #expect(
                    inspect("{{.State.Status}} {{.State.Running}} {{.State.Restarting}} {{.State.Pid}}", "rsidle")
                        == "restarting true true 0")
                let exec = mydocker("exec", "rsidle", "true")
                #expect(exec.code == 1)
                #expect(
                    exec.error
                        == "mydocker: Container \(started.word) is restarting, wait until the container is running\n")
                let removal = mydocker("rm", "rsidle")
                #expect(removal.code == 1)
                #expect(removal.error.contains("container is restarting: stop the container"))
                // Nobody else gets its port or name, and it is refused, not left in a queue.
                #expect(mydocker("run", "--rm", "--net", "rsrest", "-p", "7789:80", "true").code == 125)
                #expect(mydocker("run", "--rm", "--net", "none", "--name", "rsidle", "true").code == 125)
                #expect(Place.host.ask(.tcp, "127.0.0.1", 7789) == .refused)
                #expect(mydocker("system", "check").code == 0)
                // It is stopped at once and for good.
                #expect(succeed("stop", "rsidle", seconds: 5).text == "rsidle\n")
                #expect(inspect("{{.State.Status}} {{.State.ExitCode}} {{.RestartCount}}", "rsidle") == "exited 1 5")
                succeed("rm", "rsidle")
            }
        }

        @Test func whoeverEndsItEndsItForGood() throws {
            for end in [["stop", "-t", "5"], ["stop", "-t", "0"], ["kill"], ["kill", "-s", "TERM"]] {
                // Running, and just about to begin again.
                for command in ["trap 'exit 3' TERM; echo ready; while :; do sleep 0.02; done", "exit 3"] {
                    try withContainer("rsend", "--restart", "always", "sh", "-c", command) { _ in
                        if command == "exit 3" { waitForRestarts("rsend", 1) } else { waitForLog("rsend", "ready") }
                        Host.run([Host.mydocker] + end + ["rsend"], seconds: 8)
                        Host.eventually("\(end) \(command)") { inspect("{{.State.Status}}", "rsend") == "exited" }
                        let count = restarts("rsend")
                        usleep(250_000)
                        #expect(inspect("{{.State.Status}}", "rsend") == "exited")
                        #expect(restarts("rsend") == count)
                    }
                }
            }
        }

        @Test func stopAtAnyMoment() throws {
            try Ledger.expectUnchanged {
                for round in 0..<12 {
                    // The second round stays, unless whoever stops it and whoever begins it see each other.
                    let script = "[ -e /been ] && exec sleep 1000; touch /been; exit 1"
                    try withContainer("rsrace", "--restart", "always", "sh", "-c", script) { _ in
                        // Around the beginning of the second round, 100 ms after the first.
                        usleep(90_000 + UInt32(round) * 2_000)
                        #expect(succeed("stop", "rsrace", seconds: 5).code == 0)
                        #expect(inspect("{{.State.Status}}", "rsrace") == "exited")
                    }
                }
            }
        }

        @Test func otherSignalsDoNotEndIt() throws {
            let script = "trap 'exit 6' HUP; echo ready; while :; do sleep 0.02; done"
            try withContainer("rshup", "--restart", "always", "sh", "-c", script) { _ in
                waitForLog("rshup", "ready")
                succeed("kill", "-s", "HUP", "rshup")
                waitForRestarts("rshup", 1)
                Host.eventually("runs again") { inspect("{{.State.Status}}", "rshup") == "running" }
            }
        }

        @Test func theForegroundGetsTheFirstExitCode() throws {
            try Ledger.expectUnchanged {
                // All pipes are closed when the command ends, or this would wait for the container.
                let run = mydocker(
                    "run", "--net", "none", "--name", "rsfore", "--restart", "on-failure:1", "sh", "-c",
                    "echo hello; exit 9", seconds: 10)
                #expect(run.code == 9)
                #expect(run.text == "hello\n")
                #expect(succeed("wait", "rsfore").word == "9")
                #expect(succeed("logs", "rsfore").text == "hello\nhello\n")
                #expect(restarts("rsfore") == 1)
                succeed("rm", "rsfore")
                // A signal ends it for good.
                let shell = try Background([
                    Host.mydocker, "run", "--net", "none", "--name", "rsint", "--restart", "always", "sh", "-c",
                    "trap 'exit 7' INT; echo ready; while :; do sleep 0.02; done",
                ])
                shell.expect("ready")
                kill(shell.pid, SIGINT)
                #expect(shell.end() == 7)
                #expect(inspect("{{.State.Status}} {{.RestartCount}}", "rsint") == "exited 0")
                succeed("rm", "rsint")
            }
        }

        @Test func aSupervisorThatIsKilledIsNotReplaced() throws {
            try Ledger.expectUnchanged {
                let box = try Box("rsdead", on: "none", ["--restart", "always"])
                box.killSupervisor()
                #expect(succeed("ps", "-aq", "-f", "name=rsdead").lines.count == 1)
                #expect(inspect("{{.State.Status}}", "rsdead") == "exited")
                succeed("rm", "rsdead")
                // While it rests.
                let resting = try Box(
                    "rsdead", on: "none", ["--restart", "always"],
                    command: ["sh", "-c", "until [ -e /go ]; do sleep 0.02; done; exit 5"])
                succeed("exec", "-d", "rsdead", "touch", "/go")
                waitForRestarts("rsdead", 2)
                kill(Int32(resting.supervisor), SIGKILL)
                Host.wait { [nil, "Z"].contains(Host.state(of: resting.supervisor)) }
                succeed("stop", "rsdead")
                #expect(inspect("{{.State.Status}}", "rsdead") == "exited")
                succeed("rm", "rsdead")
            }
        }

        /// Nothing is left of a container of `--rm`, not even the reason: so its restart must say it.
        @Test func aRestartThatDoesNotBeginIsAnError() {
            Ledger.expectUnchanged {
                for flags in [["--rm"], []] {
                    let words = ["run", "-d", "--net", "none", "--name", "rsonce"] + flags
                    let program = ["sh", "-c", "rm /bin/sh; exec sleep 1000"]
                    #expect(Host.run([Host.mydocker] + words + program).code == 0)
                    Host.eventually("its shell is gone") { mydocker("exec", "rsonce", "/bin/sh", "-c", "").code != 0 }
                    let restart = mydocker("restart", "-t", "0", "rsonce")
                    #expect(restart.code == 1 && restart.text == "", "\(restart.text)")
                    #expect(restart.error.hasPrefix("mydocker: restart container "), "\(restart.error)")
                    #expect(mydocker("rm", "rsonce").code == (flags.isEmpty ? 0 : 1))
                }
                // One that is over at once has begun.
                for _ in 0..<5 {
                    succeed(
                        "run", "-d", "--rm", "--net", "none", "--name", "rsshort", "sh", "-c",
                        "[ -e /ran ] || { touch /ran; exec sleep 1000; }")
                    Host.eventually("begun") { mydocker("exec", "rsshort", "test", "-e", "/ran").code == 0 }
                    succeed("restart", "-t", "0", "rsshort")
                    Host.eventually("its end") { mydocker("inspect", "rsshort").code == 1 }
                }
            }
        }

        @Test func whatCannotBegin() {
            Ledger.expectUnchanged {
                // Not the first time: as without a policy.
                #expect(mydocker("run", "-d", "--net", "none", "--restart", "always", "/nosuchprogram").code == 127)
                // Not again: the reason is on record.
                succeed(
                    "run", "-d", "--net", "none", "--name", "rslost", "--restart", "always", "sh", "-c",
                    "rm /bin/sh; exit 1")
                Host.eventually("given up") { inspect("{{.State.Status}}", "rslost") == "exited" }
                #expect(inspect("{{.State.Error}}", "rslost").contains("\"sh\""))
                succeed("rm", "rslost")
                let conflict = mydocker("run", "--rm", "--restart", "always", "true")
                #expect(conflict.code == 125)
                #expect(
                    conflict.error == "mydocker: Conflicting options: cannot specify both --restart and --rm\n")
                #expect(runOnce("--restart", "no", "true").code == 0)
            }
        }
    }
}
