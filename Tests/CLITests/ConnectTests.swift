import Foundation
import Testing

extension CLI {
    /// `network connect` and `network disconnect`, and `restart`: asked of the supervisor of a container that runs.
    @Suite struct Connections {
        private func withTwo(_ body: () throws -> Void) throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                let networks = [
                    try TestNetwork("ccon1", "10.201.160.0/24"), try TestNetwork("ccon2", "10.201.161.0/24"),
                ]
                defer { for network in networks { network.remove() } }
                try body()
            }
        }

        private func withRunning(_ arguments: String..., body: (_ id: String) throws -> Void) throws {
            try withRunning(arguments: arguments, body: body)
        }

        private func withRunning(arguments: [String], body: (_ id: String) throws -> Void) throws {
            let started = Host.run([Host.mydocker, "run", "-d", "--name", "ccon"] + arguments)
            defer { Host.run([Host.mydocker, "rm", "-f", "ccon"]) }
            try #require(started.code == 0, "\(started.error)")
            try body(started.word)
        }

        private func addresses() -> [String] {
            succeed("exec", "ccon", "ip", "-o", "-4", "address").lines.filter { !$0.contains(" lo ") }
                .map { $0.split(separator: " ").dropFirst().prefix(3).joined(separator: " ") }
        }
        private var defaultRoutes: [String] {
            succeed("exec", "ccon", "ip", "route").lines.filter { $0.hasPrefix("default") }
                .map { $0.trimmingCharacters(in: .whitespaces) }
        }

        @Test func aRunningContainerJoinsAndLeaves() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "-p", "20260:80", "sleep", "1000") { id in
                    succeed("network", "connect", "--ip", "10.201.161.9", "ccon2", "ccon")
                    #expect(addresses() == ["eth0 inet 10.201.160.2/24", "eth1 inet 10.201.161.9/24"])
                    #expect(defaultRoutes == ["default via 10.201.160.1 dev eth0"])
                    #expect(succeed("exec", "ccon", "ping", "-c1", "-W2", "10.201.161.1").code == 0)
                    #expect(
                        inspect("{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}", "ccon") == "ccon1 ccon2"
                    )
                    try CheckReport.expectClean()
                    let twice = mydocker("network", "connect", "ccon2", "ccon")
                    #expect(twice.code == 1)
                    #expect(twice.error == "mydocker: endpoint with name ccon already exists in network ccon2\n")
                    succeed("network", "disconnect", "ccon2", "ccon")
                    #expect(addresses() == ["eth0 inet 10.201.160.2/24"])
                    let gone = mydocker("network", "disconnect", "ccon2", "ccon")
                    #expect(gone.code == 1)
                    #expect(gone.error == "mydocker: container \(id) is not connected to network ccon2\n")
                    try CheckReport.expectClean()
                }
            }
        }

        @Test func itsOwnNameFollows() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "--hostname", "box", "sleep", "1000") { _ in
                    func hosts() -> [String] {
                        succeed("exec", "ccon", "cat", "/etc/hosts").lines.filter {
                            $0.contains("box") || $0.contains("own")
                        }
                    }
                    succeed("exec", "ccon", "sh", "-c", "echo 1.2.3.4 own >>/etc/hosts")
                    succeed("network", "connect", "ccon2", "ccon")
                    #expect(hosts() == ["10.201.160.2\tbox", "1.2.3.4 own", "10.201.161.2\tbox"])
                    succeed("network", "disconnect", "ccon1", "ccon")
                    #expect(hosts() == ["1.2.3.4 own", "10.201.161.2\tbox"])
                }
                // What is the user's own file, or cannot be written, is left alone.
                let file = NSTemporaryDirectory() + "ccon-hosts"
                try "mine box\n".write(toFile: file, atomically: true, encoding: .utf8)
                defer { unlink(file) }
                for flags in [["-v", "\(file):/etc/hosts"], ["--read-only"]] {
                    try withRunning(arguments: ["--net", "ccon1", "--hostname", "box"] + flags + ["sleep", "1000"]) {
                        _ in
                        let before = succeed("exec", "ccon", "cat", "/etc/hosts").text
                        succeed("network", "connect", "ccon2", "ccon")
                        #expect(succeed("exec", "ccon", "cat", "/etc/hosts").text == before)
                    }
                }
            }
        }

        /// Where nothing else is left they go by an internal network, as with `run`, and on to the next one.
        @Test func thePortsGoByAnInternalNetwork() throws {
            try withTwo {
                succeed("network", "create", "--internal", "--subnet", "10.201.162.0/24", "cconint")
                defer { Host.run([Host.mydocker, "network", "rm", "cconint"]) }
                try withRunning("--net", "ccon1", "--net", "cconint", "-p", "20263:80", "sleep", "1000") { _ in
                    let port = "80/tcp -> 0.0.0.0:20263\n"
                    for command in [["disconnect", "ccon1"], ["connect", "ccon2"], ["disconnect", "cconint"]] {
                        succeed("network", command[0], command[1], "ccon")
                        #expect(succeed("port", "ccon").text == port, "\(command)")
                    }
                    #expect(defaultRoutes.count == 1)
                    try CheckReport.expectClean()
                }
            }
        }

        @Test func thatPortsOfAnInternalNetworkAreThisHostsAloneIsSaid() throws {
            try withTwo {
                let network = try TestNetwork("cconint", "10.201.162.0/24", "--internal")
                defer { network.remove() }
                let said = "network cconint is internal: what -p publishes is for this host alone, at localhost"
                let run = [Host.mydocker, "run", "--rm", "--net", "cconint"]
                let alone = Host.run(run + ["-p", "20265:80", "true"])
                #expect(alone.code == 0 && alone.error == "mydocker: warning: \(said)\n", "\(alone.error)")
                for flags in [[], ["-p", "20265:80", "--net", "ccon1"]] {
                    let outcome = Host.run(run + flags + ["true"])
                    #expect(outcome.code == 0 && outcome.error == "", "\(outcome.error)")
                }
            }
        }

        /// They leave an internal network for the first one that leads elsewhere, for good.
        @Test func thePortsGoByTheNetworkThatLeadsOut() throws {
            try withTwo {
                succeed("network", "create", "--internal", "--subnet", "10.201.162.0/24", "cconint")
                defer { Host.run([Host.mydocker, "network", "rm", "cconint"]) }
                func leadsOut() -> Bool {
                    Host.destinations(ofPort: 20264).contains { $0.hasPrefix("10.201.160.") }
                }
                for flags in [["--net", "cconint", "--net", "ccon1"], ["--net", "cconint"]] {
                    let arguments = flags + ["-p", "20264:80", "sleep", "1000"]
                    try withRunning(arguments: arguments) { _ in
                        if flags.count == 2 { succeed("network", "connect", "ccon1", "ccon") }
                        #expect(leadsOut(), "\(flags)")
                        succeed("restart", "-t", "0", "ccon")
                        #expect(leadsOut(), "\(flags)")
                        try CheckReport.expectClean()
                    }
                }
            }
        }

        /// They wait for the next network, whether it runs or not.
        @Test(arguments: [true, false]) func thePortsOutliveTheLastNetwork(_ isRunning: Bool) throws {
            try withTwo {
                try withRunning("--net", "ccon1", "-p", "20262:80", "sleep", "1000") { _ in
                    if !isRunning { succeed("stop", "-t", "0", "ccon") }
                    succeed("network", "disconnect", "ccon1", "ccon")
                    #expect(inspect("{{(index .HostConfig.PortBindings \"80/tcp\" 0).HostPort}}", "ccon") == "20262")
                    #expect(!Host.rulesOfBoth.contains { $0.contains("20262") })
                    succeed("network", "connect", "ccon2", "ccon")
                    if !isRunning { succeed("start", "ccon") }
                    #expect(succeed("port", "ccon").text == "80/tcp -> 0.0.0.0:20262\n")
                    #expect(Host.destinations(ofPort: 20262).contains { $0.hasPrefix("10.201.161.") })
                    try CheckReport.expectClean()
                }
            }
        }

        @Test func aNetworkThatIsGoneCanBeLeft() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "sleep", "1000") { _ in
                    succeed("network", "connect", "ccon2", "ccon")
                    succeed("stop", "-t", "0", "ccon")
                    succeed("network", "rm", "ccon2")
                    #expect(mydocker("start", "ccon").code == 1)
                    succeed("network", "disconnect", "ccon2", "ccon")
                    succeed("start", "ccon")
                    #expect(addresses() == ["eth0 inet 10.201.160.3/24"])
                    _ = try TestNetwork("ccon2", "10.201.161.0/24")
                }
            }
        }

        /// Each of many at once is told the truth.
        @Test func oneOfManyJoinsWhatDoesNotRun() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "sleep", "1000") { _ in
                    succeed("stop", "-t", "0", "ccon")
                    let many = try (0..<8).map { _ in
                        try Background([Host.mydocker, "network", "connect", "ccon2", "ccon"])
                    }
                    #expect(many.map { $0.end() }.sorted() == [0, 1, 1, 1, 1, 1, 1, 1])
                    succeed("start", "ccon")
                    #expect(addresses().count == 2)
                }
            }
        }

        @Test func theNetworksOfNobodyRefuse() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "sleep", "1000") { _ in
                    for (name, sentence) in [
                        ("host", "container cannot be disconnected from host network or connected to host network"),
                        (
                            "none",
                            "container cannot be connected to multiple networks with one of the networks in private "
                                + "(none) mode"
                        ),
                        ("nosuch", "network nosuch not found"),
                    ] {
                        let outcome = mydocker("network", "connect", name, "ccon")
                        #expect(outcome.code == 1 && outcome.error == "mydocker: \(sentence)\n", "\(outcome.error)")
                    }
                }
            }
        }

        /// What it publishes, and its way out, go by the network that is left.
        @Test func thePortsStayWithTheContainer() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "-p", "20261:80", "sleep", "1000") { _ in
                    succeed("network", "connect", "ccon2", "ccon")
                    succeed("network", "disconnect", "ccon1", "ccon")
                    #expect(addresses() == ["eth1 inet 10.201.161.2/24"])
                    #expect(defaultRoutes == ["default via 10.201.161.1 dev eth1"])
                    #expect(succeed("port", "ccon").text == "80/tcp -> 0.0.0.0:20261\n")
                    #expect(Host.destinations(ofPort: 20261) == ["10.201.161.2:80"])
                    try CheckReport.expectClean()
                    succeed("network", "rm", "ccon1")
                    _ = try TestNetwork("ccon1", "10.201.160.0/24")
                    succeed("stop", "-t", "0", "ccon")
                    succeed("start", "ccon")
                    #expect(succeed("port", "ccon").text == "80/tcp -> 0.0.0.0:20261\n")
                    #expect(addresses() == ["eth0 inet 10.201.161.3/24"])
                }
            }
        }

        @Test func oneThatHasEndedIsConnectedWhenItBegins() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "sleep", "1000") { _ in
                    succeed("stop", "-t", "0", "ccon")
                    succeed("network", "connect", "ccon2", "ccon")
                    succeed("network", "disconnect", "-f", "ccon1", "ccon")
                    succeed("start", "ccon")
                    #expect(addresses() == ["eth0 inet 10.201.161.2/24"])
                }
            }
        }

        @Test func itCanBeOnNoNetwork() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "-p", "20262:80", "sleep", "1000") { _ in
                    succeed("network", "disconnect", "ccon1", "ccon")
                    #expect(addresses() == [] && defaultRoutes == [])
                    #expect(succeed("port", "ccon").text == "")
                    // What was asked for at its beginning, as in Docker.
                    #expect(inspect("{{.HostConfig.NetworkMode}}", "ccon") == "ccon1")
                    succeed("run", "--rm", "--net", "ccon2", "-p", "20262:80", "true")
                    succeed("network", "connect", "ccon1", "ccon")
                    #expect(addresses().count == 1 && defaultRoutes.count == 1)
                    try CheckReport.expectClean()
                }
            }
        }

        @Test(arguments: ["none", "host"]) func otherModesAreRefused(mode: String) throws {
            try withTwo {
                try withRunning("--net", mode, "sleep", "1000") { _ in
                    let outcome = mydocker("network", "connect", "ccon1", "ccon")
                    #expect(outcome.code == 1 && outcome.error.contains("cannot be connected"), "\(outcome.error)")
                }
            }
        }

        @Test func whatIsNotThereIsSaid() throws {
            try withTwo {
                for words in [["cnowhere", "ccon"], ["ccon1", "cnobody"]] {
                    for verb in ["connect", "disconnect"] {
                        let outcome = Host.run([Host.mydocker, "network", verb] + words)
                        #expect(outcome.code == 1)
                        #expect(
                            outcome.error.contains("cnowhere not found") || outcome.error.contains("No such container"))
                    }
                }
                try withRunning("--net", "ccon1", "sleep", "1000") { _ in
                    let outcome = mydocker("network", "connect", "--ip", "10.99.0.1", "ccon2", "ccon")
                    #expect(outcome.code == 1 && outcome.error.contains("out of range"), "\(outcome.error)")
                    #expect(addresses() == ["eth0 inet 10.201.160.2/24"])
                    try CheckReport.expectClean()
                }
            }
        }

        /// Fails, or is killed, at each point of a connection: the container goes on, or is gone, and nothing is left over.
        @Test func theSupervisorIsKilledBetween() throws {
            try withTwo {
                for round in 0..<5 {
                    try withRunning("--net", "ccon1", "sleep", "1000") { _ in
                        let supervisor = pid_t(try Host.supervisor(of: "ccon"))
                        let connection = try GroupCommand([Host.mydocker, "network", "connect", "ccon2", "ccon"])
                        usleep(UInt32(2000 * (round + 1)))
                        kill(supervisor, SIGKILL)
                        _ = connection.end(seconds: 20)
                        succeed("start", "ccon")
                        #expect([1, 2].contains(addresses().count))
                        try CheckReport.expectClean()
                    }
                }
            }
        }

        @Test func aRestartKeepsNameAddressAndPorts() throws {
            try withTwo {
                try withRunning("--net", "ccon1", "-p", "20263:80", "sh", "-c", "echo x >>/f; cat /f; exec sleep 1000")
                { _ in
                    let before = (addresses(), inspect("{{.State.Pid}}", "ccon"), succeed("port", "ccon").text)
                    #expect(succeed("restart", "-t", "0", "ccon").text == "ccon\n")
                    #expect(addresses() == before.0)
                    #expect(inspect("{{.State.Pid}}", "ccon") != before.1)
                    #expect(succeed("port", "ccon").text == before.2)
                    #expect(inspect("{{.RestartCount}} {{.State.Status}}", "ccon") == "0 running")
                    Host.wait { mydocker("logs", "ccon").lines.count == 3 }
                    try CheckReport.expectClean()
                }
            }
        }

        @Test func aRestartOfOneThatIsToBeRemovedKeepsIt() throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                try withRunning("--rm", "--net", "none", "sleep", "1000") { id in
                    succeed("restart", "-t", "0", "ccon")
                    #expect(inspect("{{.Id}} {{.State.Status}}", "ccon") == "\(id) running")
                    succeed("stop", "-t", "0", "ccon")
                    #expect(mydocker("inspect", "ccon").code == 1)
                }
            }
        }

        @Test func aRestartOfOneThatHasEndedOrRests() throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                try withRunning("--net", "none", "sh", "-c", "test -e /f && exec sleep 1000; touch /f; exit 3") { _ in
                    succeed("wait", "ccon")
                    #expect(succeed("restart", "ccon").text == "ccon\n")
                    #expect(inspect("{{.State.Status}}", "ccon") == "running")
                    #expect(mydocker("restart", "cnobody").error == "mydocker: No such container: cnobody\n")
                }
                try withRunning("--restart", "always", "--net", "none", "sh", "-c", "exit 1") { _ in
                    Host.wait { inspect("{{.State.Status}} {{.RestartCount}}", "ccon") == "restarting 4" }
                    #expect(succeed("restart", "ccon").text == "ccon\n")
                }
            }
        }

        /// Whoever stops it while it is being restarted has the last word.
        @Test func aStopBesideARestart() throws {
            #expect(Host.hasDefaultImage)
            try Ledger.expectUnchanged {
                try withRunning("--net", "none", "sh", "-c", "trap 'sleep 0.3; exit 0' TERM; sleep 1000 & wait") { _ in
                    let restart = try GroupCommand([Host.mydocker, "restart", "ccon"])
                    usleep(100_000)
                    let stop = try GroupCommand([Host.mydocker, "stop", "ccon"])
                    #expect(stop.end(seconds: 12) == 0)
                    _ = restart.end(seconds: 12)
                    #expect(inspect("{{.State.Status}}", "ccon") == "exited")
                }
            }
        }
    }
}
