import Foundation
import Testing

extension CLI {
    /// `network connect` and `disconnect` of a container that runs, while somebody else has a lock that is needed for that: its
    /// supervisor goes on with all the rest.
    @Suite(.serialized) struct HeldConnections {
        init() { #expect(Host.hasDefaultImage) }

        /// A container that writes line after line, and a stranger who has the lock of all networks.
        private func withHeld(_ body: (Box, _ holder: Background) throws -> Void) throws {
            try Ledger.expectUnchanged {
                let networks = [
                    try TestNetwork("hcnet0", "10.201.146.0/24"), try TestNetwork("hcnet1", "10.201.147.0/24"),
                ]
                defer { for network in networks { network.remove() } }
                let box = try Box(
                    "hcbox", on: "hcnet0",
                    command: ["sh", "-c", "trap 'exit 7' TERM; i=0; while :; do echo $((i += 1)); sleep 0.02; done"])
                defer { Host.run([Host.mydocker, "rm", "-f", "hcbox"]) }
                let holder = try Background(["/usr/bin/flock", "--no-fork", "/run/mydocker/lock", "/bin/sleep", "1000"])
                defer { release(holder) }
                Host.wait { Host.run(["flock", "--nonblock", "/run/mydocker/lock", "true"]).code != 0 }
                try body(box, holder)
            }
        }

        private func release(_ holder: Background) {
            guard holder.isRunning else { return }
            kill(holder.pid, SIGKILL)
            _ = holder.end()
        }

        private func workers(of box: Box) -> [Int32] {
            Host.run(["pgrep", "-P", "\(box.supervisor)", "-f", "network change"]).lines.compactMap { Int32($0) }
        }

        private var lines: Int { succeed("logs", "hcbox").lines.count }

        private func expectProgress() {
            let before = lines
            Host.eventually("output goes on") { lines > before + 5 }
        }

        @Test func theProgramGoesOn() throws {
            try withHeld { _, holder in
                let connect = try Background([Host.mydocker, "network", "connect", "hcnet1", "hcbox"])
                usleep(300_000)
                expectProgress()
                #expect(connect.isRunning, "\(connect.errorText)")
                let second = try Background([Host.mydocker, "network", "disconnect", "hcnet0", "hcbox"])
                let attached = try Background([Host.mydocker, "attach", "--no-stdin", "hcbox"])
                attached.expect("\n")
                kill(attached.pid, SIGKILL)
                _ = attached.end()
                release(holder)
                #expect(connect.end() == 0, "\(connect.errorText)")
                #expect(second.end() == 0, "\(second.errorText)")
                #expect(succeed("exec", "hcbox", "ip", "-o", "-4", "address").text.contains("10.201.147."))
                expectProgress()
                try CheckReport.expectClean()
            }
        }

        @Test func theProgramCanBeEnded() throws {
            try withHeld { _, holder in
                let connect = try Background([Host.mydocker, "network", "connect", "hcnet1", "hcbox"])
                usleep(300_000)
                #expect(connect.isRunning)
                // Its own end needs that lock, too, and comes when that is free.
                let stop = try Background([Host.mydocker, "kill", "-s", "TERM", "hcbox"])
                #expect(stop.end() == 0, "\(stop.errorText)")
                Host.eventually("the program has ended") { Host.run(["pgrep", "-f", "trap 'exit 7'"]).code != 0 }
                release(holder)
                #expect(mydocker("wait", "hcbox").word == "7")
                // It is on the network the next time.
                #expect(connect.end() == 0, "\(connect.errorText)")
                succeed("start", "hcbox")
                #expect(succeed("exec", "hcbox", "ip", "-o", "-4", "address").text.contains("10.201.147."))
                try CheckReport.expectClean()
            }
        }

        @Test func aKilledChangeLeavesNothing() throws {
            try withHeld { box, holder in
                let connect = try Background([Host.mydocker, "network", "connect", "hcnet1", "hcbox"])
                func workers() -> [Int32] {
                    Host.run(["pgrep", "-P", "\(box.supervisor)", "-f", "network change"]).lines.compactMap {
                        Int32($0)
                    }
                }
                Host.eventually("the change is being made") { !workers().isEmpty }
                for worker in workers() { kill(worker, SIGKILL) }
                #expect(connect.end() == 1)
                #expect(connect.errorText == "mydocker: change networks: the process that was at it was killed\n")
                release(holder)
                expectProgress()
                try CheckReport.expectClean()
                succeed("network", "connect", "hcnet1", "hcbox")
                #expect(succeed("exec", "hcbox", "ip", "-o", "-4", "address").text.contains("10.201.147."))
            }
        }

        /// The worker's own points come after those of its supervisor's start: each of them is met once.
        private func withWorkerKilledAnywhere(
            _ prepare: [[String]], _ change: [String], _ check: (_ whole: Bool) -> Void
        ) throws {
            let networks = [try TestNetwork("hcnet0", "10.201.146.0/24"), try TestNetwork("hcnet1", "10.201.147.0/24")]
            defer { for network in networks { network.remove() } }
            let run = ["run", "-d", "--name", "hcwalk", "--net", "hcnet0", "-p", "20246:80", "sleep", "1000"]
            defer { Host.run([Host.mydocker, "rm", "-f", "hcwalk"]) }
            let list = "\(NSTemporaryDirectory())/hcwalk.\(UUID().uuidString)"
            defer { unlink(list) }
            func begin(_ environment: [String: String]) {
                #expect(Host.run([Host.mydocker] + run, environment: environment).code == 0)
                for command in prepare { #expect(Host.run([Host.mydocker] + command).code == 0, "\(command)") }
            }
            begin(["MYDOCKER_FAULT_LIST": list])
            let first = Host.read(list).split(separator: "\n").count + 1
            #expect(Host.run([Host.mydocker] + change).code == 0)
            let last = Host.read(list).split(separator: "\n").count
            #expect(last > first + 5, "\(first) \(last)")
            succeed("rm", "-f", "hcwalk")
            for point in first...last {
                begin(["MYDOCKER_FAULT": "kill@\(point)"])
                let changed = Host.run([Host.mydocker] + change)
                // What is half done is mended at once.
                Host.eventually("order after \(point)") { mydocker("system", "check").code == 0 }
                check(changed.code == 0)
                // What is left is on record before it goes.
                Host.eventually("its port after \(point)") {
                    mydocker("port", "hcwalk").text == "80/tcp -> 0.0.0.0:20246\n"
                        && Host.run(["ss", "-4", "-Hltn", "sport = :20246"]).lines.count == 1
                }
                succeed("rm", "-f", "hcwalk")
            }
        }

        private var networks: String {
            mydocker("inspect", "-f", "{{range $n, $e := .NetworkSettings.Networks}}{{$n}} {{end}}", "hcwalk").word
        }
        private var routes: Int {
            succeed("exec", "hcwalk", "ip", "route").lines.filter { $0.hasPrefix("default") }.count
        }

        @Test func aConnectionThatIsKilledAnywhere() throws {
            try Ledger.expectUnchanged {
                try withWorkerKilledAnywhere([], ["network", "connect", "hcnet1", "hcwalk"]) { isWhole in
                    Host.eventually("one or the other") {
                        let interfaces = Host.run([Host.mydocker, "exec", "hcwalk", "ls", "/sys/class/net"]).lines.count
                        return isWhole ? networks == "hcnet0 hcnet1" : networks == "hcnet0" && interfaces == 2
                    }
                    #expect(routes == 1)
                }
            }
        }

        @Test func aDisconnectionThatIsKilledAnywhere() throws {
            try Ledger.expectUnchanged {
                let connect = ["network", "connect", "hcnet1", "hcwalk"]
                try withWorkerKilledAnywhere([connect], ["network", "disconnect", "hcnet0", "hcwalk"]) { isWhole in
                    Host.eventually("one or the other") {
                        let isGone = networks == "hcnet1"
                        return isGone || !isWhole && networks == "hcnet0 hcnet1"
                    }
                    Host.eventually("a default route") { routes == 1 }
                }
            }
        }

        /// A lock of the network's, which what is mended needs, too.
        @Test func theProgramGoesOnWhileItIsMended() throws {
            try withHeld { box, holder in
                release(holder)
                succeed("run", "--rm", "--net", "hcnet1", "true")
                let id = succeed("network", "inspect", "-f", "{{.Id}}", "hcnet1").word
                let lock = "/run/mydocker/networks/\(id)/lock"
                let other = try Background(["/usr/bin/flock", "--no-fork", lock, "/bin/sleep", "1000"])
                defer { release(other) }
                Host.wait { Host.run(["flock", "--nonblock", lock, "true"]).code != 0 }
                let connect = try Background([Host.mydocker, "network", "connect", "hcnet1", "hcbox"])
                for _ in 0..<2 {
                    Host.eventually("the change is being made") { !workers(of: box).isEmpty }
                    for worker in workers(of: box) { kill(worker, SIGKILL) }
                    usleep(100_000)
                }
                #expect(connect.end() == 1)
                expectProgress()
                release(other)
                Host.eventually("it is on one network") {
                    mydocker("inspect", "-f", "{{len .NetworkSettings.Networks}}", "hcbox").word == "1"
                }
                succeed("network", "connect", "hcnet1", "hcbox")
                try CheckReport.expectClean()
            }
        }

        /// Nobody's end of a pipe waits for the change.
        @Test func theEndOfInputArrives() throws {
            try withHeld { _, holder in
                let cat = try Background(
                    [Host.mydocker, "run", "-i", "--rm", "--name", "hccat", "--net", "none", "cat"], hasInput: true)
                cat.write("a\n")
                cat.expect("a\n")
                succeed("network", "disconnect", "none", "hccat")
                let connect = try Background([Host.mydocker, "network", "connect", "hcnet1", "hccat"])
                usleep(300_000)
                #expect(connect.isRunning, "\(connect.errorText)")
                cat.closeInput()
                Host.eventually("the program has ended") { Host.run(["pgrep", "-x", "cat"]).code != 0 }
                release(holder)
                #expect(cat.end() == 0)
                _ = connect.end()
            }
        }
    }
}
