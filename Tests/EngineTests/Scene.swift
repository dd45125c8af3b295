import Core
import Engine
import Foundation
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// What a command may meet of a container.
enum Phase: String, CaseIterable, Sendable {
    case created, starting, running, paused, resting, exited
    /// Its supervisor was killed, and nobody has been there since.
    case orphaned
    /// A reboot ended it.
    case lost
    case damagedRecord, newerRecord
    /// Its supervisor lives, and its state cannot be read.
    case damagedState, newerState

    /// Those whose records can be read.
    static let readable: [Phase] = [.created, .starting, .running, .paused, .resting, .exited, .orphaned, .lost]
    static let unreadable: [Phase] = [.damagedRecord, .newerRecord, .damagedState, .newerState]
}

/// A container called `box` in one of these phases, and an engine that knows nothing else.
final class Scene {
    let place: Place
    let engine: Engine
    let id: ContainerID
    private(set) var supervisor: StandIn?
    private var frozenDirectory: String { place.directory.path + "/cgroup" }

    init(_ phase: Phase, _ change: (Place, inout ContainerDefinition) throws -> Void = { _, _ in }) throws {
        place = try Place()
        engine = Engine(host: place.host)
        var definition = try place.definition("box")
        try change(place, &definition)
        id = try place.make(definition, created: phase == .created)
        try enter(phase)
    }

    var layout: Layout { place.layout }
    private var state: ContainerState { get throws { try wanted(place.store.state(id)) } }

    private func enter(_ phase: Phase) throws {
        switch phase {
        case .created, .lost: break
        case .starting: supervisor = try StandIn(.making, of: id, place)
        case .running: supervisor = try StandIn(.running, of: id, place)
        case .paused:
            supervisor = try StandIn(.running, of: id, place)
            try Files.makeDirectory(frozenDirectory)
            try Files.create(frozenDirectory + "/cgroup.freeze", Array("1\n".utf8))
            var state = try state
            state.cgroups = [frozenDirectory]
            try place.store.write(state, of: id)
        case .resting: supervisor = try StandIn(.resting, of: id, place)
        case .exited: try writeExit()
        case .orphaned: try place.leave(place.deadState(.running, started: .now()), of: id)
        case .damagedRecord, .newerRecord:
            try writeExit()
            try spoil(layout.definition(id), isNewer: phase == .newerRecord)
        case .damagedState, .newerState:
            supervisor = try StandIn(.running, of: id, place)
            try spoil(layout.containerState(id), isNewer: phase == .newerState)
        }
    }

    private func writeExit() throws {
        let exit = ContainerExit(exitCode: 7, started: .now(), finished: .now())
        try place.store.write(exit, of: id)
    }

    private func spoil(_ path: String, isNewer: Bool) throws {
        let text = try wanted(Files.text(path))
        try Files.replace(
            path, Array(isNewer ? text.replacing("\"version\":2", with: "\"version\":99").utf8 : "{".utf8))
    }

    /// The file that an error about this phase names.
    func spoiltFile(_ phase: Phase) -> String {
        phase == .damagedRecord || phase == .newerRecord ? layout.definition(id) : layout.containerState(id)
    }

    /// Everything below the places of records: each path with what it holds. Locks of definitions hold nothing.
    var tree: [String: String] {
        var tree: [String: String] = [:]
        for top in ["state", "run"] {
            let walk = FileManager.default.enumerator(atPath: "\(place.directory.path)/\(top)")
            while let name = walk?.nextObject() as? String {
                let path = "\(place.directory.path)/\(top)/\(name)"
                // What has happened is told, and changes nothing.
                guard !name.hasSuffix("/record.lock"), "\(top)/\(name)" != "run/events" else { continue }
                tree["\(top)/\(name)"] =
                    Files.link(path) ?? (Files.isDirectory(path) ? "directory" : Files.text(path) ?? "socket")
            }
        }
        return tree
    }

    /// As a word: the phase, or what became of it.
    var outcome: String { get throws { try place.outcome(id, "box") } }

    /// Whether the processes that stand for it live.
    var isUndisturbed: Bool {
        guard let supervisor else { return true }
        return supervisor.isAlive && (supervisor.program == nil || supervisor.runsProgram)
    }

    /// Does something that is to be refused, and looks that nothing has changed.
    /// - Returns: the refusal.
    func refusal(
        _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ body: (Engine) throws -> Void
    ) -> OperationError? {
        let before = tree
        var refusal: OperationError?
        do {
            try body(engine)
            Issue.record("\(what) was not refused", sourceLocation: sourceLocation)
        } catch {
            refusal = error as? OperationError
        }
        let after = tree
        let changes = Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
        #expect(changes.isEmpty, "\(what) changed something", sourceLocation: sourceLocation)
        #expect(isUndisturbed, "\(what)", sourceLocation: sourceLocation)
        return refusal
    }
}

/// Runs `body` aside while the caller goes on.
/// - Returns: what waits for its end, and gives what it threw.
func aside(_ body: @escaping @Sendable () throws -> Void) -> () -> (any Error)? {
    final class Result: @unchecked Sendable { var error: (any Error)? }
    let (result, done) = (Result(), DispatchSemaphore(value: 0))
    Thread.detachNewThread {
        do { try body() } catch { result.error = error }
        done.signal()
    }
    return {
        done.wait()
        return result.error
    }
}

/// Looks again until something is so, for ten seconds at most.
func eventually(_ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ isSo: () throws -> Bool) rethrows {
    let deadline = Deadline(seconds: 10)
    while try !isSo() {
        guard deadline.millisecondsLeft > 0 else {
            Issue.record("\(what): not within ten seconds", sourceLocation: sourceLocation)
            return
        }
        usleep(5000)
    }
}

extension AttachRequest {
    init(withoutInputTo container: String) {
        self.init(container: container)
        sendsInput = false
    }
}
