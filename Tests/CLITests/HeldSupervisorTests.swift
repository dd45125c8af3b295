import Foundation
import Testing

extension CLI {
    /// A supervisor whose program has ended and that has not come to its end, because others have what it needs, and
    /// commands that want what it still has.
    @Suite(.serialized) struct HeldSupervisors {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }

        /// A container with a published port whose supervisor waits for the xtables lock, its program having ended.
        /// - Parameter body: lets it have that lock by `release`.
        private func withHeld(_ flags: [String], _ body: (_ release: () -> Void) throws -> Void) throws {
            let network = try TestNetwork("hsnet", "10.201.141.0/24")
            defer { network.remove() }
            succeed("run", "--rm", "--net", "hsnet", "-p", "20241:80", "true")
            try Ledger.expectUnchanged {
                let box = try Box(
                    "hsbox", on: "hsnet", ["-p", "20241:80"] + flags,
                    command: ["sh", "-c", "until [ -e /go ]; do sleep 0.02; done"])
                let holder = try Background(["/usr/bin/flock", "--no-fork", "/run/xtables.lock", "/bin/sleep", "1000"])
                func release() {
                    guard holder.isRunning else { return }
                    kill(holder.pid, SIGKILL)
                    _ = holder.end()
                }
                defer { release() }
                Host.wait { Host.run(["flock", "--nonblock", "/run/xtables.lock", "true"]).code != 0 }
                succeed("exec", "-d", "hsbox", "touch", "/go")
                Host.wait { !Host.isAlive(box.pid) }
                #expect(Host.isAlive(box.supervisor))
                try body(release)
            }
        }

        private func isRunning(_ command: Background) -> Bool { Host.isAlive(Int(command.pid)) }

        /// However long it takes, as long as it does its part.
        @Test func aRemovalWaitsForIt() throws {
            try withHeld([]) { release in
                let removal = try Background([Host.mydocker, "rm", "hsbox"])
                // Longer than anybody waits for a supervisor whose end is not asked for (5 s).
                usleep(6_000_000)
                #expect(isRunning(removal), "\(removal.errorText)")
                #expect(succeed("ps", "-aq", "-f", "name=hsbox").lines.count == 1)
                release()
                #expect(removal.end() == 0, "\(removal.errorText)")
                #expect(removal.text == "hsbox\n" && removal.errorText == "")
            }
        }

        @Test func aRunOfItsNameWaitsForIt() throws {
            try withHeld(["--rm"]) { release in
                let run = try Background([
                    Host.mydocker, "run", "--rm", "--net", "none", "--name", "hsbox", "echo", "next",
                ])
                usleep(300_000)
                #expect(isRunning(run), "\(run.errorText)")
                release()
                #expect(run.end() == 0 && run.text == "next\n", "\(run.errorText)")
            }
        }

        @Test func aRunWithItsPortWaitsForIt() throws {
            try withHeld(["--rm"]) { release in
                let run = try Background([
                    Host.mydocker, "run", "--rm", "--net", "hsnet", "-p", "20241:80", "echo", "next",
                ])
                usleep(300_000)
                #expect(isRunning(run), "\(run.errorText)")
                release()
                #expect(run.end() == 0 && run.text == "next\n", "\(run.errorText)")
            }
        }

        /// A child that has not reached exec yet has the lock and the ports of a supervisor that was killed a moment longer.
        @Test func aPortOfAKilledOneIsWaitedFor() throws {
            let network = try TestNetwork("hsnet", "10.201.141.0/24")
            defer { network.remove() }
            succeed("run", "--rm", "--net", "hsnet", "-p", "20241:80", "true")
            try Ledger.expectUnchanged {
                let box = try Box("hsbox", on: "hsnet", ["--rm", "-p", "20241:80"])
                // In place of that child: copies of both.
                let files = copies(of: box.supervisor) { $0.hasPrefix("socket:") || $0.hasSuffix("/\(box.id)/lock") }
                try #require(files.count >= 2)
                box.killSupervisor()
                let run = try Background([
                    Host.mydocker, "run", "--rm", "--net", "hsnet", "-p", "20241:80", "echo", "next",
                ])
                usleep(300_000)
                #expect(isRunning(run), "\(run.errorText)")
                for file in files { close(file) }
                #expect(run.end() == 0 && run.text == "next\n", "\(run.errorText)")
                #expect(run.errorText == "")
                mydocker("rm", "-f", "hsbox")
            }
        }
    }
}
