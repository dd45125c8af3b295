import Foundation
import Testing

extension CLI {
    /// Namespaces that are the host's or another container's.
    @Suite(.serialized) struct Namespaces {
        init() { #expect(Host.hasDefaultImage) }
    }
}

/// What a process's namespace is, `pid:[123]`.
private func namespace(_ kind: String, of pid: String) -> String {
    (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/\(pid)/ns/\(kind)")) ?? "none of \(pid)"
}

private func isGone(_ pid: String) -> Bool {
    let state = Int(pid).flatMap { Host.state(of: $0) }
    return state == nil || state == "Z"
}

extension CLI.Namespaces {
    @Test(arguments: [
        ["pid", "--pid", "host"], ["ipc", "--ipc", "host"], ["uts", "--uts", "host"], ["cgroup", "--cgroupns", "host"],
    ]) func theHostsOwn(words: [String]) throws {
        try withContainer("nshost", words[1], words[2], "sleep", "1000") { _ in
            let pid = inspect("{{.State.Pid}}", "nshost")
            for kind in ["pid", "ipc", "uts", "cgroup", "mnt", "net"] {
                let isHosts = namespace(kind, of: pid) == namespace(kind, of: "self")
                #expect(isHosts == (kind == words[0]), "\(kind)")
            }
            let joined = succeed("exec", "nshost", "readlink", "/proc/self/ns/\(words[0])").word
            #expect(joined == namespace(words[0], of: "self"))
        }
    }

    /// It also ends what its first process does not take along, in the order that a caller can rely on.
    @Test func withTheHostsProcessesItStillEndsAsAWhole() {
        Ledger.expectUnchanged {
            let line = "sleep 1000 & setsid sleep 1001 & echo $!; exec sleep 1002"
            let id = succeed("run", "-d", "--name", "nspid", "--net", "none", "--pid", "host", "sh", "-c", line).word
            waitForLog("nspid", "\n")
            let left = mydocker("logs", "nspid").word
            let extra = succeed("exec", "-d", "nspid", "sleep", "1003")
            #expect(extra.code == 0 && !isGone(left), "\(id)")
            // It is no process 1: SIGTERM ends it at once.
            let clock = ContinuousClock()
            let time = clock.measure { succeed("stop", "-t", "10", "nspid") }
            #expect(time < .seconds(8))
            #expect(isGone(left))
            #expect(inspect("{{.State.ExitCode}} {{.HostConfig.PidMode}}", "nspid") == "143 host")
            #expect(!Host.shell("ps -eo args").text.contains("sleep 100"))
            // And again, from its record.
            succeed("start", "nspid")
            let pid = inspect("{{.State.Pid}}", "nspid")
            #expect(namespace("pid", of: pid) == namespace("pid", of: "self"))
            succeed("kill", "nspid")
            Host.eventually("nothing of it is left") { !Host.shell("ps -eo args").text.contains("sleep 100") }
            succeed("rm", "-f", "nspid")
        }
    }

    @Test func ofADeadSupervisorsContainerNothingIsLeftEither() throws {
        try Ledger.expectUnchanged {
            succeed(
                "run", "-d", "--name", "nsdead", "--net", "none", "--pid", "host", "sh", "-c",
                "setsid sleep 1000 & exec sleep 1001")
            let pid = try #require(Int(inspect("{{.State.Pid}}", "nsdead")))
            let parent = try #require(Host.status("PPid", in: Host.read("/proc/\(pid)/status")).flatMap { pid_t($0) })
            kill(parent, SIGKILL)
            succeed("rm", "-f", "nsdead")
            #expect(!Host.shell("ps -eo args").text.contains("sleep 100"))
        }
    }

    @Test func anotherContainersProcesses() throws {
        try withContainer("nsone", "sleep", "1000") { _ in
            let first = inspect("{{.State.Pid}}", "nsone")
            try withContainer("nstwo", "--pid", "container:nsone", "sh", "-c", "setsid sleep 1004 & exec sleep 1005") {
                _ in
                let second = inspect("{{.State.Pid}}", "nstwo")
                #expect(namespace("pid", of: second) == namespace("pid", of: first))
                #expect(succeed("exec", "nsone", "ps").text.contains("sleep 1004"))
                #expect(inspect("{{.HostConfig.PidMode}}", "nstwo") == "container:" + inspect("{{.Id}}", "nsone"))
                succeed("stop", "-t", "0", "nstwo")
                #expect(!succeed("exec", "nsone", "ps").text.contains("sleep 1004"))
                #expect(!succeed("exec", "nsone", "ps").text.contains("sleep 1005"))
                succeed("start", "nstwo")
                // The end of a pid namespace is the end of all in it.
                succeed("stop", "-t", "0", "nsone")
                Host.eventually("its end") { inspect("{{.State.Running}}", "nstwo") == "false" }
                let again = mydocker("start", "nstwo")
                #expect(again.code == 1 && again.error.contains("cannot join PID namespace of a non running container"))
            }
        }
    }

    @Test func sharedMemoryOfAnother() throws {
        try withContainer(
            "nsshm", "--ipc", "shareable", "--shm-size", "1m", "sh", "-c", "echo words >/dev/shm/f; sleep 1000"
        ) { _ in
            Host.eventually("a file") { mydocker("exec", "nsshm", "cat", "/dev/shm/f").code == 0 }
            let other = runOnce("--ipc", "container:nsshm", "sh", "-c", "cat /dev/shm/f; readlink /proc/self/ns/ipc")
            #expect(other.lines == ["words", namespace("ipc", of: inspect("{{.State.Pid}}", "nsshm"))])
            #expect(succeed("exec", "nsshm", "df", "-k", "/dev/shm").text.contains(" 1024 "))
        }
        try withContainer("nsown", "sleep", "1000") { _ in
            let refused = runOnce("--ipc", "container:nsown", "true")
            #expect(refused.code == 125 && refused.error.contains("non-shareable IPC"))
        }
        #expect(runOnce("--ipc", "none", "ls", "/dev").lines.contains("shm") == false)
        #expect(runOnce("--ipc", "container:nosuch", "true").error.contains("No such container: nosuch"))
    }

    @Test func conflicts() {
        for (words, text) in [
            (["--uts", "host", "-h", "x"], "conflicting options: hostname and the UTS mode"),
            (["--uts", "host", "--domainname", "x"], "conflicting options: domainname and the UTS mode"),
            (["--ipc", "host", "--sysctl", "kernel.shmmax=1"], "is not allowed in the hosts ipc namespace"),
        ] {
            let run = Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + words + ["true"])
            #expect(run.code == 125 && run.error.contains(text), "\(run.error)")
        }
        let sysctl = mydocker("run", "--rm", "--net", "host", "--sysctl", "net.core.somaxconn=1", "true")
        #expect(sysctl.code == 125 && sysctl.error.contains("not allowed in host network namespace"))
    }
}

// MARK: - The network of another

extension CLI.Namespaces {
    @Test func anotherContainersNetwork() throws {
        try Ledger.expectUnchanged {
            let network = try TestNetwork("nsnet", "10.231.7.1/24")
            defer { network.remove() }
            succeed(
                "run", "-d", "--name", "nsweb", "--net", "nsnet", "-h", "web", "--add-host", "db:10.9.9.9", "sleep",
                "1000")
            let line = "hostname; cat /etc/hosts; ip -4 -o addr show eth0; echo more >>/etc/hosts"
            let other = Host.run([Host.mydocker, "run", "--rm", "--net", "container:nsweb", "sh", "-c", line])
            #expect(other.lines.first == "web" && other.text.contains("10.9.9.9\tdb"), "\(other.error)")
            #expect(other.text.contains(inspect("{{.NetworkSettings.IPAddress}}", "nsweb")))
            #expect(succeed("exec", "nsweb", "cat", "/etc/hosts").text.hasSuffix("more\n"))
            for words in [
                ["-p", "80"], ["-P"], ["-h", "x"], ["--dns", "1.1.1.1"], ["--add-host", "a:1.1.1.1"],
                ["--expose", "80"], ["--mac-address", "02:42:00:00:00:09"], ["--ip", "10.231.7.9"],
            ] {
                let run = Host.run([Host.mydocker, "run", "--rm", "--net", "container:nsweb"] + words + ["true"])
                #expect(run.code == 125 && run.error.contains("conflicting options: "), "\(words): \(run.error)")
            }
            let id = inspect("{{.Id}}", "nsweb")
            succeed("run", "-d", "--name", "nsside", "--net", "container:nsweb", "sleep", "1000")
            #expect(
                inspect("{{.HostConfig.NetworkMode}} {{json .NetworkSettings.Networks}}", "nsside")
                    == "container:\(id) {}")
            #expect(mydocker("network", "connect", "nsnet", "nsside").error.contains("sharing network namespace"))
            // Its links go with it all the same: their address is somebody else's from now on.
            succeed("rm", "-f", "nsweb")
            #expect(!succeed("exec", "nsside", "ip", "-o", "link").text.contains("eth0"))
            succeed("stop", "-t", "0", "nsside")
            #expect(mydocker("start", "nsside").error.contains("cannot join network of a non running container: \(id)"))
            succeed("rm", "nsside")
        }
        #expect(succeed("system", "check").code == 0)
    }
}
