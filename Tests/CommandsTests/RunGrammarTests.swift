import Core
import Engine
import Testing

@testable import Commands

/// What `run` makes of its words, with `HOME=/root` and nothing else in the caller's environment.
private func request(_ words: String...) throws -> RunRequest {
    let (command, operands) = try RunCommand.parse(words[...])
    return try command.request(words: operands) { $0 == "HOME" ? "/root" : nil }
}

@Suite struct RunGrammarTests {
    @Test(arguments: [
        ["-name", "web", "sh"], ["--name", "web", "sh"], ["-name=web", "sh"], ["--name=web", "sh"],
        ["--name", "db", "-name=web", "sh"], ["-name=web", "--", "sh"],
    ]) func allSpellingsOfALongName(words: [String]) throws {
        let (command, operands) = try RunCommand.parse(words[...])
        #expect(command.request.name == "web")
        #expect(operands == ["sh"])
    }

    @Test(arguments: ["-net", "--net", "-network", "--network"]) func network(flag: String) throws {
        #expect(try request(flag, "br0", "sh").networks == [NetworkChoice("br0")])
        #expect(try request("\(flag)=br0", "sh").networks == [NetworkChoice("br0")])
    }

    @Test func aReplayNeedsNoCommand() throws {
        let (command, operands) = try RunCommand.parse(["--replay", "/nowhere/file"])
        #expect(operands.isEmpty && command.complaint(aboutOperandCount: 0) == nil)
        #expect(throws: OperationError.self) { try command.request(words: []) { _ in nil } }
        #expect(try request("--record", "/tmp/file", "sh").recordFile == "/tmp/file")
        #expect(throws: UsageError.self) { try RunCommand.parse(["--record", "", "sh"]) }
    }

    @Test func severalNetworks() throws {
        let address = IPAddress("10.0.0.2")
        #expect(
            try request("--net", "a", "--net", "name=b,ip=10.0.0.2,mac-address=02:42:00:00:00:01", "sh").networks == [
                NetworkChoice("a"), NetworkChoice("b", address: address, mac: MACAddress("02:42:00:00:00:01")),
            ])
        #expect(
            try request("--net", "a", "--net", "b", "--ip", "10.0.0.2", "sh").networks == [
                NetworkChoice("a", address: address), NetworkChoice("b"),
            ])
        let alias = try #require(NetworkAlias("B.c"))
        #expect(
            try request("--net", "name=a,alias=b.C", "--network-alias", "d", "sh").networks.first?.aliases.map(\.key)
                == [alias.key, "d"])
        for text in ["name=", "ip=10.0.0.2", "name=a,ip=x", "name=a,alias=b/c", "a,ip=10.0.0.2", "name=a,"] {
            #expect(throws: UsageError.self) { try RunCommand.parse(["--net", text, "sh"]) }
        }
    }

    @Test(arguments: [["-ti"], ["-it"], ["-i", "-t"], ["--interactive", "--tty"], ["-interactive", "-tty=true"]])
    func terminal(words: [String]) throws {
        let (command, _) = try RunCommand.parse((words + ["sh"])[...])
        #expect(command.request.interactive && command.request.terminal && !command.request.detached)
    }

    @Test func bundles() throws {
        let all = try request("-itd", "sh")
        #expect(all.interactive && all.terminal && all.detached)
        let published = try request("-dp", "80:8080", "sh")
        #expect(published.detached)
        #expect(published.publish == [try PublishRequest(parsing: "80:8080")])
        #expect(try request("-p80:80", "sh").publish == [try PublishRequest(parsing: "80:80")])
        #expect(try request("-dp80:80", "sh").publish == [try PublishRequest(parsing: "80:80")])
        #expect(try request("-eA=b=c", "sh").environment == ["A=b=c"])
        #expect(try request("-e=A=b", "sh").environment == ["A=b"])
        #expect(try request("-it=false", "sh").terminal == false)
    }

    /// Words that could be read as a bundle: the whole name wins.
    @Test func exactNamesBeforeBundles() throws {
        #expect(try request("-mem", "64m", "sh").limits.memory == 64 << 20)
        #expect(try request("-mem=64m", "sh").limits.memory == 64 << 20)
        #expect(try request("-m64m", "sh").limits.memory == 64 << 20)
        #expect(try request("-cpu", "20", "sh").limits.milliCPUs == 200)
        #expect(try request("--cpus", "1.5", "sh").limits.milliCPUs == 1500)
        #expect(try request("-cpuset", "0-2,4", "sh").limits.cpuset == "0-2,4")
        #expect(try request("-cpuset-cpus", "1", "sh").limits.cpuset == "1")
        #expect(try request("-cpushare", "512", "sh").limits.cpuShares == 512)
        #expect(try request("-c512", "sh").limits.cpuShares == 512)
        let choice = NetworkChoice("bridge", address: IPAddress("10.0.0.2"))
        #expect(try request("-ip", "10.0.0.2", "sh").networks == [choice])
        #expect(try request("-rm", "sh").autoRemove)
        #expect(try request("-env", "A=1", "sh").environment == ["A=1"])
        #expect(try request("-h", "box", "sh").hostname == "box")
        #expect(try request("-v/a:/b", "sh").binds == [BindMount(source: "/a", target: "/b", readOnly: false)])
    }

    @Test func switchesTakeTruthValues() throws {
        #expect(try request("-d=false", "sh").detached == false)
        #expect(try request("--rm=0", "sh").autoRemove == false)
        #expect(try request("--rm=T", "sh").autoRemove)
        #expect(try request("--sig-proxy", "sh").words == ["sh"])
        #expect(try request("--sig-proxy", "sh").passesSignals)
        #expect(try !request("--sig-proxy=false", "sh").passesSignals)
        #expect(throws: UsageError.value(#"invalid argument "maybe" for "-d, --detach" flag: use true or false"#)) {
            try RunCommand.parse(["-d=maybe", "sh"])
        }
    }

    @Test func theFirstOperandEndsTheFlags() throws {
        #expect(
            try request("-d", "alpine", "ls", "-l", "--name", "x", "--").words == [
                "alpine", "ls", "-l", "--name", "x", "--",
            ])
        #expect(try request("--", "-odd", "-d").words == ["-odd", "-d"])
        #expect(try request("-", "x").words == ["-", "x"])
        #expect(try request("", "x").words == ["", "x"])
    }

    @Test func flagsOfOtherCommandsMayFollowOperands() throws {
        let (remove, names) = try RemoveCommand.parse(["a", "-f", "b"])
        #expect(remove.force)
        #expect(names == ["a", "b"])
        let (create, name) = try NetworkCreateCommand.parse(["br0", "--subnet", "192.168.10.1/24"])
        #expect(create.request.subnets == [try #require(Subnet("192.168.10.1/24"))])
        #expect(name == ["br0"])
        #expect(try RemoveCommand.parse(["--", "-f"]).operands == ["-f"])
    }

    @Test func seedsSpellingOfNetworkCreate() throws {
        let words: [String] = ["-driver", "bridge", "-subnet", "192.168.10.1/24", "testbridge"]
        let (command, operands) = try NetworkCreateCommand.parse(words[...])
        let request = try command.request(operands)
        #expect(request.name == "testbridge")
        #expect(request.driver == "bridge")
        #expect(request.subnets == [try #require(Subnet("192.168.10.1/24"))])
    }

    @Test func repeatedFlags() throws {
        let all = try request("-p", "80:80", "-p", "53:53/udp", "-e", "A=1", "-e", "B=2", "-l", "x", "-l", "y=z", "sh")
        #expect(all.publish == [try PublishRequest(parsing: "80:80"), try PublishRequest(parsing: "53:53/udp")])
        #expect(all.environment == ["A=1", "B=2"])
        #expect(all.labels == ["x": "", "y": "z"])
        #expect(try request("-m", "64m", "-m", "32m", "sh").limits.memory == 32 << 20)
    }

    @Test func environmentIsCopiedFromTheCaller() throws {
        #expect(try request("-e", "HOME", "-e", "NOPE", "-e", "EMPTY=", "sh").environment == ["HOME=/root", "EMPTY="])
    }

    @Test func otherValues() throws {
        let some = try request(
            "--stop-signal", "USR1", "--stop-timeout", "-1", "--entrypoint", "", "--mac-address", "02:42:00:00:00:01",
            "--tmpfs", "/tmp:size=1m", "--ulimit", "nofile=10:20", "--pids-limit", "9", "-w", "/srv", "-u", "0:0", "sh")
        #expect(some.stopSignal == 10)
        #expect(some.stopTimeout == -1)
        #expect(some.entrypoint == "")
        #expect(some.networks == [NetworkChoice("bridge", mac: MACAddress("02:42:00:00:00:01"))])
        #expect(some.temporaryMounts == [try TemporaryMount(parsing: "/tmp:size=1m")])
        #expect(some.ulimits == [try ResourceUlimit(parsing: "nofile=10:20")])
        #expect(some.limits.pids == 9)
        #expect(some.workingDirectory == "/srv")
        #expect(some.user == "0:0")
        #expect(try request("--image", "a").words == [])
        #expect(try request("--rootfs", "/r", "sh").rootDirectory == "/r")
        #expect(try request("--net", "default", "sh").networks == [NetworkChoice("bridge")])
        #expect(try request("sh").networks.isEmpty)
    }

    @Test func securityOptions() throws {
        #expect(try request("--security-opt", "seccomp=unconfined", "sh").seccomp == "unconfined")
        #expect(try request("--security-opt", "seccomp:/p.json", "sh").seccomp == "/p.json")
        #expect(try request("--security-opt", "no-new-privileges", "sh").noNewPrivileges)
        #expect(try request("--security-opt", "no-new-privileges:true", "sh").noNewPrivileges)
        #expect(try request("--security-opt=no-new-privileges=false", "sh").noNewPrivileges == false)
        for text in ["apparmor", "label=", "seccomp", "seccomp=", "no-new-privileges=x", "no-new-privileges:"] {
            #expect(throws: UsageError.self) { try RunCommand.parse(["--security-opt", text, "sh"]) }
        }
    }

    @Test func execStopsAtTheContainer() throws {
        let words: [String] = ["-it", "-e", "HOME", "-w", "/", "web", "ls", "-i", "--", "x"]
        let (command, operands) = try ExecCommand.parse(words[...])
        let request = try command.request(operands) { $0 == "HOME" ? "/root" : nil }
        #expect(request.container == "web")
        #expect(request.arguments == ["ls", "-i", "--", "x"])
        #expect(request.interactive && request.terminal && !request.detached)
        #expect(request.environment == ["HOME=/root"])
        #expect(request.workingDirectory == "/")
    }

    @Test func logs() throws {
        let (command, operands) = try LogsCommand.parse(["web", "-f", "-n", "5", "--since", "10m", "--until=100"])
        let request = command.request(operands, now: Timestamp(nanoseconds: 1_000_000_000_000))
        #expect(request.container == "web")
        #expect(request.follow)
        #expect(request.tail == 5)
        #expect(request.since == Timestamp(nanoseconds: 400_000_000_000))
        #expect(request.until == Timestamp(nanoseconds: 100_000_000_000))
        #expect(try LogsCommand.parse(["-tail", "all", "web"]).command.request.tail == nil)
        #expect(try LogsCommand.parse(["--tail=0", "web"]).command.request.tail == 0)
    }

    @Test func stopTimeout() throws {
        for word in ["-t", "-time", "--time", "--timeout"] {
            #expect(try StopCommand.parse([word, "3", "a"]).command.timeout == 3)
        }
        #expect(try StopCommand.parse(["-t0", "a"]).command.timeout == 0)
        #expect(try StopCommand.parse(["-s", "SIGINT", "a"]).command.signal == 2)
        #expect(try StopCommand.parse(["a"]).command.timeout == nil)
        #expect(try KillCommand.parse(["a"]).command.signal == 9)
    }
}
