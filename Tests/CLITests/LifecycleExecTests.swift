import Foundation
import Testing

// MARK: - exec

extension CLI.Lifecycle {
    @Test func B63_execOnStoppedContainerDoesNotRunOnTheHost() throws {
        try withScratch { directory in
            try withContainer("lfstopped", "sleep", "1000") { id in
                #expect(mydocker("exec", "lfstopped", "true").code == 0)
                succeed("stop", "-t", "0", "lfstopped")
                for flags in [[], ["-d"], ["-t"], ["-i"]] {
                    let outcome = Host.run(
                        [Host.mydocker, "exec"] + flags + ["lfstopped", "touch", directory + "/ran"])
                    #expect(outcome.code == 1)
                    #expect(outcome.text == "")
                    #expect(outcome.error == "mydocker: container \(id) is not running\n")
                }
                usleep(100_000)
                #expect(!FileManager.default.fileExists(atPath: directory + "/ran"))
            }
        }
    }

    /// The pid on record may belong to somebody else by now.
    @Test func B63_B69_execAfterTheSupervisorsDeathDoesNotRunOnTheHost() throws {
        try withScratch { directory in
            let box = try Box("lfdead", on: "none")
            box.killSupervisor()
            let outcome = mydocker("exec", "lfdead", "touch", directory + "/ran")
            #expect(outcome.code == 1)
            #expect(outcome.error == "mydocker: container \(box.id) is not running\n")
            #expect(!FileManager.default.fileExists(atPath: directory + "/ran"))
            #expect(inspect("{{.State.Running}}", "lfdead") == "false")
            box.remove()
        }
    }

    @Test func B66_B67_execGivesArgumentsStreamsAndTheExitCode() throws {
        try withContainer("lfexec", "sleep", "1000") { _ in
            try Ledger.expectUnchanged {
                let outcome = mydocker(
                    "exec", "lfexec", "sh", "-c", "echo \"$1|$2\"; echo err >&2; exit 9", "sh", "a  b", "")
                #expect(outcome.code == 9)
                #expect(outcome.text == "a  b|\n")
                #expect(outcome.error == "err\n")
                #expect(mydocker("exec", "lfexec", "echo", "-i", "--x").text == "-i --x\n")
                #expect(mydocker("exec", "lfexec", "sh", "-c", "kill -KILL $$").code == 137)
                #expect(mydocker("exec", "lfexec", "nosuch").code == 127)
                #expect(mydocker("exec", "lfexec", "").code == 127)
                #expect(mydocker("exec", "lfexec", "/nosuch").code == 127)
                #expect(mydocker("exec", "lfexec", "/etc/passwd").code == 126)
                #expect(mydocker("exec", "lfexec", "/etc").code == 126)
                #expect(mydocker("exec", "lfexec").code == 1)
                #expect(mydocker("exec", "lfnosuch", "true").code == 1)
                #expect(mydocker("exec", "--nosuch", "lfexec", "true").code == 125)
                // Signals reach it.
                let script = "trap 'echo got; exit 42' TERM; echo ready; while :; do sleep 0.02; done"
                let run = try Background([Host.mydocker, "exec", "lfexec", "sh", "-c", script])
                run.expect("ready")
                kill(run.pid, SIGTERM)
                #expect(run.end() == 42)
                #expect(run.text == "ready\ngot\n")
            }
        }
    }

    @Test func execIsInTheContainerAndNowhereElse() throws {
        try withContainer(
            "lfns", "--hostname", "inner", "-e", "A=container", "-w", "/tmp", "sh", "-c", "exec sleep 1000"
        ) { _ in
            let pid = inspect("{{.State.Pid}}", "lfns")
            let namespaces = ["cgroup", "ipc", "mnt", "net", "pid", "uts"]
            let inside = succeed(
                "exec", "lfns", "sh", "-c",
                "cd /proc/self/ns; for name in \(namespaces.joined(separator: " ")); do readlink $name; done")
            let ours = namespaces.map {
                try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\($0)")
            }
            #expect(inside.lines == ours)
            #expect(
                succeed("exec", "lfns", "sh", "-c", "hostname; echo $A; pwd; echo $HOME").lines == [
                    "inner", "container", "/tmp", "/root",
                ])
            #expect(
                succeed("exec", "-e", "A=mine", "-e", "B=x y", "-w", "/etc", "lfns", "sh", "-c", "echo $A $B; pwd").text
                    == "mine x y\n/etc\n")
            #expect(mydocker("exec", "-w", "/nosuch", "lfns", "pwd").code == 126)
            #expect(mydocker("exec", "-w", "relative", "lfns", "pwd").code == 125)
            // What confines the container confines this, too.
            let names = ["CapEff", "CapBnd", "Seccomp", "NoNewPrivs"]
            let status = succeed("exec", "lfns", "cat", "/proc/self/status").text
            let first = succeed("exec", "lfns", "cat", "/proc/1/status").text
            for name in names { #expect(Host.status(name, in: status) == Host.status(name, in: first), "\(name)") }
            #expect(Host.status("Seccomp", in: status) == "2")
        }
    }

    @Test func execAsAnotherUser() throws {
        try withContainer(
            "lfuser", "sh", "-c",
            "echo app:x:1000:100:::/bin/sh >>/etc/passwd; echo extra:x:2000:app >>/etc/group; echo ready; exec sleep 1000"
        ) { _ in
            waitForLog("lfuser", "ready")
            func identity(_ user: String) -> String {
                mydocker("exec", "-u", user, "lfuser", "sh", "-c", "id -u; id -g; id -G").word
            }
            #expect(identity("1234") == "1234\n0\n0")
            #expect(identity("1234:55") == "1234\n55\n55")
            #expect(identity("nobody") == "65534\n65534\n65534")
            // Those that the container itself has added.
            #expect(identity("app") == "1000\n100\n100 2000")
            #expect(identity("1000") == "1000\n100\n100 2000")
            #expect(identity("0:extra") == "0\n2000\n2000")
            for user in ["nosuchuser", "0:nosuchgroup", "-1", "4294967296", ":", "0:"] {
                let outcome = mydocker("exec", "--user=\(user)", "lfuser", "touch", "/never")
                #expect(outcome.code != 0, "\(user)")
                #expect(
                    outcome.error.contains("unable to find") || outcome.error.contains("invalid user"),
                    "\(outcome.error)")
            }
            #expect(mydocker("exec", "lfuser", "ls", "/never").code == 1)
            // No capability beside root.
            let status = succeed("exec", "-u", "1234", "lfuser", "cat", "/proc/self/status").text
            #expect(Host.status("CapEff", in: status) == "0000000000000000")
        }
    }

    @Test func execInTheBackground() throws {
        try withContainer("lfexecd", "sleep", "1000") { _ in
            let outcome = mydocker("exec", "-d", "lfexecd", "sh", "-c", "sleep 0.1; echo done >/done; exec sleep 1000")
            #expect(outcome.code == 0 && outcome.text == "")
            Host.eventually("it goes on") { mydocker("exec", "lfexecd", "cat", "/done").text == "done\n" }
            #expect(mydocker("exec", "-d", "lfexecd", "nosuch").code == 127)
        }
    }

    /// A process that exec leaves behind holds up neither the command nor the container's end.
    @Test func execThatLeavesAProcessBehind() throws {
        try withContainer("lfleft", "sleep", "1000") { _ in
            let outcome = mydocker("exec", "lfleft", "sh", "-c", "sleep 1000 & echo started", seconds: 10)
            #expect(outcome.text == "started\n")
            succeed("stop", "-t", "0", "lfleft", seconds: 10)
        }
    }

    @Test func execIsUnderTheContainersLimits() throws {
        try withContainer("lfexeclim", "-m", "32m", "--pids-limit", "20", "sleep", "1000") { id in
            for _ in 0..<10 {
                // From its first instruction on it is where process 1 is.
                #expect(mydocker("exec", "lfexeclim", "cmp", "/proc/self/cgroup", "/proc/1/cgroup").code == 0)
            }
            succeed("exec", "-d", "lfexeclim", "sleep", "1000")
            for controller in ["memory", "pids"] {
                #expect(KernelLimits(id: id).members(controller).count == 2)
            }
            #expect(
                mydocker("exec", "lfexeclim", "dd", "if=/dev/zero", "of=/dev/null", "bs=100M", "count=1").code == 137)
            // Where the kernel can see to that, memory that runs out takes the whole container.
            Host.eventually("as it is then") {
                inspect("{{.State.Running}}", "lfexeclim") == (KernelLimits.isUnified ? "false" : "true")
            }
        }
    }
}
