import Core
import Linux
import TestSupport
import Testing

@testable import Containers
@testable import Lifecycle
@testable import Supervisor

/// What a supervisor hands over to itself is read as it was written: what got lost would be lost for the container's whole life.
@Suite struct Handovers {
    private func process() throws -> ProcessPlan {
        var process = ProcessPlan(
            command: "sh", arguments: ["sh", "-c", "é"], environment: ["PATH=/bin:/sbin", "SECRET=x\ny"],
            directory: "/data", path: "/bin:/sbin", capabilities: 1 << 63 | 5)
        process.terminalSize = TerminalSize(rows: 24, columns: 65_535)
        (process.user, process.group, process.groups) = (.max, 7, [0, 4_294_967_295])
        process.noNewPrivileges = true
        process.seccomp = (0...255).map { $0 }
        process.ulimits = [try ResourceUlimit(parsing: "nofile=77:-1")]
        (process.usesInit, process.diesWithParent, process.oomScore) = (true, false, -1000)
        return process
    }

    private var cgroup: CgroupPlan {
        var plan = CgroupPlan()
        plan.unified = "/sys/fs/cgroup/unified/mydocker/x"
        plan.version1 = ["/sys/fs/cgroup/memory/mydocker/x"]
        plan.controllers = ["pids"]
        plan.settings = [
            .init(path: "/a", value: "1"),
            .init(path: "/b", value: "2", isOptional: true, alternatives: [.init(path: "/c", value: "3")]),
        ]
        plan.devices = plan.unified
        return plan
    }

    private func run(in place: Place) throws -> RunHandover {
        let network = try place.network("some", "10.1.2.1/24")
        var state = place.deadState(.running, started: .now())
        state.restartCount = 3
        let port = PortMapping(hostPort: 80, containerPort: 8080, transport: .udp)
        let loopback = PortMapping(hostAddress: try wanted(IPAddress("::1")), hostPort: 80, containerPort: 8080)
        return RunHandover(
            definition: try place.definition("box", on: [network]), process: try process(), cgroup: cgroup,
            networks: [network],
            state: state, exit: ContainerExit(exitCode: 3, started: .now(), finished: .now()),
            health: ContainerHealth(), heldBack: [.stdout: [0, 10, 255], .stderr: []], lock: 9, log: 12, scope: nil,
            namespace: .init(own: 4, route: 5, names: [6, 7]), ports: [.init(socket: 10, mapping: port)],
            portsAtLoopback: [.init(socket: 11, mapping: loopback)])
    }

    @Test func processes() throws {
        let plan = try process()
        #expect(plan.candidates == ["/bin/sh", "/sbin/sh"])
        #expect(try ProcessPlan(RecordReader(JSON(parsing: Array(plan.json.compact.utf8)))) == plan)
        var plain = ProcessPlan(
            command: "/a", arguments: ["/a"], environment: [], directory: "/", path: "", capabilities: 0)
        #expect(try ProcessPlan(RecordReader(plain.json)) == plain)
        plain.seccomp = []
        #expect(try ProcessPlan(RecordReader(plain.json)) == plain)
    }

    @Test func supervisors() throws {
        let place = try Place()
        let run = try run(in: place)
        #expect(run.descriptors == [9, 12, 4, 5, 6, 7, 10, 11])
        var rounds = FurtherRounds()
        rounds.note(.beginningIsWanted)
        let handover = SupervisorHandover(
            run: run, restarts: rounds.json,
            check: .init(health: ContainerHealth(), start: .now(), next: Deadline(nanoseconds: 77)),
            pid: 4711, process: 20, control: 21, terminal: nil, output: 22, error: 23, input: 24,
            passesSignals: true, limit: Deadline(seconds: 5_000_000))
        #expect(handover.descriptors == run.descriptors + [20, 21, 22, 23, 24])
        let read = try SupervisorHandover(RecordReader(JSON(parsing: Array(handover.json.compact.utf8))))
        #expect(read.run == run && read.json == handover.json)
        #expect(read.check?.next == Deadline(nanoseconds: 77) && read.pid == 4711 && read.limit == handover.limit)
        #expect(read.passesSignals)
    }

    /// Nobody's standard streams are taken for a container's.
    @Test func whatIsNoneIsRefused() throws {
        let place = try Place()
        let json = try run(in: place).json
        for (key, value) in [("lock", JSON.number(2)), ("definition", ["version": 1]), ("ports", [["socket": 3]])] {
            let damaged = JSON.object((json.members ?? []).map { ($0.key, $0.key == key ? value : $0.value) })
            #expect(throws: RecordError.self, "\(key)") { try RunHandover(RecordReader(damaged)) }
        }
        let plan = JSON.object(
            (try process().json.members ?? []).map { ($0.key, $0.key == "seccomp" ? "abz" : $0.value) })
        #expect(throws: RecordError.self) { try ProcessPlan(RecordReader(plan)) }
    }
}
