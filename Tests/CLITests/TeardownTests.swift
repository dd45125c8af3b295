import Foundation
import Testing

extension CLI {
    /// What a supervisor takes away at the end, when something stands in its way.
    @Suite(.serialized) struct Teardown {
        init() {
            Host.switchRoutingOn()
            #expect(Host.hasDefaultImage)
        }

        private func runtime(_ id: String) -> String { "/run/mydocker/containers/\(id)" }

        /// Something is mounted on its cgroup, which so cannot be removed, however often that is tried.
        @Test func theExitCodeIsKeptWhenNothingElseCanBe() throws {
            try withScratch { scratch in
                try Ledger.expectUnchanged {
                    let box = try Box(
                        "tdcode", on: "none", ["-v", "\(scratch):/shared"],
                        command: ["sh", "-c", "until [ -e /shared/go ]; do sleep 0.02; done; exit 7"])
                    try FileManager.default.createDirectory(
                        atPath: "\(scratch)/mounted", withIntermediateDirectories: false)
                    let cgroups = Host.shell("find /sys/fs/cgroup -type d -name \(box.id)").lines
                    for cgroup in cgroups { Host.run(["mount", "--bind", "\(scratch)/mounted", cgroup]) }
                    defer {
                        for cgroup in cgroups { Host.run(["umount", cgroup]) }
                        mydocker("rm", "-f", "tdcode")
                    }
                    try #require(!cgroups.isEmpty)
                    try writeFile("", "\(scratch)/go")
                    Host.wait { !Host.isAlive(box.supervisor) }
                    // It has given up, and left to others what it could not do.
                    #expect(Host.exists(runtime(box.id) + "/state.json"))
                    #expect(inspect("{{.State.Status}} {{.State.ExitCode}}", "tdcode") == "exited 7")
                    for cgroup in cgroups { #expect(Host.run(["umount", cgroup]).code == 0) }
                    succeed("stop", "tdcode")
                    #expect(!Host.exists(runtime(box.id)))
                    let end = "{{.State.Status}} {{.State.ExitCode}} [{{.State.Error}}]"
                    #expect(inspect(end, "tdcode") == "exited 7 []")
                    #expect(succeed("wait", "tdcode").word == "7")
                }
            }
        }

        /// What failed once is done by the supervisor itself: nobody may come by.
        @Test func whatFailsIsTriedOnceMore() throws {
            let network = try TestNetwork("tdtwice", "10.201.140.0/24")
            defer { network.remove() }
            let run = ["run", "-d", "--rm", "--name", "tdtwice", "--net", "tdtwice", "-p", "20240:80", "true"]
            succeed("run", "--rm", "--net", "tdtwice", "-p", "20240:80", "true")
            let points = try FaultPoints.list(run) { $0.number("remove", "/names/tdtwice") != nil }
            Host.wait { !Host.exists("/var/lib/mydocker/names/tdtwice") }
            let end = try #require(points.number("publish exit code"))
            for operation in ["take xtables lock", "remove cgroup"] {
                let number = try #require(points.number(operation, behind: end), "\(operation)")
                Ledger.expectUnchanged {
                    let started = Host.run([Host.mydocker] + run, environment: ["MYDOCKER_FAULT": "error@\(number)"])
                    #expect(started.code == 0, "\(started.error)")
                    Host.eventually("nothing is left after \(operation)") { !Host.exists(runtime(started.word)) }
                    #expect(!Host.rules("nat").contains { $0.contains("20240") })
                }
            }
        }

        /// Who finds a container's runtime directory without a lock in it finds nothing else there.
        @Test func theLockGoesLast() throws {
            try Ledger.expectUnchanged {
                // A dead supervisor leaves all of that to whoever removes it.
                let box = try Box("tdlast", on: "none")
                box.killSupervisor()
                let all = try FaultPoints.list(["rm", "tdlast"])
                let again = try Box("tdlast", on: "none")
                again.killSupervisor()
                let number = try #require(all.number("remove", runtime(box.id) + "/lock"))
                let before = Host.names(in: runtime(again.id))
                #expect(before.count > 1 && before.contains("lock"))
                let killed = Host.run(
                    [Host.mydocker, "rm", "tdlast"], environment: ["MYDOCKER_FAULT": "kill@\(number)"])
                #expect(killed.code == 137)
                #expect(Host.names(in: runtime(again.id)) == ["lock"])
                succeed("rm", "-f", "tdlast")
            }
        }

        /// Of a removal that was killed anywhere, the whole container is left, or none: whoever meets the rest removes it.
        @Test func aRemovalIsWholeOrNone() throws {
            try Ledger.expectUnchanged {
                func make() {
                    #expect(mydocker("run", "--name", "tdhalf", "--net", "none", "sh", "-c", "exit 3").code == 3)
                }
                make()
                let count = try FaultPoints.list(["rm", "tdhalf"]).count
                var outcomes: Set<String> = []
                for number in 1...count {
                    make()
                    Host.run([Host.mydocker, "rm", "tdhalf"], environment: ["MYDOCKER_FAULT": "kill@\(number)"])
                    let start = mydocker("start", "-a", "tdhalf")
                    if start.code == 3 {
                        outcomes.insert("whole")
                        succeed("rm", "tdhalf")
                    } else {
                        outcomes.insert("none")
                        #expect(start.error == "mydocker: No such container: tdhalf\n", "\(number)")
                        try CheckReport.expectClean()
                    }
                }
                #expect(outcomes == ["whole", "none"])
            }
        }
    }
}
