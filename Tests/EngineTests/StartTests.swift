import Core
import Engine
import Foundation
import Lifecycle
import Linux
import Records
import TestSupport
import Testing

/// A start that fails before anything of it lives leaves the container as it was.
@Suite struct StartRefusals {
    private func start(_ engine: Engine) throws {
        _ = try engine.startAttached(AttachRequest(withoutInputTo: "box"), mayBeLeft: false)
    }

    /// On a network that is not there.
    private func scene(_ phase: Phase) throws -> Scene {
        try Scene(phase) { _, definition in
            definition.networkMode = .networks([EndpointWish(network: try wanted(Name("gone")))])
            // A filter would be kept, whatever becomes of the start.
            definition.seccomp = "unconfined"
        }
    }

    @Test func aNetworkThatIsGone() throws {
        for phase in [Phase.created, .exited] {
            let error = try scene(phase).refusal("start") { try start($0) }
            #expect(error?.description == "network gone not found", "\(phase)")
            #expect(error?.kind == .notFound)
        }
    }

    @Test func aLayerThatIsGone() throws {
        for phase in [Phase.created, .exited] {
            let scene = try Scene(phase) { place, definition in
                definition.layers = [place.directory.path, place.directory.path + "/no-layer"]
            }
            let error = scene.refusal("start") { try start($0) }
            let layer = scene.place.directory.path + "/no-layer"
            #expect(error?.description == "start container \"box\": its image's layer \(layer) is gone")
            #expect(error?.remedy == "make the container anew")
        }
    }

    @Test func aUserThatIsNotThere() throws {
        let scene = try Scene(.created) { _, definition in definition.user = "nobody-of-that-name" }
        let error = scene.refusal("start") { try start($0) }
        #expect(error?.description.contains("nobody-of-that-name") == true)
    }

    @Test func aSourceThatIsNotThere() throws {
        let scene = try Scene(.exited) { place, definition in
            definition.binds = [
                BindMount(source: place.directory.path + "/no-source", target: "/x", readOnly: true, makesSource: false)
            ]
        }
        let error = scene.refusal("start") { try start($0) }
        #expect(error?.description.contains("no-source") == true)
    }

    /// What is left of its last run is cleared away first, whatever becomes of the start.
    @Test func theRemainsOfARun() throws {
        let scene = try scene(.orphaned)
        #expect(throws: OperationError.self) { try start(scene.engine) }
        #expect(try scene.outcome == "exited 137")
        // Nobody had recorded how this one ended.
        let lost = try self.scene(.lost)
        #expect(throws: OperationError.self) { try start(lost.engine) }
        #expect(try lost.outcome == "exited 137")
    }
}

/// What happens at the same time, in each order.
@Suite struct Orders {
    /// A `start` beside another one that is just beginning: it waits, and has its turn when that one has let go.
    @Test func twoStarters() throws {
        let scene = try Scene(.created) { _, definition in
            definition.networkMode = .networks([EndpointWish(network: try wanted(Name("gone")))])
            definition.seccomp = "unconfined"
        }
        let claim = try ContainerClaim(scene.place.host, scene.id, named: "box")
        let (engine, started) = (scene.engine, Date())
        let end = aside { _ = try engine.startAttached(AttachRequest(withoutInputTo: "box"), mayBeLeft: false) }
        usleep(200_000)
        claim.letGo()
        #expect((end() as? OperationError)?.description == "network gone not found")
        #expect(Date().timeIntervalSince(started) < 10)
        #expect(try scene.outcome == "created")
    }

    /// One that begins meanwhile is ended all the same.
    @Test(arguments: [Request.stop, .removeByForce]) func endingOneThatIsJustBeginning(_ request: Request) throws {
        let scene = try Scene(.running)
        let supervisor = try #require(scene.supervisor)
        let running = try wanted(scene.place.store.state(scene.id))
        var making = running
        making.status = .creating
        making.pid = nil
        making.started = nil
        try scene.place.store.write(making, of: scene.id)
        let engine = scene.engine
        let end = aside { try request.apply(engine, "box") }
        usleep(200_000)
        #expect(scene.isUndisturbed, "its program is not on record yet")
        try scene.place.store.write(running, of: scene.id)
        #expect(end() == nil)
        #expect(!supervisor.runsProgram)
        #expect(try scene.outcome == (request == .stop ? "exited 3" : "gone"))
    }

    /// A supervisor that does not come to an end with that is not waited for by those who insist.
    @Test func forceDoesNotWaitForOneThatNeverBegins() throws {
        let scene = try Scene(.starting)
        let began = Date()
        try scene.engine.remove("box", force: true)
        #expect(Date().timeIntervalSince(began) < 8)
        #expect(try scene.outcome == "gone")
        #expect(!scene.isUndisturbed)
    }

    /// `kill` is for what runs: what has not begun is told, and then it is heard.
    @Test func killDuringAStart() throws {
        let scene = try Scene(.running)
        let running = try wanted(scene.place.store.state(scene.id))
        var making = running
        making.status = .creating
        try scene.place.store.write(making, of: scene.id)
        let error = scene.refusal("kill") { try $0.kill("box", signal: SIGKILL) }
        #expect(error?.kind == .notRunning)
        try scene.place.store.write(running, of: scene.id)
        try scene.engine.kill("box", signal: SIGKILL)
        #expect(try scene.outcome == "exited 137")
    }

    /// Between two rounds there is no program; `stop` ends what would follow.
    @Test func stopDuringARest() throws {
        let scene = try Scene(.resting)
        let (engine, pending) = (scene.engine, aside { [engine = scene.engine] in _ = try engine.wait("box") })
        let pendingStop = try engine.beginStop("box", timeout: 10, signal: nil)
        try pendingStop.finish()
        #expect(pending() == nil)
        #expect(try scene.outcome == "exited 5")
        #expect(try scene.engine.wait("box") == 5)
    }

    /// Whoever waits gets the code of the run that was there, also when that is removed at once.
    @Test func removalDuringAWait() throws {
        let scene = try Scene(.running)
        final class Code: @unchecked Sendable { var value: Int32? }
        let (code, engine) = (Code(), scene.engine)
        let end = aside { code.value = try engine.wait("box") }
        usleep(100_000)
        try scene.engine.remove("box", force: true)
        #expect(end() == nil)
        #expect(code.value == 137)
        #expect(try scene.outcome == "gone")
    }

    /// A removal has the container's directory for itself: who comes meanwhile finds nothing.
    @Test(arguments: [Request.connect, .disconnect, .rename, .update]) func changesDuringARemoval(
        _ request: Request
    ) throws {
        let scene = try Scene(.exited) { place, definition in
            let networks = [try place.network("one", "10.9.1.1/24"), try place.network("two", "10.9.2.1/24")]
            let joined = request == .disconnect ? networks[0] : networks[1]
            definition.networkMode = .networks([EndpointWish(network: joined.name)])
        }
        let directory = try Descriptor.open(scene.layout.container(scene.id), O_RDONLY | O_DIRECTORY)
        #expect(directory.tryLock(exclusive: true) == 0)
        let engine = scene.engine
        let end = aside { try request.apply(engine, "box") }
        usleep(200_000)
        try Files.removeTree(scene.layout.container(scene.id))
        directory.unlock()
        let error = end() as? OperationError
        #expect(error?.description == "No such container: box", "\(request)")
        #expect(error?.kind == .notFound)
        #expect(!Files.exists(scene.layout.container(scene.id)), "nothing of it comes back")
    }

    /// Whoever clears away has the lock and no state any more: `rm -f` waits for that, and so does a start.
    @Test func removalBesideAReclaimer() throws {
        let scene = try Scene(.exited)
        try scene.place.leave(nil, of: scene.id)
        let lock = try FileLock.acquire(scene.layout.containerLock(scene.id))
        let engine = scene.engine
        let end = aside { try engine.remove("box", force: true) }
        usleep(200_000)
        #expect(Files.exists(scene.layout.container(scene.id)))
        lock.release()
        #expect(end() == nil)
        #expect(try scene.outcome == "gone")
    }

    /// Who began the container anew meanwhile keeps it: what is ended is the run that was meant.
    @Test func aStopThatMeetsTheNextRun() throws {
        let scene = try Scene(.running)
        let pending = try scene.engine.beginStop("box", timeout: 10, signal: nil)
        eventually("the end of the first run") { !Files.exists(scene.layout.containerRuntime(scene.id)) }
        let next = try StandIn(.running, of: scene.id, scene.place)
        try pending.finish()
        #expect(next.runsProgram)
        #expect(scene.place.host.isSupervised(scene.id))
    }
}

/// What becomes of each phase when somebody clears away.
@Suite struct ReclaimByPhase {
    @Test(arguments: Phase.readable) func everyPhase(_ phase: Phase) throws {
        let scene = try Scene(phase)
        let before = scene.tree
        try scene.place.host.reclaim(scene.id)
        if phase == .orphaned {
            #expect(try scene.outcome == "exited 137")
        } else {
            #expect(scene.tree == before)
        }
        #expect(scene.isUndisturbed)
    }

    @Test(arguments: Phase.unreadable) func whatCannotBeRead(_ phase: Phase) throws {
        let scene = try Scene(phase)
        let before = scene.tree
        // It lives, or how it ended is on record: then there is nothing to be done.
        try scene.place.host.reclaim(scene.id)
        #expect(scene.tree == before)
        #expect(scene.isUndisturbed)
    }

    /// After a reboot those go that were to be removed at their end, and nobody else.
    @Test func theFirstCommandAfterAReboot() throws {
        for phase in [Phase.created, .exited, .lost, .damagedRecord] {
            for isRemoved in [false, true] {
                let scene = try Scene(phase) { _, definition in definition.autoRemove = isRemoved }
                try Files.remove(scene.layout.runtime + "/boot-id")
                _ = try scene.engine.beginStopOfNothing()
                #expect(try scene.exists == !(phase == .lost && isRemoved), "\(phase) \(isRemoved)")
            }
        }
    }
}

extension Engine {
    /// A command that changes nothing of any container.
    fileprivate func beginStopOfNothing() throws {
        let error = #expect(throws: OperationError.self) { try remove("nope", force: false) }
        #expect(error?.kind == .notFound)
    }
}

extension Scene {
    fileprivate var exists: Bool { get throws { Files.exists(layout.container(id)) } }
}
