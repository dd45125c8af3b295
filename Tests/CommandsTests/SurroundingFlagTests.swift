import Core
import Engine
import Testing

@testable import Commands

/// Flags about namespaces, names and the kernel; what they refuse, and in which words.
@Suite struct SurroundingFlagTests {
    private func request(_ words: String...) throws -> RunRequest {
        let (command, operands) = try RunCommand.parse(words[...])
        return try command.request(words: operands) { _ in nil }
    }

    private func refusal(_ words: String...) -> String? {
        do throws(UsageError) {
            _ = try RunCommand.parse((words + ["sh"])[...])
            return nil
        } catch {
            guard case .value(let text) = error else { return "\(error)" }
            return text
        }
    }

    @Test func namespaces() throws {
        let modes = try request(
            "--pid", "container:a", "--ipc=host", "--uts", "host", "--cgroupns", "host", "--userns=host", "sh"
        ).namespaces
        #expect(modes.pid == .container("a") && modes.ipc == .host && modes.uts == .host && modes.cgroup == .host)
        #expect(try request("--ipc", "shareable", "sh").namespaces.ipcSharing == .shareable)
        #expect(try request("--pid", "", "--ipc", "", "--cgroupns", "private", "sh").namespaces == NamespaceModes())
        #expect(try request("--net", "container:a", "sh").networks == [NetworkChoice("container:a")])
    }

    @Test(arguments: [
        ["--pid", "x", "PID"], ["--pid", "container:", "PID"], ["--pid", "private", "PID"], ["--ipc", "x", "IPC"],
        ["--uts", "container:a", "UTS"], ["--cgroupns", "x", "CGROUP"], ["--userns", "keep-id", "USER"],
    ]) func badModes(words: [String]) {
        #expect(refusal(words[0], words[1])?.hasSuffix("flag: invalid \(words[2]) mode") == true)
    }

    @Test func names() throws {
        let request = try request(
            "--dns", "10.0.0.1", "--dns", "fe80::53%eth0", "--dns-search", ".", "--dns-opt", "ndots:2", "--add-host",
            "a:10.0.0.2",
            "--domainname", "example", "--no-hosts", "--expose", "80-81", "--expose", "53/udp", "sh")
        #expect(request.names.servers.map(\.address) == [IPAddress("10.0.0.1"), IPAddress("fe80::53")])
        #expect(request.names.servers.map(\.link) == [nil, "eth0"])
        #expect(request.names.searches == ["."] && request.names.options == ["ndots:2"])
        #expect(request.names.extraHosts.map(\.text) == ["a:10.0.0.2"] && request.names.domain == "example")
        #expect(!request.names.hasHostsFile && request.exposedPorts == ["80/tcp", "81/tcp", "53/udp"])
        for words in [
            ["--dns", "x"], ["--dns", "fe80::1%"], ["--dns", "10.0.0.1%eth0"], ["--dns", "fd00::1%eth0"],
            ["--dns-search", "a b"], ["--add-host", "a"], ["--expose", "80:80"], ["--expose", "0"],
        ] {
            #expect(refusal(words[0], words[1]) != nil, "\(words)")
        }
    }

    @Test func kernel() throws {
        let request = try request(
            "--shm-size", "1m", "--sysctl", "net.core.somaxconn=64", "--oom-score-adj", "-500", "--device-cgroup-rule",
            "c 1:* r", "--group-add", "audio", "--annotation", "a=b", "--pidfile", "/p", "sh")
        #expect(request.kernel.sharedMemory == 1 << 20 && request.kernel.oomScore == -500)
        #expect(request.kernel.sysctls == ["net.core.somaxconn": "64"] && request.kernel.deviceRules.count == 1)
        #expect(request.groupsAdded == ["audio"] && request.annotations == ["a": "b"] && request.pidFile == "/p")
        #expect(refusal("--sysctl", "kernel.panic=1")?.hasSuffix("sysctl 'kernel.panic=1' is not allowed") == true)
        #expect(refusal("--oom-score-adj", "1001")?.contains("range for oom score adj is [-1000, 1000]") == true)
        #expect(refusal("--device-cgroup-rule", "x")?.contains("invalid device cgroup format 'x'") == true)
        #expect(refusal("--shm-size", "x") != nil && refusal("--group-add", "") != nil)
    }

    @Test func limits() throws {
        let limits = try request(
            "--memory-reservation", "8m", "--memory-swappiness", "0", "--oom-kill-disable", "--cpu-quota", "-1",
            "--cpu-period", "5000", "--cpuset-mems", "0", "--blkio-weight", "10", "sh"
        ).limits
        #expect(limits.memoryReservation == 8 << 20 && limits.memorySwappiness == 0 && limits.disablesOutOfMemoryKills)
        #expect(
            limits.cpuQuota == -1 && limits.cpuPeriod == 5000 && limits.memoryNodes == "0" && limits.blockWeight == 10)
        #expect(
            try request(
                "--memory-reservation", "0", "--memory-swappiness", "-1", "--cpu-quota", "0", "--cpu-period", "0",
                "--cpuset-mems", "", "--blkio-weight", "0", "sh"
            ).limits == ResourceLimits())
        let bad = [
            ["--memory-reservation", "1m", "Minimum memory reservation allowed is 6MB"],
            ["--memory-swappiness", "101", "valid memory swappiness range is 0-100"],
            ["--cpu-quota", "999", "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
            ["--cpu-period", "1000001", "or larger than 1s (i.e. 1000000)"], ["--cpuset-mems", "x", "memory nodes"],
            ["--blkio-weight", "9", "Range of blkio weight is from 10 to 1000"],
        ]
        for words in bad { #expect(refusal(words[0], words[1])?.contains(words[2]) == true, "\(words)") }
        #expect(throws: OperationError.self) { try self.request("--cpus", "1", "--cpu-quota", "5000", "sh") }
    }

    @Test func whatSaysNothingHere() throws {
        #expect(try request("-q", "--pull", "never", "--isolation", "default", "sh").warnings.count == 1)
        #expect(refusal("--pull", "x")?.contains(#"must be one of "always", "missing" or "never""#) == true)
        #expect(refusal("--pull", "sometimes") != nil && refusal("--isolation", "hyperv") != nil)
        #expect(refusal("--gpus", "all")?.contains("could not select device driver") == true)
        #expect(refusal("--storage-opt", "size=1g")?.contains("pquota") == true)
        #expect(try request("--security-opt", "label:disable", "sh").idleSecurityOptions == ["label:disable"])
    }
}
