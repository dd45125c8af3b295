import Core
import Forms
import Testing

/// What `inspect` says of a container's life, in each phase.
@Suite struct InspectContainerTests {
    @Test func whoItIs() throws {
        var definition = try Example.definition()
        definition.imageID = "sha256:" + String(repeating: "c0", count: 32)
        let json = Example.details(definition, .created).inspected
        let others = ["State", "HostConfig", "GraphDriver", "Mounts", "Config", "NetworkSettings"]
        try expect(
            .object((json.members ?? []).filter { !others.contains($0.key) }),
            is: """
                {"Id": "\(String(repeating: "4f", count: 32))", "Created": "2023-11-14T22:13:20.000000000Z",
                "Path": "sleep", "Args": ["1000"], "Image": "sha256:\(String(repeating: "c0", count: 32))",
                "ResolvConfPath": "", "HostnamePath": "", "HostsPath": "", "LogPath": "/c/log.json", "Name": "/web",
                "RestartCount": 0, "Driver": "overlay2", "Platform": "linux", "MountLabel": "", "ProcessLabel": "",
                "AppArmorProfile": "", "ExecIDs": null}
                """)
        #expect(others.allSatisfy { json[$0] != nil })
        try expect(
            json["GraphDriver"],
            is: """
                {"Name": "overlay2", "Data": {"LowerDir": "/layers/top:/layers/bottom", "MergedDir": "",
                "UpperDir": "/c/upper", "WorkDir": "/c/work"}}
                """)
    }

    @Test func whileItRuns() throws {
        var definition = try Example.definition()
        definition.log.isKept = false
        var state = Example.running
        state.restartCount = 2
        // Of the round before.
        state.lastExit = ContainerExit(exitCode: 9, started: nil, finished: Example.moment)
        let json = Example.details(
            definition, .running(since: Example.moment), state, state.lastExit
        ).inspected
        #expect(json["ResolvConfPath"] == "/proc/42/root/etc/resolv.conf")
        #expect(json["HostnamePath"] == "/proc/42/root/etc/hostname")
        #expect(json["HostsPath"] == "/proc/42/root/etc/hosts")
        #expect(json["GraphDriver"]?["Data"]?["MergedDir"] == "/proc/42/root")
        #expect(json["LogPath"] == "", "nothing is kept")
        #expect(json["RestartCount"] == 2)
        #expect(json["Image"] == "busybox", "a bare root file system has no digest")
    }

    struct Life: Sendable, CustomTestStringConvertible {
        let phase: ContainerPhase
        var state: ContainerState?
        var exit: ContainerExit?
        var loss = ""
        let wanted: String
        var testDescription: String { "\(phase)" }
    }

    private static func exit(_ code: Int32, signal: Int32? = nil) -> ContainerExit {
        var exit = ContainerExit(exitCode: code, started: Example.moment, finished: Example.seconds(later: 60))
        exit.signal = signal
        exit.restartCount = 3
        return exit
    }
    private static var killed: ContainerExit {
        var exit = exit(137, signal: 9)
        exit.oomKilled = true
        exit.memoryPeak = 6_291_456
        exit.refusedProcesses = 4
        return exit
    }
    private static var resting: ContainerState {
        var state = ContainerState(status: .restarting, supervisor: 41, cgroups: [])
        state.restartCount = 1
        return state
    }
    private static let nothing = #"{"Signal": "", "MemoryPeak": 0, "RefusedProcesses": 0}"#
    private static let never = #""0001-01-01T00:00:00Z""#
    private static let began = #""2023-11-14T22:13:20.000000000Z""#
    private static let ended = #""2023-11-14T22:14:20.000000000Z""#

    /// `Status`, which of the flags are set, pid, exit code, error and times.
    private static func wanted(
        _ status: String, _ flags: Set<String> = [], pid: Int = 0, code: Int = 0, error: String = "", began: String,
        ended: String, reason: String = nothing
    ) -> String {
        let all = ["Running", "Paused", "Restarting", "OOMKilled", "Dead"]
        return """
            {"Status": "\(status)", \(all.map { "\"\($0)\": \(flags.contains($0))" }.joined(separator: ", ")),
            "Pid": \(pid), "ExitCode": \(code), "Error": "\(error)", "StartedAt": \(began), "FinishedAt": \(ended),
            "Health": null, "Reason": \(reason)}
            """
    }

    static let lives: [Life] = [
        Life(phase: .created, wanted: wanted("created", began: never, ended: never)),
        Life(
            phase: .starting, state: ContainerState(status: .creating, supervisor: 41, cgroups: []),
            wanted: wanted("created", began: never, ended: never)),
        Life(
            phase: .running(since: Example.moment), state: Example.running,
            wanted: wanted("running", ["Running"], pid: 42, began: began, ended: never)),
        // How it ended the last time is nothing that it has ended with now.
        Life(
            phase: .running(since: Example.moment), state: Example.running, exit: exit(5),
            wanted: wanted("running", ["Running"], pid: 42, began: began, ended: ended)),
        Life(
            phase: .paused(since: Example.moment), state: Example.running,
            wanted: wanted("paused", ["Running", "Paused"], pid: 42, began: began, ended: never)),
        Life(
            phase: .restarting(code: 5, finished: Example.seconds(later: 60)), state: resting, exit: exit(5),
            wanted: wanted("restarting", ["Running", "Restarting"], code: 5, began: began, ended: ended)),
        Life(
            phase: .exited(code: 0, finished: Example.seconds(later: 60)), exit: exit(0),
            wanted: wanted("exited", began: began, ended: ended)),
        Life(
            phase: .exited(code: 137, finished: Example.seconds(later: 60)), exit: killed,
            wanted: wanted(
                "exited", ["OOMKilled"], code: 137, began: began, ended: ended,
                reason: #"{"Signal": "SIGKILL", "MemoryPeak": 6291456, "RefusedProcesses": 4}"#)),
        Life(
            phase: .lost, loss: "host restart",
            wanted: wanted("exited", code: 137, error: "host restart", began: never, ended: never)),
    ]

    @Test(arguments: lives) func eachPhase(_ life: Life) throws {
        var details = Example.details(try Example.definition(), life.phase, life.state, life.exit)
        details.lossReason = life.loss
        try expect(details.inspected["State"], is: life.wanted)
    }

    @Test func restartsAreCountedBeyondTheEnd() throws {
        let exit = Self.exit(1)
        let json = Example.details(try Example.definition(), .exited(code: 1, finished: exit.finished), nil, exit)
            .inspected
        #expect(json["RestartCount"] == 3)
        #expect(json["State"]?["Error"] == "")
    }
}
