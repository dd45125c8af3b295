import Foundation
import Testing

extension CLI {
    /// A program that has opted out of being killed with its supervisor (PR_SET_PDEATHSIG) ends with the next command that
    /// is about its container.
    @Suite(.serialized) struct OutlivingPrograms {
        private static let program = AttackProgram.build("outlive")

        init() { #expect(Host.hasDefaultImage) }

        /// Flags that give it a directory to tell that it is ready in.
        private func flags(_ scratch: String) -> [String] {
            ["-v", "\(Self.program):/outlive:ro", "-v", "\(scratch):/ready"]
        }

        /// A program that runs and whose supervisor is dead.
        private func withOrphan(_ flags: [String] = [], _ body: (Box) throws -> Void) throws {
            try withScratch { scratch in
                try Ledger.expectUnchanged {
                    let box = try Box(
                        "outlive", on: "none", flags + self.flags(scratch), command: ["/outlive", "/ready/file"])
                    Host.eventually("ready") { Host.exists("\(scratch)/file") }
                    defer {
                        kill(Int32(box.pid), SIGKILL)
                        mydocker("rm", "-f", "outlive")
                    }
                    kill(Int32(box.supervisor), SIGKILL)
                    Host.wait { !Host.isAlive(box.supervisor) }
                    try #require(Host.isAlive(box.pid))
                    try body(box)
                }
            }
        }

        private static let commands = [["stop", "-t", "0"], ["stop"], ["rm"], ["rm", "-f"]]

        @Test(arguments: commands) func theNextCommandEndsIt(_ words: [String]) throws {
            try withOrphan { box in
                let outcome = Host.run([Host.mydocker] + words + ["outlive"], seconds: 8)
                #expect(outcome.code == 0, "\(outcome.error)")
                #expect(!Host.isAlive(box.pid))
            }
        }

        /// Somebody has taken it out of the container's cgroup, by which it would be found as well.
        @Test(arguments: commands) func itIsFoundWhereverItIs(_ words: [String]) throws {
            let elsewhere = "/sys/fs/cgroup/\(KernelLimits.isUnified ? "" : "unified/")elsewhere"
            try FileManager.default.createDirectory(atPath: elsewhere, withIntermediateDirectories: false)
            defer { rmdir(elsewhere) }
            try withOrphan { box in
                Host.write("\(box.pid)", to: "\(elsewhere)/cgroup.procs")
                let outcome = Host.run([Host.mydocker] + words + ["outlive"], seconds: 15)
                #expect(outcome.code == 0, "\(outcome.error)")
                #expect(!Host.isAlive(box.pid))
            }
        }

        /// Who wants its place gets it.
        @Test func aRunOfItsNameEndsIt() throws {
            try withOrphan(["--rm"]) { box in
                #expect(runOnce("--name", "outlive", "true").code == 0)
                #expect(!Host.isAlive(box.pid))
            }
        }

        /// Its supervisor was killed when it had begun and was not on record yet: it is known by its cgroup alone.
        @Test func oneThatIsNotOnRecordEnds() throws {
            try withScratch { scratch in
                let run = ["run", "-d", "--rm", "--name", "outlive", "--net", "none"] + flags(scratch)
                let points = try FaultPoints.list(run + ["true"]) { $0.number("publish exit code") != nil }
                let start = try #require(points.number("start container process"))
                let record = try #require(points.number("replace", "/state.json", behind: start))
                Host.wait { !Host.exists("/var/lib/mydocker/names/outlive") }
                try Ledger.expectUnchanged {
                    let command = try stopping(at: record, run + ["/outlive", "/ready/file"])
                    Host.eventually("ready") { Host.exists("\(scratch)/file") }
                    let supervisor = try #require(Host.children(of: Int(command.pid)).first)
                    Host.wait { Host.state(of: supervisor) == "T" }
                    let program = try #require(Host.children(of: supervisor).first)
                    kill(Int32(supervisor), SIGKILL)
                    // The command sees to it before it says that it has failed.
                    #expect(command.end() == 125, "\(command.errorText)")
                    #expect(!Host.isAlive(program))
                    #expect(mydocker("ps", "-aq", "-f", "name=outlive").text == "")
                    kill(Int32(program), SIGKILL)
                    mydocker("rm", "-f", "outlive")
                }
            }
        }
    }
}
