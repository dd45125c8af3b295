import Foundation
import Testing

extension CLI {
    /// `create` and `start`: a container before its first run, and one that has ended.
    @Suite struct Starts {
        private func withCreated(
            _ name: String, _ arguments: String..., body: (_ id: String) throws -> Void
        ) throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                let made = Host.run([Host.mydocker, "create", "--name", name] + arguments)
                defer { Host.run([Host.mydocker, "rm", "-f", name]) }
                try #require(made.code == 0, "\(made.error)")
                #expect(made.word.count == 64 && made.lines.count == 1)
                try body(made.word)
            }
        }

        private func state(_ name: String) -> String {
            inspect("{{.State.Status}} {{.State.Running}} {{.State.ExitCode}} {{.State.Pid}}", name)
        }

        @Test func aCreatedContainerRunsWhenItIsStarted() throws {
            try withCreated("cst1", "--net", "none", "-e", "A=b", "sh", "-c", "echo $A; echo no >&2; exit 3") { id in
                #expect(state("cst1") == "created false 0 0")
                #expect(
                    succeed("ps", "-a", "--format", "{{.ID}} {{.Status}}", "-f", "name=cst1").text
                        == "\(id.prefix(12)) Created\n")
                #expect(succeed("ps", "-q", "-f", "name=cst1").text == "")
                #expect(!FileManager.default.fileExists(atPath: "/run/mydocker/containers/\(id)"))
                #expect(succeed("start", "cst1").text == "cst1\n")
                #expect(succeed("wait", "cst1").text == "3\n")
                #expect(state("cst1") == "exited false 3 0")
                let logs = mydocker("logs", "cst1")
                #expect(logs.text == "b\n" && logs.error == "no\n")
            }
        }

        @Test func whatItHasWrittenIsThereWhenItBeginsAgain() throws {
            try withCreated("cst2", "--net", "none", "sh", "-c", "echo x >>/file; cat /file; sleep 0.1") { _ in
                for count in 1...3 {
                    let outcome = mydocker("start", "-a", "cst2")
                    #expect(outcome.code == 0)
                    #expect(outcome.text == String(repeating: "x\n", count: count), "\(outcome.error)")
                }
                #expect(succeed("logs", "cst2").lines.count == 6)
                #expect(inspect("{{.RestartCount}}", "cst2") == "0")
            }
        }

        @Test func aRunIsStartedAgainWithAllThatWasAsked() throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                let network = try TestNetwork("cst3n", "10.201.150.0/24")
                defer { network.remove() }
                defer { succeed("rm", "-f", "cst3") }
                succeed(
                    "run", "-d", "--name", "cst3", "--net", "cst3n", "--ip", "10.201.150.77", "-p", "20250:80", "-v",
                    "/etc:/host:ro", "--tmpfs", "/t", "--hostname", "hh", "-w", "/tmp", "-u", "7:8", "sh", "-c",
                    "hostname; pwd; id -u; id -g; ls -d /host/passwd; ip -o -4 a show eth0; sleep 1000")
                let ports = succeed("port", "cst3").text
                Host.wait { mydocker("logs", "cst3").lines.count == 6 }
                let first = succeed("logs", "cst3").text
                #expect(first.contains("10.201.150.77/24"))
                succeed("stop", "-t", "0", "cst3")
                #expect(succeed("port", "cst3").text == "")
                succeed("start", "cst3")
                Host.wait { mydocker("logs", "cst3").lines.count == 12 }
                #expect(succeed("logs", "--tail", "6", "cst3").text == first)
                #expect(succeed("port", "cst3").text == ports && ports == "80/tcp -> 0.0.0.0:20250\n")
                try CheckReport.expectClean()
            }
        }

        /// The links of the runs before go when the kernel comes to it.
        @Test func linksOfEarlierRunsAreNotInTheWay() throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                let network = try TestNetwork("cst15n", "10.201.153.0/24")
                defer { network.remove() }
                let id = succeed("create", "--name", "cst15", "--net", "cst15n", "echo", "x").word
                defer { succeed("rm", "cst15") }
                let names = [5, 10, 15].map { String(id.prefix($0)) }
                for name in names { Host.shell("ip link add \(name) type bridge") }
                let outcome = mydocker("start", "-a", "cst15")
                for name in names { Host.shell("ip link del \(name)") }
                #expect(outcome.code == 0 && outcome.text == "x\n", "\(outcome.error)")
                for _ in 0..<20 { #expect(mydocker("start", "-a", "cst15").text == "x\n") }
            }
        }

        @Test func oneThatRunsIsStartedAlready() throws {
            try withContainer("cst4", "sleep", "1000") { _ in
                let pid = inspect("{{.State.Pid}}", "cst4")
                #expect(succeed("start", "cst4").text == "cst4\n")
                #expect(inspect("{{.State.Pid}}", "cst4") == pid)
            }
        }

        @Test func severalAreStartedEachForItself() throws {
            try withCreated("cst5", "--net", "none", "true") { _ in
                let outcome = mydocker("start", "cnowhere", "cst5")
                #expect(outcome.code == 1)
                #expect(outcome.text == "cst5\n")
                #expect(outcome.error == "mydocker: No such container: cnowhere\n")
                let both = mydocker("start", "-a", "cst5", "cst5")
                #expect(both.code == 1)
                #expect(both.error.hasPrefix("mydocker: you cannot start and attach multiple containers at once"))
            }
        }

        @Test func aProgramThatIsNotThereLeavesItCreated() throws {
            try withCreated("cst6", "--net", "none", "--entrypoint", "/nope", "busybox") { id in
                for _ in 0..<2 {
                    let outcome = mydocker("start", "cst6")
                    #expect(outcome.code == 1 && outcome.text == "")
                    #expect(outcome.error.contains("/nope"), "\(outcome.error)")
                    #expect(inspect("{{.State.Status}} {{.State.ExitCode}}", "cst6") == "created 127")
                    #expect(inspect("{{.State.Error}}", "cst6").contains("/nope"))
                    #expect(!FileManager.default.fileExists(atPath: "/run/mydocker/containers/\(id)"))
                }
            }
        }

        @Test func aTakenPortFailsTheStartAndNotTheContainer() throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                let network = try TestNetwork("cst7n", "10.201.151.0/24")
                defer { network.remove() }
                defer { succeed("rm", "-f", "cst7", "cst7b") }
                succeed("create", "--name", "cst7", "--net", "cst7n", "-p", "20251:80", "sleep", "1000")
                succeed("run", "-d", "--name", "cst7b", "--net", "cst7n", "-p", "20251:80", "sleep", "1000")
                let outcome = mydocker("start", "cst7")
                #expect(outcome.code == 1)
                #expect(outcome.error.contains("Bind for 0.0.0.0:20251 failed: port is already allocated"))
                try CheckReport.expectClean()
                succeed("rm", "-f", "cst7b")
                succeed("start", "cst7")
                #expect(state("cst7").hasPrefix("running true 0"))
            }
        }

        @Test func aNetworkThatIsGoneIsSaid() throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                let network = try TestNetwork("cst8n", "10.201.152.0/24")
                succeed("create", "--name", "cst8", "--net", "cst8n", "true")
                defer { succeed("rm", "cst8") }
                network.remove()
                let outcome = mydocker("start", "cst8")
                #expect(outcome.code == 1 && outcome.error.hasPrefix("mydocker: network cst8n not found"))
                #expect(state("cst8") == "created false 0 0")
            }
        }

        @Test func verbsOfACreatedContainer() throws {
            try withCreated("cst9", "--net", "none", "true") { id in
                #expect(succeed("stop", "cst9").text == "cst9\n")
                #expect(succeed("wait", "cst9").text == "0\n")
                #expect(succeed("logs", "cst9").text == "")
                for verb in [["kill", "cst9"], ["exec", "cst9", "true"]] {
                    let outcome = Host.run([Host.mydocker] + verb)
                    #expect(outcome.code == 1 && outcome.error.contains("\(id) is not running"), "\(outcome.error)")
                }
                #expect(
                    mydocker("run", "--rm", "--net", "none", "--name", "cst9", "true").error.hasPrefix(
                        "mydocker: Conflict."))
                #expect(succeed("rm", "cst9").text == "cst9\n")
            }
        }

        @Test func itIsRemovedAtItsEndWhenThatWasAsked() throws {
            try withCreated("cst10", "--rm", "--net", "none", "sh", "-c", "exit 4") { _ in
                #expect(state("cst10") == "created false 0 0")
                try CheckReport.expectClean()
                #expect(mydocker("start", "-a", "cst10").code == 4)
                #expect(mydocker("inspect", "cst10").code == 1)
            }
        }

        @Test func aForegroundRunPassesItsInput() throws {
            try withCreated("cst11", "-i", "--net", "none", "cat") { _ in
                let outcome = mydocker("start", "-ai", "cst11", input: Data("one\ntwo\n".utf8))
                #expect(outcome.code == 0 && outcome.text == "one\ntwo\n")
            }
        }

        @Test func oneOfManyStartersBegins() throws {
            try withCreated("cst12", "--net", "none", "sh", "-c", "echo begun; sleep 1000") { _ in
                let starters = try (0..<6).map { _ in try GroupCommand([Host.mydocker, "start", "cst12"]) }
                for starter in starters { #expect(starter.end(seconds: 20) == 0, "\(starter.text)") }
                Host.wait { mydocker("logs", "cst12").lines.count > 0 }
                #expect(succeed("logs", "cst12").text == "begun\n")
            }
        }

        /// Whatever comes first: the container is gone afterwards, or it runs; never half of each.
        @Test func aStartBesideARemoval() throws {
            #expect(Host.hasDefaultImage)
            var removed = 0
            try Ledger.expectUnchanged {
                for _ in 0..<20 {
                    succeed("create", "--name", "cst13", "--net", "none", "sleep", "1000")
                    let removal = try GroupCommand([Host.mydocker, "rm", "cst13"])
                    let start = try GroupCommand([Host.mydocker, "start", "cst13"])
                    let isRemoved = removal.end(seconds: 20) == 0
                    let code = start.end(seconds: 20)
                    if isRemoved {
                        removed += 1
                        #expect(code == 1 && start.text.contains("No such container"), "\(start.text)")
                    } else {
                        #expect(code == 0, "\(start.text)")
                        #expect(removal.text.contains("cannot remove container"), "\(removal.text)")
                        #expect(state("cst13").hasPrefix("running true"))
                        succeed("rm", "-f", "cst13")
                    }
                    try CheckReport.expectClean()
                }
            }
        }

        @Test func oneWhoseSupervisorWasKilledBeginsAgain() throws {
            try withCreated("cst14", "--net", "none", "sleep", "1000") { id in
                succeed("start", "cst14")
                kill(pid_t(try Host.supervisor(of: "cst14")), SIGKILL)
                #expect(succeed("start", "cst14").text == "cst14\n")
                #expect(state("cst14").hasPrefix("running true 0"))
            }
        }
    }
}
