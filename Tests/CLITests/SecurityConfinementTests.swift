import Foundation
import Testing

/// What a program in a container may do, and what it sees.
extension CLI.Security {
    /// Docker's set without MKNOD, by the numbers of capabilities(7).
    private static let defaultCapabilities: [UInt64] = [0, 1, 3, 4, 5, 6, 7, 8, 10, 13, 18, 29, 31]

    private func mask(_ numbers: [UInt64]) -> String {
        let hex = String(numbers.reduce(0) { $0 | 1 << $1 } as UInt64, radix: 16)
        return String(repeating: "0", count: 16 - hex.count) + hex
    }

    private func expectSets(
        _ text: String, permitted: [UInt64], bounding: [UInt64], _ what: String,
        sourceLocation: SourceLocation = #_sourceLocation
    ) {
        let wanted = [
            "CapInh": mask([]), "CapPrm": mask(permitted), "CapEff": mask(permitted), "CapBnd": mask(bounding),
            "CapAmb": mask([]),
        ]
        for (name, value) in wanted {
            #expect(Host.status(name, in: text) == value, "\(what): \(name)", sourceLocation: sourceLocation)
        }
    }

    @Test func B79_capabilitiesAreThosePromised() throws {
        let all = Self.defaultCapabilities
        let changes: [(flags: [String], root: [UInt64])] = [
            ([], all), (["--cap-drop", "ALL"], []), (["--cap-drop", "NET_RAW"], all.filter { $0 != 13 }),
            (["--cap-drop", "ALL", "--cap-add", "CHOWN"], [0]), (["--cap-add", "CAP_SYS_NICE"], all + [23]),
        ]
        let show = ["cat", "/proc/self/status"]
        for change in changes {
            let run = [Host.mydocker, "run", "--rm", "--net", "none"] + change.flags
            expectSets(Host.run(run + show).text, permitted: change.root, bounding: change.root, "\(change.flags)")
            for user in ["1000", "nobody", "1000:1000"] where user != "nobody" {
                expectSets(
                    Host.run(run + ["-u", user] + show).text, permitted: [], bounding: change.root,
                    "\(change.flags) -u \(user)")
            }
            let started = Host.run(
                [Host.mydocker, "run", "-d", "--net", "none", "--name", "sec-caps"] + change.flags + ["sleep", "1000"])
            #expect(started.code == 0, "\(started.error)")
            let status = mydocker("exec", "sec-caps", "cat", "/proc/self/status").text
            expectSets(status, permitted: change.root, bounding: change.root, "exec \(change.flags)")
            let user = mydocker("exec", "-u", "1000", "sec-caps", "cat", "/proc/self/status").text
            expectSets(user, permitted: [], bounding: change.root, "exec -u \(change.flags)")
            succeed("rm", "-f", "sec-caps")
        }
    }

    @Test func B79_aFilterIsActiveAndNoNewPrivilegesWhenAsked() throws {
        let show = ["cat", "/proc/self/status"]
        let cases: [(flags: [String], seccomp: String, noNew: String)] = [
            ([], "2", "0"), (["--security-opt", "no-new-privileges"], "2", "1"), (["-u", "1000"], "2", "0"),
            (["--init"], "2", "0"), (["--cap-drop", "ALL"], "2", "0"),
            (["--security-opt", "seccomp=unconfined"], "0", "0"), (["--cap-add", "SYS_ADMIN"], "2", "0"),
        ]
        for (flags, seccomp, noNew) in cases {
            let started = Host.run(
                [Host.mydocker, "run", "-d", "--net", "none", "--name", "sec-filter"] + flags + ["sleep", "1000"])
            #expect(started.code == 0, "\(flags): \(started.error)")
            let inside = Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + flags + show).text
            for text in [inside, mydocker("exec", "sec-filter", "cat", "/proc/self/status").text] {
                #expect(Host.status("Seccomp", in: text) == seccomp, "\(flags)")
                #expect(Host.status("NoNewPrivs", in: text) == noNew, "\(flags)")
            }
            succeed("rm", "-f", "sec-filter")
        }
    }

    /// User namespaces, mounts, keyrings, bpf and their like, as root and as anybody.
    @Test func CVE_2022_0492_privilegedCallsAreRefused() throws {
        let refused: Set<String> = ["EPERM", "ENOSYS", "EACCES"]
        for flags in [[], ["-u", "1000"], ["--init"], ["--security-opt", "no-new-privileges"]] {
            let values = Probe.values(Probe.run(["calls"], flags).text)
            #expect(values.count > 30, "\(flags)")
            for (call, result) in values { #expect(refused.contains(result), "\(flags): \(call)=\(result)") }
        }
        try withContainer("sec-calls", "-v", "\(Probe.path):/probe:ro", "sleep", "1000") { _ in
            let values = Probe.values(mydocker("exec", "sec-calls", "/probe", "calls").text)
            #expect(values.count > 30)
            for (call, result) in values { #expect(refused.contains(result), "exec: \(call)=\(result)") }
        }
        // The probe finds what is allowed.
        let allowed = Probe.values(Probe.run(["calls"], ["--privileged"]).text)
        for call in ["mount", "unshare_mount", "mknod", "sethostname", "open_tree"] {
            #expect(allowed[call] == "OK", "\(call)")
        }
    }

    @Test func CVE_2022_0492_noControlGroupCanBeWritten() throws {
        let script = """
            grep cgroup /proc/self/mountinfo; mkdir /sys/fs/cgroup/x; echo 1 > /sys/fs/cgroup/cgroup.procs
            mkdir /cg && mount -t cgroup -o memory cgroup /cg; mount -t cgroup2 none /cg; ls /cg
            find / -name release_agent 2>/dev/null
            """
        let outcome = runOnce("sh", "-c", script)
        for line in outcome.lines {
            let fields = line.split(separator: " ").map(String.init)
            try #require(fields.count > 8, "\(line)")
            #expect(fields[5].split(separator: ",").contains("ro"), "\(line)")
            let separator = try #require(fields.firstIndex(of: "-"))
            #expect(fields[separator + 1] == "cgroup2", "\(line)")
        }
        #expect(outcome.lines.count <= 1)
        #expect(outcome.error.contains("Read-only file system"))
    }

    @Test func B79_theKernelsFilesAreReadOnlyOrMasked() {
        let script = """
            for file in /proc/sys/kernel/core_pattern /proc/sys/kernel/hostname /proc/sys/net/ipv4/ip_forward \
                /proc/sys/vm/drop_caches /proc/irq/default_smp_affinity /sys/kernel/profiling /sys/class/net/lo/mtu; do
                test -e $file && (echo 1 > $file) 2>/dev/null && echo "written $file"
            done
            (echo b > /proc/sysrq-trigger) 2>/dev/null && echo sysrq
            mkdir /sys/x /proc/x /proc/sys/x 2>/dev/null && echo made
            mount -o remount,rw /proc/sys 2>/dev/null && echo remounted
            for file in /proc/keys /proc/interrupts /proc/timer_list /proc/kcore /proc/sched_debug /proc/latency_stats; do
                test -e $file && cat $file | head -c 100
            done
            for directory in /sys/firmware /proc/acpi /proc/scsi /proc/asound; do test -e $directory && ls $directory; done
            echo done
            """
        for flags in [[], ["--cap-add", "DAC_READ_SEARCH"]] {
            let outcome = Host.run(
                [Host.mydocker, "run", "--rm", "--net", "none"] + flags + ["sh", "-c", script])
            #expect(outcome.lines == ["done"])
        }
        // There is something to be hidden.
        #expect(!runOnce("--privileged", "cat", "/proc/interrupts").text.isEmpty)
    }

    @Test func theHostsProcessesAreNeitherSeenNorReached() throws {
        let victim = try Background(["/bin/sleep", "1000"])
        defer {
            kill(victim.pid, SIGKILL)
            _ = victim.end()
        }
        let outcome = runOnce("sh", "-c", "ls /proc | grep '^[0-9]'; kill -9 \(victim.pid); kill -9 -1")
        #expect(outcome.lines.count <= 3, "\(outcome.lines)")
        #expect(outcome.error.contains("No such process"))
        #expect(kill(victim.pid, 0) == 0)
        let attached = Probe.run(["ptrace", String(victim.pid)], ["--cap-add", "SYS_PTRACE"])
        #expect(attached.word == "ptrace=ESRCH")
    }

    @Test func everyNamespaceIsItsOwn() throws {
        let kinds = ["cgroup", "ipc", "mnt", "net", "pid", "uts"]
        let script = kinds.map { "readlink /proc/self/ns/\($0)" }.joined(separator: ";")
        let host = Host.shell(script).lines
        // Both at the same time: the kernel uses the numbers of those that are gone again.
        try withContainer("sec-ns1", "sleep", "1000") { _ in
            try withContainer("sec-ns2", "sleep", "1000") { _ in
                let one = mydocker("exec", "sec-ns1", "sh", "-c", script).lines
                let other = mydocker("exec", "sec-ns2", "sh", "-c", script).lines
                try #require([host, one, other].allSatisfy { $0.count == kinds.count })
                for index in kinds.indices {
                    #expect(Set([host[index], one[index], other[index]]).count == 3, "\(kinds[index])")
                }
                let first = kinds.map { "readlink /proc/1/ns/\($0)" }.joined(separator: ";")
                #expect(mydocker("exec", "sec-ns2", "sh", "-c", first).lines == other, "exec joins all of them")
            }
        }
        #expect(mydocker("run", "--rm", "--net", "host", "readlink", "/proc/self/ns/net").word == host[3])
    }

    @Test func B76_theEnvironmentIsClean() {
        let secret = ["SEC_SECRET": "hunter2", "LD_PRELOAD_": "x", "BASH_ENV": "/dev/null"]
        let outcome = runOnce("env", environment: secret)
        let names = Set(outcome.lines.map { String($0.prefix { $0 != "=" }) })
        #expect(names == ["PATH", "HOSTNAME", "HOME"])
    }

    @Test func theKeyringOfTheCallerIsNotTheContainers() throws {
        let flags = ["--security-opt", "seccomp=unconfined"]
        let own = Probe.values(Host.run([Probe.path, "keyring"]).text)["keyring"]
        #expect(Probe.values(Probe.run(["keyring"], flags).text)["keyring"] != own)
        try withContainer(
            "sec-key", "--security-opt", "seccomp=unconfined", "-v", "\(Probe.path):/probe:ro", "sleep", "1000"
        ) { _ in
            let inside = Probe.values(mydocker("exec", "sec-key", "/probe", "keyring").text)["keyring"]
            #expect(own != nil && inside != nil && inside != own)
        }
    }

    @Test(arguments: [[], ["-u", "1000"], ["--init"], ["--init", "-u", "1000"]])
    func aKilledSupervisorTakesItsContainerAlong(flags: [String]) throws {
        let started = Host.run(
            [Host.mydocker, "run", "-d", "--net", "none", "--name", "sec-kill"] + flags + ["sleep", "1000"])
        try #require(started.code == 0, "\(started.error)")
        let pid = try #require(Int32(inspect("{{.State.Pid}}", "sec-kill")))
        let status = try String(contentsOfFile: "/proc/\(pid)/status", encoding: .utf8)
        let supervisor = try #require(Host.status("PPid", in: status).flatMap { Int32($0) })
        #expect(kill(supervisor, SIGKILL) == 0)
        Host.eventually("the end of the container", seconds: 5) { kill(pid, 0) != 0 }
        #expect(mydocker("exec", "sec-kill", "true").code != 0)
        succeed("rm", "sec-kill")
    }
}
