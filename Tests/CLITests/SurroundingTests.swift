import Foundation
import Testing

extension CLI {
    /// Names, settings of the kernel and further limits, as they are inside and on record.
    @Suite(.serialized) struct Surroundings {
        init() { #expect(Host.hasDefaultImage) }
    }
}

extension CLI.Surroundings {
    @Test func namesAndServers() throws {
        let outcome = runOnce(
            "-h", "box", "--domainname", "example", "--dns", "10.0.0.53", "--dns-search", "a.org", "--dns-option",
            "ndots:3", "--add-host", "db:10.9.9.9", "sh", "-c",
            "cat /etc/resolv.conf /etc/hosts /proc/sys/kernel/domainname")
        #expect(outcome.lines.filter { $0.hasPrefix("nameserver") } == ["nameserver 10.0.0.53"])
        for line in ["search a.org", "options ndots:3", "10.9.9.9\tdb", "example"] {
            #expect(outcome.lines.contains(line), "\(line) in \(outcome.text)")
        }
        #expect(!runOnce("--no-hosts", "cat", "/etc/hosts").text.contains("ip6-allrouters"))
        let gateway = runOnce("--add-host", "me:host-gateway", "true")
        #expect(gateway.code == 125 && gateway.error.contains("host-gateway"))
        let bridged = mydocker(
            "run", "--rm", "--add-host", "me:host-gateway", "sh", "-c", "grep -w me /etc/hosts; ip route")
        let address = bridged.lines.first.map { $0.prefix { $0 != "\t" } } ?? ""
        #expect(!address.isEmpty && bridged.text.contains("default via \(address) "), "\(bridged.text)")
    }

    @Test func settingsOfTheKernel() throws {
        let settings = runOnce(
            "--sysctl", "net.core.somaxconn=77", "--sysctl", "kernel.msgmax=9000", "--oom-score-adj", "321",
            "--group-add", "4321", "sh", "-c",
            "cat /proc/sys/net/core/somaxconn /proc/sys/kernel/msgmax /proc/self/oom_score_adj; id -G")
        #expect(settings.lines.prefix(3) == ["77", "9000", "321"], "\(settings.error)")
        #expect(settings.lines.last?.split(separator: " ").contains("4321") == true)
        #expect(Host.read("/proc/sys/kernel/msgmax") != "9000")
        let wrong = runOnce("--sysctl", "net.core.nosuch=1", "true")
        #expect(wrong.code == 125 && wrong.error.contains("/proc/sys/net/core/nosuch"), "\(wrong.error)")
        #expect(runOnce("--group-add", "nosuchgroup", "true").error.contains("unable to find group nosuchgroup"))
        try withScratch { directory in
            try withContainer("supid", "--pidfile", directory + "/pid", "--oom-score-adj", "99", "sleep", "1000") { _ in
                #expect(Host.read(directory + "/pid") == inspect("{{.State.Pid}}", "supid"))
                #expect(succeed("exec", "supid", "cat", "/proc/self/oom_score_adj").word == "99")
            }
        }
    }

    /// A node that it makes itself opens what the rule names, and nothing else.
    @Test func devicesByTheirNumbers() {
        let line = "mknod /dev/one b 7 0; mknod /dev/two b 7 1; : </dev/one && echo open; : </dev/two"
        let outcome = runOnce("--cap-add", "MKNOD", "--device-cgroup-rule", "b 7:0 r", "sh", "-c", line)
        #expect(outcome.text == "open\n" && outcome.error.contains("/dev/two"), "\(outcome.error)")
    }

    @Test func furtherLimitsAreInTheKernelsFiles() throws {
        let version1 = KernelLimits.isUnified ? [] : ["--memory-swappiness", "10"]
        let words = [
            "--memory-reservation", "8m", "--cpu-quota", "30000", "--cpu-period", "60000", "--cpuset-mems", "0",
        ]
        let made = Host.run(
            [Host.mydocker, "run", "-d", "--name", "sulim", "--net", "none"] + version1 + words + ["sleep", "1000"])
        try #require(made.code == 0, "\(made.error)")
        defer { succeed("rm", "-f", "sulim") }
        let limits = KernelLimits(id: inspect("{{.Id}}", "sulim"))
        #expect(limits.quota == "30000 60000")
        #expect(limits.reservation == "8388608" && limits.nodes == "0")
        if !KernelLimits.isUnified { #expect(limits.swappiness == "10") }
        succeed("update", "--cpu-quota", "40000", "--memory-reservation", "9m", "sulim")
        #expect(limits.quota == "40000 60000" && limits.reservation == "9437184")
        #expect(mydocker("update", "--cpus", "1", "sulim").error.contains("CPU Period/Quota has already been set"))
        succeed("restart", "-t", "0", "sulim")
        #expect(limits.quota == "40000 60000")
        let members =
            "{{.HostConfig.CpuQuota}} {{.HostConfig.CpuPeriod}} {{.HostConfig.MemoryReservation}} {{.HostConfig.CpusetMems}}"
        #expect(inspect(members, "sulim") == "40000 60000 9437184 0")
        let nodes = runOnce("--cpuset-mems", "77", "true")
        #expect(nodes.code == 125 && nodes.error.contains("Requested memory nodes are not available - requested 77"))
    }

    @Test func whatVersion2CannotDoIsAnError() {
        for words in [["--memory-swappiness", "10"], ["--oom-kill-disable", "-m", "64m"]] {
            let run = Host.run([Host.mydocker, "run", "--rm", "--net", "none"] + words + ["true"])
            #expect((run.code == 125) == KernelLimits.isUnified, "\(words): \(run.error)")
        }
    }

    @Test func whatCannotMatterIsToldOnce() {
        let idle = runOnce(
            "--isolation", "default", "-q", "--pull", "missing", "--platform", "linux", "--userns", "host", "busybox",
            "true")
        #expect(idle.code == 0 && idle.error.split(separator: "\n").count == 1, "\(idle.error)")
        let platform = runOnce("--platform", "linux/s390x", "true")
        #expect(platform.code == 125 && platform.error.contains("linux/s390x"))
    }
}

// MARK: - Links, streams, terminals

extension CLI.Surroundings {
    @Test func anotherContainerUnderANameOfItsOwn() throws {
        let network = try TestNetwork("sulink", "10.231.8.1/24")
        defer { network.remove() }
        succeed("run", "-d", "--name", "sudb", "--net", "sulink", "-h", "dbhost", "sleep", "1000")
        defer { succeed("rm", "-f", "sudb") }
        let address = inspect("{{.NetworkSettings.IPAddress}}", "sudb")
        let linked = mydocker(
            "run", "--rm", "--net", "sulink", "--link", "sudb:mysql", "sh", "-c",
            "ping -c1 mysql; nslookup mysql | tail -n +3; grep -c mysql /etc/hosts")
        #expect(linked.text.contains("Address: \(address)\n") && linked.text.hasSuffix("0\n"), "\(linked.error)")
        #expect(linked.text.contains(" 0% packet loss"))
        let elsewhere = mydocker("run", "--rm", "--link", "sudb", "true")
        #expect(elsewhere.code == 125 && elsewhere.error.contains("does not belong to the network bridge"))
        #expect(
            mydocker("run", "--rm", "--net", "host", "--link", "sudb", "true").error.contains(
                "can't be used with links"))
    }

    /// On the predefined network, where a link is a line of /etc/hosts.
    @Test func anotherContainerIsALineOnThePredefinedNetwork() throws {
        succeed("run", "-d", "--name", "sudb", "-h", "dbhost", "sleep", "1000")
        defer { succeed("rm", "-f", "sudb") }
        let address = inspect("{{.NetworkSettings.IPAddress}}", "sudb")
        let linked = mydocker("run", "--rm", "--link", "sudb:mysql", "grep", "mysql", "/etc/hosts")
        #expect(linked.text == "\(address)\tmysql dbhost sudb\n", "\(linked.error)")
        succeed("stop", "-t", "0", "sudb")
        let ended = mydocker("run", "--rm", "--name", "sulinked", "--link", "sudb:x", "true")
        #expect(ended.code == 125)
        #expect(ended.error.contains("Cannot link to a non running container: /sudb AS /sulinked/x"), "\(ended.error)")
        succeed("start", "sudb")
        succeed("create", "--name", "sulater", "--link", "sudb:x", "true")
        defer { succeed("rm", "-f", "sulater") }
        #expect(inspect("{{.HostConfig.Links}}", "sulater") == "[/sudb:/sulater/x]")
        succeed("rm", "-f", "sudb")
        let gone = mydocker("start", "sulater")
        #expect(gone.error.contains("Cannot link to a non running container: /sudb AS /sulater/x"), "\(gone.error)")
    }

    /// A device of the host's is not what a number is written to.
    @Test func aPIDFileReplacesFilesAlone() throws {
        try withScratch { directory in
            let path = "\(directory)/pid"
            Host.shell("mkfifo \(path)")
            let refused = runOnce("--pidfile", path, "true")
            #expect(refused.code == 125 && refused.error.contains("something else than a regular file is there"))
            #expect(Host.shell("stat -c %F \(path); rm \(path)").text == "fifo\n")
            let both = runOnce("--pidfile", path, "--cidfile", path, "true")
            #expect(both.code == 125 && both.error.contains("the pid file and the container ID file"))
            #expect(runOnce("--pidfile", path, "true").code == 0)
            #expect(Int(Host.read(path)) != nil)
        }
    }

    @Test func morePortsThanFilesMayBeOpen() {
        for range in ["1-65535", "1-3000"] {
            let outcome = Host.shell("ulimit -n 1024; $MYDOCKER run --rm --expose \(range) -P true", seconds: 20)
            #expect(outcome.code == 125 && outcome.error.contains("publish fewer ports"), "\(outcome.error)")
        }
        let processors = runOnce("--cpuset-cpus", "900", "true")
        #expect(processors.code == 125)
        #expect(processors.error.hasPrefix("mydocker: Requested CPUs are not available - requested 900, available: "))
    }

    @Test func streamsThatWereAskedFor() {
        let line = "echo out; echo err >&2"
        let output = runOnce("-a", "stdout", "sh", "-c", line)
        #expect(output.text == "out\n" && output.error == "")
        let error = runOnce("-a", "STDERR", "sh", "-c", line)
        #expect(error.text == "" && error.error == "err\n")
        let both = runOnce("-a", "stdin", "-a", "stdout", "-a", "stderr", "-i", "cat", input: Data("in\n".utf8))
        #expect(both.text == "in\n")
        #expect(runOnce("-d", "-a", "stdout", "true").error.contains("Conflicting options: -a and -d"))
        #expect(runOnce("-a", "stdwrong", "true").code == 125)
    }

    /// The command goes on without its terminal, and is not held up by it.
    @Test func anExecCanBeLeft() throws {
        try withContainer("suexec", "sleep", "1000") { _ in
            let line = "echo ready; read x; yes | head -c 300000; echo left >/left; sleep 1000"
            let session = try TerminalSession(
                [Host.mydocker, "exec", "-it", "--detach-keys", "ctrl-x,q", "suexec", "sh", "-c", line])
            session.expect("ready")
            session.type("\n\u{18}q")
            #expect(session.end() == 0)
            Host.eventually("what it does afterwards") { mydocker("exec", "suexec", "cat", "/left").text == "left\n" }
            #expect(succeed("exec", "suexec", "ps").text.contains("sleep 1000"))
        }
        #expect(mydocker("exec", "--detach-keys", "x,,", "suexec", "true").code == 125)
    }
}

extension CLI.Surroundings {
    @Test func aRunAtATerminalCanBeLeft() throws {
        let words = ["run", "-it", "--detach-keys", "ctrl-x,q", "--net", "none", "--name", "suleave"]
        let session = try TerminalSession(
            [Host.mydocker] + words + ["sh", "-c", "echo ready; read x; echo got $x; sleep 1000"])
        defer { succeed("rm", "-f", "suleave") }
        session.expect("ready")
        session.type("word\n")
        session.expect("got word")
        session.type("\u{18}q")
        #expect(session.end() == 0)
        #expect(inspect("{{.State.Running}}", "suleave") == "true")
        succeed("stop", "-t", "0", "suleave")
        let again = try TerminalSession([Host.mydocker, "start", "-a", "-i", "--detach-keys", "z", "suleave"])
        again.expect("ready")
        again.type("z")
        #expect(again.end() == 0)
        #expect(inspect("{{.State.Running}}", "suleave") == "true")
    }

    /// However short it is, nothing of it is missed.
    @Test func theOutputOfARunThatCouldBeLeftIsWhole() throws {
        for _ in 0..<5 {
            let words = [
                "run", "--rm", "-it", "--detach-keys", "ctrl-x", "--net", "none", "sh", "-c", "echo words; exit 7",
            ]
            let session = try TerminalSession([Host.mydocker] + words)
            session.expect("words")
            #expect(session.end() == 7)
        }
        #expect(!succeed("ps", "-a").text.contains("echo words"))
    }
}
