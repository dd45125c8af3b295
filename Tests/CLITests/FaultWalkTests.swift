import Foundation
import Testing

extension CLI {
    /// Whatever kills, stops or fails a command, at whichever of its effects: the next one works, and nothing is left.
    ///
    /// Each point with one of the actions, in turn, begun anywhere; with `MYDOCKER_SOAK=1` each point with each action.
    @Suite(.serialized, .sweepsImages) struct FaultWalk {
        private static let isSoak = ProcessInfo.processInfo.environment["MYDOCKER_SOAK"] == "1"

        @Test(arguments: FaultScenario.all) func everyPoint(of scenario: FaultScenario) throws {
            #expect(Host.hasDefaultImage)
            Host.switchRoutingOn()
            try Ledger.expectUnchanged {
                let network = try TestNetwork(FaultScenario.network, FaultScenario.subnet)
                defer { network.remove() }
                let listener = LogListener(path: FaultScenario.receiver)
                defer { listener.close() }
                try FaultScenario.makeFiles()
                defer { try? FileManager.default.removeItem(atPath: FaultScenario.files) }
                // Its pool and the firewall's tables are there from here on, and a name that reserves a /30's other end.
                succeed("run", "--rm", "--net", network.name, "true")
                succeed("run", "--net", "none", "--name", "fwreader", "echo", "words")
                defer { succeed("rm", "fwreader") }
                try withScratch { scratch in
                    let registry = scenario.needsRegistry ? try TestRegistry(scratch, port: 5000) : nil
                    try withExtendedLifetime(registry) { try walk(scenario) }
                }
            }
        }

        private func walk(_ scenario: FaultScenario) throws {
            for step in scenario.before { try FaultWalker.perform(step, "before") }
            let walk = try FaultWalker(scenario)
            let points = try walk.listPoints()
            try #require(points.count > 1 || scenario.name == "stop" && points.count == 1, "\(points)")
            let offset = Int.random(in: 0..<FaultAction.allCases.count)
            var walks = 0
            for number in 1...points.count {
                if scenario.isVariant, !Self.isSoak, (number + offset) % 5 != 0 { continue }
                let turn = FaultAction.allCases[(walks + offset) % FaultAction.allCases.count]
                for action in Self.isSoak ? FaultAction.allCases : [turn] {
                    try walk.take(action, number, points[number - 1])
                    walks += 1
                }
            }
            for step in scenario.after { try FaultWalker.perform(step, "after") }
            print("fault walk: \(scenario.name): \(points.count) points, \(walks) walks")
        }
    }
}

/// Walks one scenario.
private final class FaultWalker {
    private let scenario: FaultScenario
    private var baseline: Trace
    /// The number of the point at which the container's exit is written down for good.
    private var recordsExit: Int?

    init(_ scenario: FaultScenario) throws {
        self.scenario = scenario
        baseline = try Trace.take()
    }

    /// What the command passes, as it says itself.
    func listPoints() throws -> [String] {
        for step in scenario.prepare { try Self.perform(step, "list") }
        let list = "\(NSTemporaryDirectory())/fault-points.\(UUID().uuidString)"
        defer { unlink(list) }
        let command = try GroupCommand(
            [Host.mydocker] + (scenario.listed ?? scenario.command), environment: ["MYDOCKER_FAULT_LIST": list])
        #expect(command.end(seconds: 20) == 0, "\(command.text)")
        for step in scenario.next { try Self.perform(step, "list") }
        try expectNothingLeft("list")
        let points = Host.read(list).split(separator: "\n").map(String.init)
        if scenario.keepsExit {
            recordsExit = try #require(points.firstIndex { $0.contains(" replace ") && $0.contains("/exit.json") }) + 1
        }
        return points
    }

    /// Runs the command with a fault at one point, and what is to follow.
    func take(_ action: FaultAction, _ number: Int, _ point: String) throws {
        let what = "\(scenario.name), \(action.rawValue)@\(point)"
        for step in scenario.prepare { try Self.perform(step, what) }
        let others = Trace.processes().map(\.pid)
        let command = try GroupCommand(
            [Host.mydocker] + scenario.command, environment: ["MYDOCKER_FAULT": "\(action.rawValue)@\(number)"])
        if action == .stop { try expectReaders(beside: command, others, what) }
        // An exec that goes on in spite of an error.
        if scenario.listed != nil, !eventually(seconds: 0.1, { command.code != nil }) { kill(command.pid, SIGKILL) }
        if action == .stop {
            // Copies of the command come to a point of the same number later.
            _ = eventually(seconds: 20) {
                killStopped(but: others)
                return command.code != nil
            }
        }
        let code = command.end(seconds: action == .stop ? 0 : 20)
        #expect(code != nil, "\(what): hangs: \(command.text)")
        if scenario.isGuarded { try expectNothingLeft(what + ", by itself: \(command.text)") }
        if scenario.isAllOrNothing, action == .error || action == .enospc, code != 0 {
            try expectNothingLeft(what + ", which failed: \(command.text)")
        }
        for step in scenario.next.dropLast() { try Self.perform(step, what + ": \(command.text)") }
        if let recordsExit, number > recordsExit {
            let state = try GroupCommand([Host.mydocker, "inspect", "-f", "{{.State.ExitCode}}", "fwbox"])
            #expect(state.end(seconds: 5) == 0 && state.text == "0\n", "\(what): \(state.text)")
        }
        for step in scenario.next.suffix(1) { try Self.perform(step, what + ": \(command.text)") }
        try expectNothingLeft(what + ": \(command.text)", but: action == .stop ? others : nil)
    }

    /// A command that hangs keeps no reader from answering; then it is killed.
    private func expectReaders(beside command: GroupCommand, _ others: [pid_t], _ what: String) throws {
        var stopped: [pid_t] = []
        let isSettled = eventually(seconds: 20) {
            let processes = Trace.processes().filter { !others.contains($0.pid) }
            stopped = processes.filter { $0.state == "T" }.map(\.pid)
            // A detached supervisor may come to its point later.
            let isOver = scenario.goesOn || processes.allSatisfy { $0.state == "Z" }
            return !stopped.isEmpty || command.code != nil && isOver
        }
        #expect(isSettled, "\(what): neither stops nor ends")
        for line in ["ps -a", "inspect fwreader", "logs fwreader", "network list"] {
            let reader = try GroupCommand([Host.mydocker] + line.split(separator: " ").map(String.init))
            #expect(reader.end(seconds: 5) == 0, "\(what): \(line): \(reader.text)")
            let wanted =
                line.hasPrefix("network") ? FaultScenario.network : line.hasPrefix("logs") ? "words" : "fwreader"
            #expect(reader.text.contains(wanted), "\(what): \(line): \(reader.text)")
        }
        for pid in stopped { kill(pid, SIGKILL) }
    }

    /// Soon, because a guardian takes its time.
    /// - Parameter others: who was there before a fault that stops; a supervisor that has come to its point after the
    ///   command had ended is killed, as one is that stops before.
    private func expectNothingLeft(_ what: String, but others: [pid_t]? = nil) throws {
        var trace = try Trace.take()
        let end = Date(timeIntervalSinceNow: 10)
        // A process that was just ending when the baseline was taken is no loss.
        var left: [String] { trace.lines.subtracting(baseline.lines).sorted() }
        var lost: [String] {
            baseline.lines.subtracting(trace.lines).filter { !$0.hasPrefix("process ") }.sorted()
        }
        while !(left.isEmpty && lost.isEmpty), Date() < end {
            if let others { killStopped(but: others) }
            usleep(5000)
            trace = try Trace.take()
        }
        #expect(left.isEmpty && lost.isEmpty, "\(what): left \(left), lost \(lost)")
        // Told once.
        baseline = trace
    }

    private func killStopped(but others: [pid_t]) {
        for process in Trace.processes() where process.state == "T" && !others.contains(process.pid) {
            kill(process.pid, SIGKILL)
        }
    }

    static func perform(_ step: FaultScenario.Step, _ what: String) throws {
        if step.command[0] == "ip" {
            return #expect(Host.run(step.command).code == 0, "\(what): \(step.command)")
        }
        if step.command[0] == "kill-supervisor" { return try killSupervisor(of: step.command[1]) }
        let command = try GroupCommand([Host.mydocker] + step.command)
        let code = command.end(seconds: 20)
        if let excuse = step.excuse, let code, step.codes.contains(code), command.text.contains(excuse) { return }
        #expect(code == 0, "\(what): then \(step.command): \(code.map(String.init) ?? "hangs"): \(command.text)")
    }

    private static func killSupervisor(of name: String) throws {
        let pid = try #require(Int(inspect("{{.State.Pid}}", name)))
        let status = Host.read("/proc/\(pid)/status")
        let parent = try #require(Host.status("PPid", in: status).flatMap { pid_t($0) })
        kill(parent, SIGKILL)
        #expect(eventually(seconds: 5) { [nil, "Z"].contains(Host.state(of: pid)) })
    }
}
