import Foundation
import Testing

extension CLI {
    /// `update` of limits and restart policy.
    @Suite(.serialized) struct Updates {
        init() { #expect(Host.hasDefaultImage) }

        fileprivate static let asked =
            "{{.HostConfig.Memory}} {{.HostConfig.MemorySwap}} {{.HostConfig.NanoCpus}} {{.HostConfig.CpuShares}} "
            + "{{.HostConfig.CpusetCpus}} {{.HostConfig.PidsLimit}}"
    }
}

extension CLI.Updates {
    private func expectMembers(
        _ limits: KernelLimits, _ pids: [String], sourceLocation: SourceLocation = #_sourceLocation
    ) {
        for controller in ["memory", "cpu", "cpuset", "pids"] {
            #expect(
                limits.members(controller).sorted() == pids.sorted(), "\(controller)", sourceLocation: sourceLocation)
        }
    }

    /// It was made without a limit: it is in no controller of version 1.
    @Test func aContainerWithoutLimitsGetsThem() throws {
        try Ledger.expectUnchanged {
            try withContainer("upnone", "sh", "-c", "sleep 1000 & sleep 1000 & wait") { id in
                let update = succeed(
                    "update", "-m", "48m", "--memory-swap", "64m", "--cpus", "1.5", "--cpuset-cpus", "0",
                    "--cpu-shares",
                    "512", "--pids-limit", "33", "upnone")
                #expect(update.text == "upnone\n" && update.error == "")
                let limits = KernelLimits(id: id)
                #expect(limits.memory == "50331648" && limits.memoryAndSwap == 67_108_864)
                #expect(limits.quota == "150000 100000" && limits.processors == "0" && limits.processes == "33")
                #expect(limits.shares == (KernelLimits.isUnified ? "20" : "512"))
                #expect(inspect(Self.asked, "upnone") == "50331648 67108864 1500000000 512 0 33")
                // All its processes, and who comes later.
                let pids = Host.shell(
                    "$MYDOCKER exec -d upnone sleep 1000; pgrep -f '^sleep 1000$'; pgrep -f 'sleep 1000 &'"
                ).lines
                expectMembers(limits, Array(Set(pids)))
                #expect(pids.count >= 4)
                #expect(succeed("system", "check").code == 0)
                // The next one finds it there.
                succeed("update", "-m", "96m", "--memory-swap", "-1", "--pids-limit", "-1", "upnone")
                #expect(limits.memory == "100663296" && limits.processes == "max" && limits.quota == "150000 100000")
                #expect(limits.memoryAndSwap.map { $0 > 1 << 50 } ?? true)
                #expect(inspect(Self.asked, "upnone") == "100663296 -1 1500000000 512 0 <nil>")
            }
        }
    }

    /// The kernel wants the limits of memory and of both together in order.
    @Test func upAndDown() throws {
        try withContainer("upsize", "-m", "32m", "sleep", "1000") { id in
            for (megabytes, both) in [(512, 1024), (24, 48), (300, 600), (301, 602), (16, 32)] {
                succeed("update", "-m", "\(megabytes)m", "upsize")
                #expect(KernelLimits(id: id).memory == "\(megabytes << 20)")
                #expect(KernelLimits(id: id).memoryAndSwap == both << 20)
            }
            succeed("update", "-m", "64m", "--memory-swap", "80m", "upsize")
            #expect(KernelLimits(id: id).memoryAndSwap == 80 << 20)
            let higher = mydocker("update", "-m", "96m", "upsize")
            #expect(higher.code == 1)
            #expect(
                higher.error
                    == "mydocker: Memory limit should be smaller than already set memoryswap limit, update the memoryswap at "
                    + "the same time\n")
            #expect(mydocker("update", "--memory-swap", "32m", "upsize").error.contains("Minimum memoryswap limit"))
            #expect(KernelLimits(id: id).memory == "\(64 << 20)")
        }
    }

    @Test func zeroLeavesItAsItIs() throws {
        try withContainer("upzero", "-m", "32m", "--cpus", "1", "--pids-limit", "9", "sleep", "1000") { _ in
            let before = inspect(Self.asked, "upzero")
            succeed(
                "update", "-m", "0", "--cpus", "0", "--cpu-shares", "0", "--cpuset-cpus", "", "--restart", "", "upzero")
            #expect(inspect(Self.asked, "upzero") == before)
        }
    }

    /// It forks all the time, and none of its processes is left outside.
    @Test func noProcessGetsAway() throws {
        let script = "f() { while :; do (sleep 0.001 &) ; done; }; for i in 1 2 3 4; do f & done; echo ready; wait"
        try withContainer("upfork", "sh", "-c", script) { id in
            waitForLog("upfork", "ready")
            succeed("update", "--pids-limit", "200", "upfork")
            let limits = KernelLimits(id: id)
            #expect(limits.processes == "200")
            for _ in 0..<20 {
                // Those that are there before and after, and are no zombies, which are in no cgroup.
                let inside = Set(limits.members("pids"))
                let all = Host.shell("pgrep -f 'for i in 1 2 3 4'").lines
                let later = Set(limits.members("pids"))
                #expect(
                    all.filter { pid in
                        !inside.contains(pid) && !later.contains(pid)
                            && ![nil, "Z", "X"].contains(Int(pid).flatMap { Host.state(of: $0) })
                    } == [])
            }
            succeed("pause", "upfork")
            let unified = Host.shell(
                "find /sys/fs/cgroup -path '*/\(id)*' -name cgroup.freeze -printf '%h\\n' | head -1"
            ).word
            let tracked = Host.read("\(unified)/cgroup.procs").split(separator: "\n").map(String.init)
            #expect(Set(limits.members("pids")) == Set(tracked) && tracked.count > 4)
        }
    }

    /// More is in use than the new limit.
    @Test func whatTheKernelRefusesChangesNothing() throws {
        let script = "head -c 60000000 /dev/zero | tail -c 60000000 | { sleep 1; echo held; sleep 1000; }"
        try withContainer("upbusy", "-m", "200m", "--memory-swap", "200m", "--cpus", "1", "sh", "-c", script) { id in
            let limits = KernelLimits(id: id)
            Host.eventually("memory in use") {
                Int(
                    Host.read(
                        "\(limits.directory("memory"))/memory.\(KernelLimits.isUnified ? "current" : "usage_in_bytes")")
                ) ?? 0
                    > 55_000_000
            }
            let before = (limits.memory, limits.memoryAndSwap, limits.quota, inspect(Self.asked, "upbusy"))
            let update = mydocker(
                "update", "--cpus", "0.5", "-m", "20m", "--memory-swap", "20m", "--pids-limit", "50", "upbusy")
            #expect(update.code == 1 && update.text == "")
            #expect(update.error.contains("the container uses ") && update.error.contains("memory."), "\(update.error)")
            #expect(before == (limits.memory, limits.memoryAndSwap, limits.quota, inspect(Self.asked, "upbusy")))
            if !KernelLimits.isUnified { #expect(!FileManager.default.fileExists(atPath: limits.directory("pids"))) }
            #expect(inspect("{{.State.Status}}", "upbusy") == "running")
        }
    }

    @Test func whatHasEndedIsChangedOnRecord() throws {
        Ledger.expectUnchanged {
            succeed("run", "--net", "none", "--name", "upover", "-m", "32m", "true")
            #expect(succeed("update", "-m", "64m", "--restart", "on-failure:3", "upover").text == "upover\n")
            #expect(inspect(Self.asked, "upover") == "67108864 134217728 0 0  <nil>")
            #expect(inspect("{{json .HostConfig.RestartPolicy}}", "upover").contains("\"MaximumRetryCount\":3"))
            succeed("rm", "upover")
        }
    }

    @Test func aPausedOneStaysPaused() throws {
        try withContainer("uppause", "sleep", "1000") { id in
            succeed("pause", "uppause")
            succeed("update", "-m", "64m", "uppause")
            #expect(inspect("{{.State.Status}}", "uppause") == "paused")
            #expect(KernelLimits(id: id).memory == "67108864")
            #expect(KernelLimits(id: id).members("memory") == [inspect("{{.State.Pid}}", "uppause")])
        }
    }

    /// Between two rounds, and around the beginning of one.
    @Test func theNextRoundHasThem() throws {
        try Ledger.expectUnchanged {
            try withContainer("uprest", "--restart", "always", "sh", "-c", "exit 1") { _ in
                Host.eventually("it rests") {
                    inspect("{{.RestartCount}} {{.State.Status}}", "uprest") >= "4 restarting"
                }
                succeed("update", "-m", "64m", "uprest")
                #expect(inspect(Self.asked, "uprest").hasPrefix("67108864 "))
            }
            for round in 0..<10 {
                let script = "[ -e /been ] && exec sleep 1000; touch /been; exit 1"
                try withContainer("upround", "--restart", "always", "sh", "-c", script) { id in
                    usleep(90_000 + UInt32(round) * 2_500)
                    succeed("update", "-m", "\(64 + round)m", "--pids-limit", "20", "upround")
                    Host.eventually("second round") {
                        inspect("{{.State.Status}} {{.RestartCount}}", "upround") == "running 1"
                    }
                    let limits = KernelLimits(id: id)
                    Host.eventually("limits of round \(round)") {
                        limits.memory == "\((64 + round) << 20)" && limits.processes == "20"
                            && limits.members("pids") == [inspect("{{.State.Pid}}", "upround")]
                    }
                }
            }
        }
    }

    @Test func theRestartPolicyOfNow() throws {
        try Ledger.expectUnchanged {
            let script = "until [ -e /go ]; do sleep 0.01; done; rm /go; exit 4"
            // It had none.
            try withContainer("upnever", "sh", "-c", script) { _ in
                succeed("update", "--restart", "on-failure:2", "upnever")
                #expect(inspect("{{.HostConfig.RestartPolicy.Name}}", "upnever") == "on-failure")
                succeed("exec", "upnever", "touch", "/go")
                Host.eventually("it begins again") {
                    inspect("{{.RestartCount}} {{.State.Status}}", "upnever") == "1 running"
                }
                succeed("update", "--restart", "no", "upnever")
                succeed("exec", "upnever", "touch", "/go")
                #expect(succeed("wait", "upnever").word == "4")
                #expect(inspect("{{.RestartCount}} {{.State.Status}}", "upnever") == "1 exited")
            }
            // It was to begin again and again.
            try withContainer("uploop", "--restart", "always", "sh", "-c", "exit 4") { _ in
                Host.eventually("it rests") { (Int(inspect("{{.RestartCount}}", "uploop")) ?? 0) >= 2 }
                succeed("update", "--restart=no", "uploop")
                #expect(mydocker("wait", "uploop", seconds: 20).word == "4")
            }
            // Stopped, it stays so, whatever its policy has become.
            try withContainer("upstop", "sleep", "1000") { _ in
                succeed("update", "--restart", "always", "upstop")
                succeed("stop", "-t", "0", "upstop")
                usleep(300_000)
                #expect(inspect("{{.State.Status}} {{.RestartCount}}", "upstop") == "exited 0")
            }
            // In the foreground: the caller gets the first exit code, and its descriptors.
            let run = try Background([
                Host.mydocker, "run", "--net", "none", "--name", "upfore", "sh", "-c", "echo ready; \(script)",
            ])
            run.expect("ready")
            succeed("update", "--restart", "on-failure:1", "upfore")
            succeed("exec", "upfore", "touch", "/go")
            #expect(run.end(seconds: 10) == 4)
            Host.eventually("it goes on") { inspect("{{.RestartCount}} {{.State.Status}}", "upfore") == "1 running" }
            succeed("rm", "-f", "upfore")
        }
    }

    @Test func whatRemovesItselfNeverBeginsAgain() throws {
        let id = succeed("run", "-d", "--rm", "--net", "none", "--name", "uprm", "sleep", "1000").word
        let update = mydocker("update", "--restart", "always", "uprm")
        #expect(update.code == 1)
        #expect(
            update.error
                == "mydocker: Restart policy cannot be updated because AutoRemove is enabled for the container\n")
        succeed("update", "-m", "64m", "uprm")
        #expect(KernelLimits(id: id).memory == "67108864")
        succeed("stop", "-t", "0", "uprm")
        #expect(mydocker("inspect", "uprm").code == 1)
        #expect(Host.shell("find /sys/fs/cgroup -name \(id)").text == "")
    }

    @Test func wrongValuesChangeNothing() throws {
        try withContainer("upwrong", "-m", "32m", "sleep", "1000") { id in
            let before = inspect(Self.asked, "upwrong")
            let flags = [
                ["-m", "1m"], ["-m", "much"], ["-m", "-1"], ["--memory-swap", "1m"], ["--cpus", "0.001"],
                ["--cpus", "x"],
                ["--cpuset-cpus", "2-1"], ["--cpuset-cpus", "x"], ["--cpu-shares", "1"], ["--pids-limit", "-2"],
                ["--pids-limit", "x"], ["--nosuch"], ["-m"],
            ]
            for flag in flags {
                let outcome = Host.run(
                    [Host.mydocker, "update"] + (flag == ["-m"] ? ["upwrong"] + flag : flag + ["upwrong"]))
                #expect(outcome.code == 125 && outcome.text == "", "\(flag)")
            }
            let failures: [(flags: [String], text: String)] = [
                ([], "you must provide one or more flags when using this command"),
                (["--cpuset-cpus", "900"], "Requested CPUs are not available - requested 900, available: "),
                (["--restart", "nosuch"], "invalid restart policy: unknown policy 'nosuch'"),
                (
                    ["--restart", "always:3"],
                    "invalid restart policy: maximum retry count can only be used with 'on-failure'"
                ),
                (
                    ["--cpus", "0.5", "--memory-swap", "16m"],
                    "Minimum memoryswap limit should be larger than memory limit"
                ),
            ]
            for failure in failures {
                let outcome = Host.run([Host.mydocker, "update"] + failure.flags + ["upwrong"])
                #expect(outcome.code == 1 && outcome.text == "", "\(failure.flags)")
                #expect(outcome.error.hasPrefix("mydocker: \(failure.text)"), "\(failure.flags): \(outcome.error)")
            }
            #expect(inspect(Self.asked, "upwrong") == before)
            #expect(KernelLimits(id: id).memory == "33554432")
            let some = mydocker("update", "-m", "64m", "upnobody", "upwrong")
            #expect(
                some.code == 1 && some.text == "upwrong\n" && some.error == "mydocker: No such container: upnobody\n")
            let file = "/var/lib/mydocker/containers/\(id)/record.json"
            Host.shell("cp \(file) \(file).ok; truncate -s 40 \(file)")
            let damaged = mydocker("update", "-m", "96m", "upwrong")
            #expect(damaged.code == 1 && damaged.error.contains(file))
            #expect(KernelLimits(id: id).memory == "67108864")
            Host.shell("mv \(file).ok \(file)")
        }
    }

    /// Failed or killed at each of its points. What fails changes nothing; what was killed is done again.
    @Test func stoppedAnywhere() throws {
        try Ledger.expectUnchanged {
            try withScratch { scratch in
                var points = [""]
                var point = 0
                while point < points.count {
                    point += 1
                    for action in ["error", "kill"] {
                        try withContainer("uppoint", "sleep", "1000") { id in
                            if points.count == 1 {
                                let list = "\(scratch)/points"
                                mydocker(
                                    "update", "-m", "64m", "--cpus", "1", "uppoint",
                                    environment: ["MYDOCKER_FAULT_LIST": list])
                                points = Host.read(list).split(separator: "\n").map(String.init)
                                #expect(points.count > 5)
                                return
                            }
                            // What cannot be told is done all the same.
                            let isDone = action == "error" && points[point - 1].contains("/run/mydocker/events")
                            let outcome = mydocker(
                                "update", "-m", "64m", "--cpus", "1", "uppoint",
                                environment: ["MYDOCKER_FAULT": "\(action)@\(point)"])
                            #expect((outcome.code == 0) == isDone, "\(action)@\(point)")
                            if action == "error", !isDone {
                                #expect(inspect(Self.asked, "uppoint") == "0 0 0 0  <nil>", "\(action)@\(point)")
                                if !KernelLimits.isUnified {
                                    let joined = KernelLimits(id: id).directory("memory")
                                    #expect(!FileManager.default.fileExists(atPath: joined), "\(point)")
                                }
                            }
                            #expect(inspect("{{.State.Status}}", "uppoint") == "running")
                            if point.isMultiple(of: 2) {
                                succeed("update", "-m", "64m", "--cpus", "1", "uppoint")
                                #expect(KernelLimits(id: id).memory == "67108864")
                                #expect(
                                    KernelLimits(id: id).members("memory") == [inspect("{{.State.Pid}}", "uppoint")])
                            }
                        }
                    }
                }
            }
        }
    }
}
