import Containers
import Core
import Engine
import Foundation
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// What is done in every phase, and what is left of the container then.
@Suite struct EachPhase {
    /// The phase, the code that `wait` gives without waiting, and what `inspect` says.
    @Test(arguments: Phase.readable) func inspecting(_ phase: Phase) throws {
        let scene = try Scene(phase)
        let before = scene.tree
        let details = try scene.engine.inspectContainer("box")
        let word: String
        switch details.phase {
        case .created: word = "created"
        case .starting: word = "starting"
        case .running: word = "running"
        case .paused: word = "paused"
        case .restarting(let code, _): word = "resting, \(code)"
        case .exited(let code, _): word = "exited, \(code)"
        case .lost: word = "lost"
        }
        let words: [Phase: String] = [.resting: "resting, 5", .exited: "exited, 7", .orphaned: "lost"]
        #expect(word == words[phase] ?? phase.rawValue)
        #expect(details.state?.pid == (phase == .running || phase == .paused ? scene.supervisor?.program?.pid : nil))
        #expect(details.exit?.exitCode == [Phase.resting: 5, .exited: 7][phase])
        let reasons: [Phase: String] = [.orphaned: "its supervisor was killed", .lost: "host restart"]
        #expect(details.lossReason == reasons[phase] ?? "")
        #expect(details.log == scene.layout.log(scene.id))
        #expect(scene.tree == before, "a reader writes nothing")

        let all = try scene.engine.containers(all: true).elements
        #expect(all.map(\.phase) == [details.phase])
        let hasSupervisor = [.running, .paused, .resting].contains(phase)
        #expect(try scene.engine.containers(all: false).elements.count == (hasSupervisor ? 1 : 0))
    }

    @Test func waitingForOneThatHasEnded() throws {
        for (phase, code) in [(Phase.created, 0), (.exited, 7), (.orphaned, 137), (.lost, 137)] as [(Phase, Int32)] {
            let scene = try Scene(phase)
            let before = scene.tree
            #expect(try scene.engine.wait("box") == code, "\(phase)")
            #expect(scene.tree == before, "\(phase)")
        }
    }

    /// One that does not run is a success.
    @Test func stopping() throws {
        for (phase, outcome) in [
            (Phase.created, "created"), (.exited, "exited 7"), (.lost, "lost"), (.orphaned, "exited 137"),
            (.running, "exited 3"), (.resting, "exited 5"),
        ] {
            let scene = try Scene(phase)
            let (before, began) = (scene.tree, Date())
            try scene.engine.beginStop("box", timeout: 10, signal: nil).finish()
            // A supervisor that is not told has to be killed in the end.
            #expect(Date().timeIntervalSince(began) < 8, "\(phase)")
            #expect(try scene.outcome == outcome, "\(phase)")
            if [.created, .exited, .lost].contains(phase) { #expect(scene.tree == before, "\(phase)") }
            #expect(scene.place.warnings.isEmpty, "\(phase): \(scene.place.warnings)")
        }
    }

    /// A signal that process 1 does not look for would never come to it.
    @Test func stoppingByASignalThatIsIgnored() throws {
        let scene = try Scene(.running)
        try scene.engine.beginStop("box", timeout: 60, signal: SIGUSR1).finish()
        #expect(try scene.outcome == "exited 137")
        #expect(scene.place.warnings == ["container \"box\": process 1 ignores SIGUSR1; killing it"])
    }

    @Test func killing() throws {
        for (signal, outcome) in [(SIGKILL, "exited 137"), (SIGTERM, "exited 3")] {
            let scene = try Scene(.running)
            try scene.engine.kill("box", signal: signal)
            try eventually("the end by \(signal)") { try scene.outcome == outcome }
        }
        let scene = try Scene(.resting)
        try scene.engine.kill("box", signal: SIGKILL)
        #expect(try scene.outcome == "exited 5")
    }

    @Test(arguments: Phase.readable) func removingByForce(_ phase: Phase) throws {
        // A directory that stands for a cgroup cannot be removed as one.
        guard phase != .paused else { return }
        let (scene, began) = (try Scene(phase), Date())
        try scene.engine.remove("box", force: true)
        #expect(Date().timeIntervalSince(began) < 8, "its supervisor is told")
        #expect(try scene.outcome == "gone")
        #expect(scene.supervisor?.runsProgram != true)
        #expect(scene.tree.keys.allSatisfy { !$0.contains(scene.id.hex) })
    }

    @Test func removing() throws {
        for phase in [Phase.created, .exited, .lost, .orphaned] {
            let scene = try Scene(phase)
            try scene.engine.remove("box", force: false)
            #expect(try scene.outcome == "gone", "\(phase)")
        }
    }

    @Test func pruning() throws {
        for phase in Phase.readable {
            let scene = try Scene(phase)
            let spared = try scene.engine.pruneContainers { _, _ in false }
            #expect(spared.elements.isEmpty && scene.isUndisturbed)
            let pruned = try scene.engine.pruneContainers { _, _ in true }
            let isIdle = [.created, .exited, .orphaned, .lost].contains(phase)
            #expect(pruned.elements.flatMap(\.lines) == (isIdle ? [scene.id.hex] : []), "\(phase)")
            #expect(pruned.failures.isEmpty, "\(phase)")
            #expect(scene.isUndisturbed)
        }
    }

    // MARK: Changes of the record

    /// What is different between two trees, but for the record itself.
    private func changes(_ before: [String: String], _ scene: Scene) -> Set<String> {
        let after = scene.tree
        return Set(before.keys).union(after.keys).filter { before[$0] != after[$0] }
    }

    @Test(arguments: Phase.readable) func renaming(_ phase: Phase) throws {
        let scene = try Scene(phase)
        let before = scene.tree
        let old = try wanted(scene.place.store.definition(scene.id))
        try scene.engine.rename("box", to: "/other")
        var new = try wanted(scene.place.store.definition(scene.id))
        #expect(new.name.text == "other")
        #expect(
            changes(before, scene)
                == ["state/names/box", "state/names/other", "state/containers/\(scene.id)/record.json"])
        new.name = old.name
        #expect(new == old, "nothing else of it changes")
        #expect(scene.isUndisturbed)
    }

    @Test func renamingToWhatIsNoNameOrTaken() throws {
        let scene = try Scene(.exited)
        let other = try scene.place.make(scene.place.definition("other"), created: true)
        for (name, text, kind): (String, String, ErrorKind) in [
            ("box", "Renaming a container with the same name as its current name", .invalid),
            (
                "other",
                "Error when allocating new name: Conflict. The container name \"/other\" is already in use by container "
                    + "\"\(other.hex)\". You have to remove (or rename) that container to be able to reuse that name.",
                .conflict
            ),
            (
                "x y",
                "Error when allocating new name: Invalid container name (x y), only [a-zA-Z0-9][a-zA-Z0-9_.-] are allowed",
                .invalid
            ),
            ("", "Neither old nor new names may be empty", .invalid),
        ] {
            let error = scene.refusal("rename to \"\(name)\"") { try $0.rename("box", to: name) }
            #expect(error?.description == text)
            #expect(error?.kind == kind, "\(name)")
        }
    }

    @Test(arguments: Phase.readable) func updating(_ phase: Phase) throws {
        // It would wait for that to be over.
        guard phase != .starting else { return }
        let scene = try Scene(phase)
        let before = scene.tree
        var update = ContainerUpdate()
        update.restart = try RestartPolicy(parsing: "on-failure:3")
        try scene.engine.update("box", update)
        #expect(try scene.place.store.definition(scene.id)?.restart == update.restart)
        #expect(changes(before, scene) == ["state/containers/\(scene.id)/record.json"])
        #expect(scene.isUndisturbed)
    }

    @Test func updatingToWhatCannotBe() throws {
        let scene = try Scene(.running) { _, definition in definition.autoRemove = true }
        var update = ContainerUpdate()
        update.restart = try RestartPolicy(parsing: "always")
        let error = scene.refusal("update") { try $0.update("box", update) }
        #expect(
            error?.description == "Restart policy cannot be updated because AutoRemove is enabled for the container")
        #expect(error?.kind == .invalid)
        // What changes nothing writes nothing.
        let before = scene.tree
        try scene.engine.update("box", ContainerUpdate())
        #expect(scene.tree == before)
    }

    // MARK: Others

    @Test func logsThatAreNotKept() throws {
        let scene = try Scene(.exited) { _, definition in definition.log.isKept = false }
        let error = scene.refusal("logs") { try $0.logs(LogRequest(container: "box")) }
        #expect(error?.description == "configured logging driver does not support reading")
    }

    @Test func committingUnderNoName() throws {
        for phase in [Phase.created, .exited, .running] {
            let scene = try Scene(phase)
            let error = scene.refusal("commit while \(phase)") {
                _ = try $0.commit("box", to: "No:Name:", changes: [], author: nil, message: nil, pause: true)
            }
            #expect(error != nil)
        }
    }
}
