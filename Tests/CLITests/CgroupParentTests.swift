import Foundation
import Testing

extension CLI {
    /// Containers below a cgroup that somebody names.
    @Suite(.serialized) struct CgroupParents {
        init() { #expect(Host.hasDefaultImage) }

        /// Directories of this name in any hierarchy.
        private func found(_ name: String) -> [String] {
            Host.shell("find /sys/fs/cgroup -mindepth 1 -type d -name '\(name)'").lines.filter { !$0.isEmpty }
        }

        private static let limits = ["-m", "64m", "--pids-limit", "50", "--cpuset-cpus", "0"]

        private func begin(_ name: String, _ parent: String) {
            let words = ["run", "-d", "--name", name, "--net", "none", "--cgroup-parent", parent]
            let run = Host.run([Host.mydocker] + words + Self.limits + ["sleep", "1000"])
            #expect(run.code == 0, "\(run.error)")
        }
    }
}

extension CLI.CgroupParents {
    @Test func containersAreBelowItAndTakeItAlong() {
        Ledger.expectUnchanged {
            begin("cpone", "/cpbatch/jobs")
            begin("cptwo", "cpbatch/jobs")
            let id = inspect("{{.Id}}", "cpone")
            let places = found(id)
            #expect(!places.isEmpty && places.allSatisfy { $0.hasSuffix("/cpbatch/jobs/mydocker/\(id)") }, "\(places)")
            #expect(inspect("{{.HostConfig.CgroupParent}}", "cpone") == "/cpbatch/jobs")
            let pid = inspect("{{.State.Pid}}", "cpone")
            #expect(Host.read("/proc/\(pid)/cgroup").contains("/cpbatch/jobs/mydocker/\(id)"))
            #expect(KernelFile.value("memory.limit_in_bytes", "memory.max", in: places) == "67108864")
            succeed("exec", "cpone", "true")
            succeed("update", "--memory", "32m", "--memory-swap", "32m", "cpone")
            #expect(KernelFile.value("memory.limit_in_bytes", "memory.max", in: places) == "33554432")
            succeed("pause", "cpone")
            succeed("unpause", "cpone")
            succeed("restart", "-t", "0", "cpone")
            #expect(found(id).count == places.count)
            succeed("rm", "-f", "cpone")
            #expect(found(id).isEmpty && !found("cpbatch").isEmpty)
            // Whoever clears away after a supervisor that was killed.
            let status = Host.read("/proc/\(inspect("{{.State.Pid}}", "cptwo"))/status")
            let supervisor = Host.status("PPid", in: status).flatMap { Int32($0) } ?? 0
            #expect(supervisor > 1 && kill(supervisor, SIGKILL) == 0)
            succeed("rm", "-f", "cptwo")
            #expect(found("cpbatch").isEmpty)
        }
    }

    /// Killed before and after each directory that it makes: the parents go with it, or with the one that has them by then.
    @Test func parentsOfOneThatIsKilledGo() throws {
        let words = ["run", "-d", "--name", "cpkill", "--net", "none", "--cgroup-parent", "cpdead/jobs"] + Self.limits
        try Ledger.expectUnchanged {
            let list = try FaultPoints.list(words + ["sleep", "1000"])
            succeed("rm", "-f", "cpkill")
            var numbers: [Int] = []
            while let next = list.number("create cgroup", behind: numbers.last ?? 0) { numbers.append(next) }
            #expect(numbers.count > 4, "\(numbers)")
            for number in numbers {
                Host.run([Host.mydocker] + words + ["true"], environment: ["MYDOCKER_FAULT": "kill@\(number)"])
                begin("cpnext", "cpdead/jobs")
                mydocker("rm", "-f", "cpkill")
                #expect(!found("cpdead").isEmpty)
                succeed("rm", "-f", "cpnext")
                #expect(found("cpdead").isEmpty, "kill@\(number)")
            }
        }
    }

    /// What `update` makes is nowhere in the state.
    @Test func parentsThatAnUpdateMakesGo() throws {
        let update = ["update", "--memory", "64m", "--pids-limit", "50", "cplate"]
        try Ledger.expectUnchanged {
            func make() {
                succeed("run", "-d", "--name", "cplate", "--net", "none", "--cgroup-parent", "cplater/a", "sleep", "99")
            }
            make()
            let list = try FaultPoints.list(update)
            var numbers: [Int] = []
            while let next = list.number("create cgroup", behind: numbers.last ?? 0) { numbers.append(next) }
            #expect(KernelLimits.isUnified || numbers.count > 2)
            succeed("rm", "-f", "cplate")
            #expect(found("cplater").isEmpty)
            for number in numbers {
                make()
                Host.run([Host.mydocker] + update, environment: ["MYDOCKER_FAULT": "kill@\(number)"])
                succeed("rm", "-f", "cplate")
                #expect(found("cplater").isEmpty, "kill@\(number)")
            }
        }
    }

    @Test func manyThatBeginAndEndAtOnceLeaveNothing() {
        Ledger.expectUnchanged {
            let one = "$MYDOCKER run --rm --net none -m 64m --cgroup-parent cpmany/a/b true"
            let run = Host.shell(
                "for i in 1 2 3 4 5 6; do (for j in 1 2 3 4 5; do \(one) || echo bad; done) & done; wait")
            #expect(run.text == "" && run.error == "", "\(run.error)")
            #expect(found("cpmany").isEmpty)
        }
    }

    @Test func whatWasThereStays() {
        let hierarchy = KernelLimits.isUnified ? "/sys/fs/cgroup" : "/sys/fs/cgroup/memory"
        Host.shell("mkdir \(hierarchy)/cpown")
        defer { Host.shell("rmdir \(hierarchy)/cpown") }
        #expect(runOnce("-m", "64m", "--cgroup-parent", "cpown/made", "true").code == 0)
        #expect(found("cpown") == ["\(hierarchy)/cpown"] && found("made").isEmpty)
    }

    /// As on a host that has nothing of version 1.
    @Test func inVersion2Alone() {
        let layout = KernelLimits.isUnified ? "" : "umount -l /sys/fs/cgroup; mount -t cgroup2 cgroup2 /sys/fs/cgroup"
        let script = """
            \(layout)
            id=$($MYDOCKER run -d --name cpv2 --net none --cgroup-parent cpa/cpb sleep 1000)
            find /sys/fs/cgroup -type d -path "*/cpa/cpb/mydocker/$id" | wc -l
            $MYDOCKER exec cpv2 echo inside
            $MYDOCKER rm -f cpv2
            find /sys/fs/cgroup -type d -name 'cpa' | wc -l
            """
        Ledger.expectUnchanged {
            let run = Host.run(
                ["unshare", "--mount", "bash", "-e", "-c", script], environment: ["MYDOCKER": Host.mydocker])
            #expect(run.lines == ["1", "inside", "cpv2", "0"], "\(run.error)")
        }
    }

    @Test func namesThatLeadElsewhereAreRefused() {
        Ledger.expectUnchanged {
            for name in [
                "..", "a/../../b", "a//b", "//", "a/", ".", "mydocker", String(repeating: "x", count: 256), "a\nb",
            ] {
                let run = runOnce("--cgroup-parent", name, "true")
                #expect(
                    run.code == 125 && run.error.contains("for \"--cgroup-parent\" flag: "), "\(name): \(run.error)")
            }
            // A file of the kernel's.
            let file = runOnce("--cgroup-parent", "cgroup.procs", "true")
            #expect(file.code == 125 && file.error.contains("create cgroup"), "\(file.error)")
        }
        #expect(runOnce("--cgroup-parent", "", "true").code == 0)
        // As in Docker, the root is what there is without one.
        Ledger.expectUnchanged {
            begin("cproot", "/")
            let places = found(inspect("{{.Id}}", "cproot"))
            #expect(!places.isEmpty && places.allSatisfy { $0.split(separator: "/").count < 7 }, "\(places)")
            #expect(inspect("{{.HostConfig.CgroupParent}}", "cproot") == "/")
            succeed("rm", "-f", "cproot")
        }
    }
}

private enum KernelFile {
    /// Of the first directory that has one of both.
    static func value(_ version1: String, _ version2: String, in directories: [String]) -> String? {
        let paths = directories.flatMap { ["\($0)/\(version1)", "\($0)/\(version2)"] }
        return paths.first { FileManager.default.fileExists(atPath: $0) }.map { Host.read($0) }
    }
}
