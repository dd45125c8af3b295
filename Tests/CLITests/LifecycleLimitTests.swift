import Foundation
import Testing

// MARK: - Limits and rights

extension CLI.Flags {
    @Test func limitsAreInTheKernelsFiles() throws {
        try withContainer(
            "lflimits", "-m", "48m", "--memory-swap", "64m", "--cpus", "1.5", "--cpuset-cpus", "0", "--cpu-shares",
            "512",
            "--pids-limit", "33", "sleep", "1000"
        ) { id in
            let limits = KernelLimits(id: id)
            #expect(limits.memory == "50331648")
            #expect(limits.memoryAndSwap == 67_108_864)
            #expect(limits.quota == "150000 100000")
            #expect(limits.shares == (KernelLimits.isUnified ? "20" : "512"))
            #expect(limits.processors == "0")
            #expect(limits.processes == "33")
            // And its process is in there.
            let pid = inspect("{{.State.Pid}}", "lflimits")
            for controller in ["memory", "cpu", "cpuset", "pids"] {
                #expect(limits.members(controller) == [pid], "\(controller)")
            }
        }
    }

    @Test func B88_B91_theSeedsSpellingsSetTheSame() throws {
        try withContainer("lfseedlim", "-mem", "48m", "-cpu", "20", "-cpuset", "0", "-cpushare", "300", "sleep", "1000")
        { id in
            let limits = KernelLimits(id: id)
            #expect(limits.memory == "50331648")
            #expect(limits.quota == "20000 100000")
            #expect(limits.shares == (KernelLimits.isUnified ? "12" : "300"))
            #expect(limits.processors == "0")
            #expect(succeed("exec", "lfseedlim", "grep", "Cpus_allowed_list", "/proc/1/status").word.hasSuffix("\t0"))
        }
    }

    @Test func B87_everyContainerHasItsOwnLimits() throws {
        try withContainer("lfown1", "-m", "32m", "sleep", "1000") { first in
            try withContainer("lfown2", "-m", "64m", "sleep", "1000") { second in
                #expect(KernelLimits(id: first).memory == "33554432")
                #expect(KernelLimits(id: second).memory == "67108864")
                // As in Docker, as much swap again.
                #expect(KernelLimits(id: second).memoryAndSwap == 128 << 20)
                #expect(inspect("{{.HostConfig.MemorySwap}}", "lfown2") == "134217728")
            }
            #expect(KernelLimits(id: first).memory == "33554432")
        }
    }

    @Test func B89_cgroupsGoWithTheContainer() throws {
        try Ledger.expectUnchanged {
            // Also with processes that are still there when the first one ends.
            succeed(
                "run", "--net", "none", "--name", "lfcg", "-m", "64m", "--cpus", "1", "--pids-limit", "50", "sh", "-c",
                "sleep 1000 & sleep 1000 & exit 0")
            #expect(Host.run(["find", "/sys/fs/cgroup", "-name", "mydocker"]).text == "")
            succeed("rm", "lfcg")
            let box = try Box("lfcg", on: "none", ["-m", "64m"])
            succeed("exec", "-d", "lfcg", "sleep", "1000")
            box.killSupervisor()
            succeed("rm", "lfcg")
        }
    }

    /// Whatever hierarchies they are in, it learns nothing of what is above.
    @Test func theCgroupsOfAContainerAreItsRoots() {
        let line = "grep -E 'memory|cpu|pids|^0:' /proc/self/cgroup | cut -d: -f3 | sort -u"
        #expect(runOnce("-m", "64m", "--cpus", "1", "--pids-limit", "50", "sh", "-c", line).text == "/\n")
    }

    @Test func tooMuchMemoryEndsTheContainer() throws {
        let run = mydocker(
            "run", "--net", "none", "--name", "lfoom", "-m", "24m", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M",
            "count=1")
        defer { succeed("rm", "lfoom") }
        #expect(run.code == 137)
        #expect(
            inspect("{{.State.OOMKilled}} {{.State.ExitCode}} {{.State.Reason.Signal}}", "lfoom") == "true 137 SIGKILL")
        // The limit is what it had at the end, to a page.
        let peak = Int(inspect("{{.State.Reason.MemoryPeak}}", "lfoom")) ?? 0
        #expect(peak <= 24 << 20 && peak > 23 << 20)
        #expect(
            run.error.hasPrefix(
                "mydocker: warning: container \"lfoom\" ran out of memory: its limit is 24MiB, it used up to 2"
            ))
        #expect(run.error.hasSuffix("iB; raise it with --memory\n") && run.error.filter { $0 == "\n" }.count == 1)
        // With enough it works.
        #expect(runOnce("-m", "300m", "dd", "if=/dev/zero", "of=/dev/null", "bs=200M", "count=1").code == 0)
    }

    /// -1: as much swap as there is, which is not more than the limit of the hierarchy above.
    @Test func swapHasNoLimitOfItsOwn() throws {
        try withContainer("lfswap", "-m", "48m", "--memory-swap", "-1", "sleep", "1000") { id in
            let limits = KernelLimits(id: id)
            #expect(limits.memory == "50331648")
            #expect(limits.memoryAndSwap.map { $0 > 1 << 50 } ?? true, "\(String(describing: limits.memoryAndSwap))")
        }
    }

    @Test func tooManyProcessesAreRefused() {
        let fork = "for i in 1 2 3 4 5 6 7 8 9 10; do sleep 1 & done; echo all"
        let outcome = runOnce("--pids-limit", "6", "sh", "-c", fork)
        #expect(outcome.code != 0 && outcome.text == "")
        #expect(outcome.error.contains("Resource temporarily unavailable"), "\(outcome.error)")
        #expect(runOnce("--pids-limit", "60", "sh", "-c", fork).text == "all\n")
        #expect(runOnce("--pids-limit", "-1", "sh", "-c", fork).text == "all\n")
        // As scripts say that there is no limit, in Docker.
        let none = runOnce("--pids-limit", "0", "--cpus", "0", "--cpu-shares", "0", "-m", "0", "sh", "-c", fork)
        #expect(none.text == "all\n", "\(none.error)")
    }

    @Test func theReasonOfAnEndIsOnRecord() throws {
        func reason(_ name: String, _ flags: String..., command: String) -> String {
            Host.run([Host.mydocker, "run", "--net", "none", "--name", name] + flags + ["sh", "-c", command])
            defer { succeed("rm", name) }
            return inspect(
                "{{.State.ExitCode}} {{with .State.Reason}}{{.Signal}} {{.MemoryPeak}} {{.RefusedProcesses}}{{end}}",
                name)
        }
        #expect(reason("lfwhy", command: "exit 137") == "137  0 0")
        // Of process 1, which only a signal from outside or a fault of its own can end.
        #expect(
            reason(
                "lfwhy",
                command: "ulimit -c 0; exec awk 'BEGIN { while (1) f() } function f() { f() }'") == "139 SIGSEGV 0 0")
        // One refusal each: the shell gives up.
        #expect(reason("lfwhy", "--pids-limit", "2", command: "sleep 9 & sleep 9; exit 3") == "2  0 1")
        #expect(reason("lfwhy", "--pids-limit", "20", command: "true & wait") == "0  0 0")
        // A process other than the first: the container goes with it, where the kernel can see to that.
        let eater = "dd if=/dev/zero of=/dev/null bs=200M count=1; exit 4"
        let eaten = reason("lfwhy", "-m", "24m", command: eater)
        #expect(eaten.hasPrefix(KernelLimits.isUnified ? "137 SIGKILL 2" : "4  2"), "\(eaten)")
        try withContainer("lfwhy", "sleep", "1000") { _ in
            succeed("kill", "lfwhy")
            #expect(inspect("{{.State.Reason.Signal}}", "lfwhy") == "SIGKILL")
        }
    }

    @Test func theProcessorLimitSlowsDown() throws {
        // The kernel counts in cpu.stat how often it made the container wait.
        try withContainer("lfslow", "--cpus", "0.1", "sh", "-c", "while :; do :; done") { id in
            Host.eventually("made to wait") { KernelLimits(id: id).throttled ?? 0 > 0 }
        }
    }

    @Test func B90_aLimitThatCannotBeSetIsAnError() {
        Ledger.expectUnchanged {
            let wrong = [
                ["-m", "1m"], ["-m", "much"], ["-m", "-1"], ["--memory-swap", "64m"],
                ["-m", "64m", "--memory-swap", "32m"], ["--cpus", "0.001"], ["--cpus", "x"], ["--cpus", "-1"],
                ["-cpu", "0"],
                ["--cpuset-cpus", "900"], ["--cpuset-cpus", "2-1"], ["--cpuset-cpus", "x"], ["--cpu-shares", "1"],
                ["--cpu-shares", "x"], ["--pids-limit", "-2"], ["--pids-limit", "x"], ["--ulimit", "nofile"],
                ["--ulimit", "nosuch=1"], ["--ulimit", "nofile=20:10"], ["--ulimit", "nofile=99999999999"],
            ]
            for flags in wrong {
                for detached in [[], ["-d"]] {
                    let outcome = Host.run([Host.mydocker, "run", "--net", "none"] + detached + flags + ["true"])
                    #expect(outcome.code == 125, "\(flags)")
                    #expect(outcome.text == "" && outcome.error != "", "\(flags)")
                }
            }
        }
    }

    @Test func resourceLimitsOfTheProcess() {
        let outcome = runOnce(
            "--ulimit", "nofile=100:200", "--ulimit", "core=0", "--ulimit", "nproc=50", "sh", "-c",
            "ulimit -Sn; ulimit -Hn; ulimit -c; grep processes /proc/self/limits")
        #expect(outcome.lines.prefix(3) == ["100", "200", "0"])
        #expect(outcome.lines.last.map { $0.split(separator: " ").dropFirst(2).prefix(2) } == ["50", "50"])
    }

    @Test func rightsAreAddedAndTakenAway() {
        func capabilities(_ flags: String...) -> UInt64? {
            let outcome = Host.run(
                [Host.mydocker, "run", "--rm", "--net", "none"] + flags + ["cat", "/proc/self/status"])
            let set = Host.status("CapEff", in: outcome.text)
            #expect(set == Host.status("CapBnd", in: outcome.text))
            return set.flatMap { UInt64($0, radix: 16) }
        }
        // The numbers of capabilities(7).
        let netAdmin: UInt64 = 1 << 12, chown: UInt64 = 1
        let standard = capabilities() ?? 0
        #expect(standard & netAdmin == 0 && standard & chown != 0)
        #expect(capabilities("--cap-add", "NET_ADMIN") == standard | netAdmin)
        #expect(capabilities("--cap-drop", "cap_chown") == standard & ~chown)
        #expect(capabilities("--cap-drop", "ALL", "--cap-add", "net_admin") == netAdmin)
        #expect(capabilities("--cap-drop", "ALL") == 0)
        let own = Host.status("CapPrm", in: Host.read("/proc/self/status")).flatMap { UInt64($0, radix: 16) }
        #expect(capabilities("--privileged") == own)
        #expect(runOnce("--cap-add", "NOSUCH", "true").code == 125)
        // They count: chown is refused, and a device can be made up by the privileged one only.
        #expect(runOnce("--cap-drop", "CHOWN", "chown", "1", "/tmp").code == 1)
        #expect(runOnce("chown", "1", "/tmp").code == 0)
        #expect(runOnce("mount", "-t", "tmpfs", "x", "/mnt").code != 0)
        #expect(runOnce("--privileged", "mount", "-t", "tmpfs", "x", "/mnt").code == 0)
    }

    /// Whose descriptor the caller's shell closes as soon as the command has begun.
    private func profilesComeByPipes(_ profile: String) {
        let outcome = Host.run(
            [
                "bash", "-c",
                """
                exec 2>&1; m="$MYDOCKER"; words='mkdir /new || true'; cd "$(mktemp -d)"
                $m run --rm --net none --security-opt seccomp=<(cat "$PROFILE") sh -c "$words"
                $m run --rm --net none --security-opt seccomp=/dev/stdin sh -c "$words" <"$PROFILE"
                cat "$PROFILE" | $m run -d --name secpipe --net none --security-opt seccomp=/dev/stdin sh -c "$words" >/dev/null
                $m wait secpipe; $m logs secpipe; $m rm secpipe >/dev/null
                $m create --name secpipe --net none --security-opt seccomp=<(sleep 1; cat "$PROFILE") sh -c "$words" >/dev/null
                $m start -a secpipe; $m rm secpipe >/dev/null
                $m run -d --name secpipe --net none --security-opt seccomp=<(cat "$PROFILE") sh -c "$words" >/dev/null
                $m wait secpipe; $m logs secpipe; $m rm secpipe >/dev/null
                $m run --rm --net none --security-opt seccomp=/dev/zero true; echo $?
                mkfifo silent; bash -c 'timeout -s KILL 1 $0 run --rm --net none --security-opt seccomp=silent true; exit $?' $m 2>/dev/null; echo $?
                """,
            ], environment: ["MYDOCKER": Host.mydocker, "PROFILE": profile])
        let refused = "mkdir: can't create directory '/new': Disk quota exceeded"
        #expect(
            outcome.lines == [
                refused, refused, "0", refused, refused, "0", refused,
                #"mydocker: load seccomp profile "/dev/zero": File too large"#, "125", "137",
            ], "\(outcome.text)")
    }

    @Test func securityOptions() throws {
        try withScratch { directory in
            func status(_ flags: String...) -> String {
                let outcome = Host.run(
                    [Host.mydocker, "run", "--rm", "--net", "none"] + flags + ["cat", "/proc/self/status"])
                return [Host.status("Seccomp", in: outcome.text), Host.status("NoNewPrivs", in: outcome.text)]
                    .map { $0 ?? "-" }.joined(separator: " ")
            }
            #expect(status() == "2 0")
            #expect(status("--security-opt", "seccomp=unconfined") == "0 0")
            #expect(status("--security-opt", "no-new-privileges") == "2 1")
            #expect(status("--security-opt", "no-new-privileges:true", "--security-opt", "seccomp=unconfined") == "0 1")
            #expect(status("--privileged") == "0 0")
            // A profile of one's own: mkdir gives an error that nothing else gives.
            try writeFile(
                """
                {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
                  {"names": ["mkdir", "mkdirat"], "action": "SCMP_ACT_ERRNO", "errnoRet": 122}]}
                """, directory + "/profile.json")
            let refused = runOnce("--security-opt", "seccomp=\(directory)/profile.json", "mkdir", "/new")
            #expect(refused.code == 1 && refused.error.contains("quota"), "\(refused.error)")
            #expect(runOnce("mkdir", "/new").code == 0)
            profilesComeByPipes(directory + "/profile.json")
            try writeFile("{", directory + "/broken.json")
            for option in [
                "seccomp=\(directory)/nosuch", "seccomp=\(directory)/broken.json", "nosuch", "seccomp=",
                "no-new-privileges=x",
            ] {
                #expect(runOnce("--security-opt", option, "true").code == 125, "\(option)")
            }
        }
    }
}
