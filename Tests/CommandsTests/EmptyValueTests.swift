import Core
import Engine
import Testing

@testable import Commands

/// F14: scripts pass variables that may not be set. What Docker's flags take as not given is not given here.
@Suite struct EmptyValueTests {
    private func run(_ words: String...) throws -> RunRequest {
        let (command, operands) = try RunCommand.parse((words + ["sh"])[...])
        return try command.request(words: operands) { _ in nil }
    }

    @Test func F14_emptyValuesOfRunAreNotGiven() throws {
        let request = try run(
            "--name", "", "-w", "", "-h", "", "--ip", "", "--mac-address=", "--cpuset-cpus", "", "--stop-signal", "",
            "--cidfile", "", "--log-driver", "", "-u", "", "--restart", "")
        #expect(request.name == nil && request.workingDirectory == nil && request.hostname == nil)
        #expect(request.networks.isEmpty && request.limits.cpuset == nil)
        #expect(request.stopSignal == nil && request.cidFile == nil && request.log.isKept && request.user == nil)
        #expect(request.restart.name == .never)
    }

    @Test func F14_theLastOneCountsAlsoWhenItIsEmpty() throws {
        #expect(try run("--name", "a", "--name", "").name == nil)
        #expect(try run("--log-driver", "none", "--log-driver", "").log.isKept)
    }

    /// What Docker refuses: numbers, lists and mappings have no empty value.
    @Test(arguments: [
        "-m", "--memory-swap", "--cpus", "--cpu-shares", "--pids-limit", "--stop-timeout", "-e", "-l", "-v", "--tmpfs",
        "-p", "--network", "--cap-add", "--cap-drop", "--security-opt", "--ulimit", "--log-opt",
    ]) func F14_whereDockerWantsAValueSoDoWe(flag: String) {
        #expect(throws: UsageError.self) { try RunCommand.parse([flag, "", "sh"]) }
    }

    @Test func F14_otherCommands() throws {
        let exec = try ExecCommand.parse(["-w", "", "-u", "", "web", "sh"]).command.request
        #expect(exec.workingDirectory == nil && exec.user == nil)
        let network = try NetworkCreateCommand.parse(["-d", "", "--subnet", "", "--gateway", "", "n"]).command.request
        #expect(network.driver == "bridge" && network.subnets.isEmpty && network.gateways.isEmpty)
        #expect(try KillCommand.parse(["-s", "", "web"]).command.signal == 9)
        #expect(try StopCommand.parse(["-s", "", "web"]).command.signal == nil)
        let logs = try LogsCommand.parse(["--tail", "", "--since", "", "--until=", "web"]).command
        #expect(logs.request.tail == nil && logs.since == nil && logs.until == nil)
        let ps = try PsCommand.parse(["--filter", "", "--format", ""]).command
        #expect(try ps.text(of: [], now: .now()).hasPrefix("CONTAINER ID"))
        #expect(try InspectCommand.parse(["--type", "", "x"]).command.kinds == Inspection.Kind.allCases)
    }
}
