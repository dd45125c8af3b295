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
    }
}
